from django.urls import include, path

from therapy.monitoring.health import healthz, metrics

handler400 = "accounts.errors.bad_request"
handler403 = "accounts.errors.forbidden"
handler404 = "accounts.errors.not_found"
handler500 = "accounts.errors.broken"
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    # First what is asked every few seconds: Django tries each pattern before it.
    path("", include("notes.urls")),
    path("", include("accounts.urls")),
    path("", include("clients.urls")),
    path("", include("appointments.urls")),
    path("", include("goals.urls")),
    path("", include("transfer.urls")),
    path("", include("overview.urls")),
    path("digest/", include("digests.urls")),
    path("deliveries/", include("digests.delivery_urls")),
    path("portal/digest/", include("portal.digest_urls")),
    path("portal/", include("portal.urls")),
]
