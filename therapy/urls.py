from django.http import JsonResponse
from django.urls import include, path

from accounts.decorators import for_everyone
from accounts.models import Heartbeat


@for_everyone
def healthz(request):
    """Answers without signing in; touches the database as the web role."""
    beat = Heartbeat.objects.first()
    return JsonResponse(
        {
            "database": True,
            "ticking": Heartbeat.is_recent(),
            "tick": beat and beat.at.timestamp(),  # ./start --check waits for a new one
        }
    )


handler500 = "accounts.errors.broken"
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("accounts.urls")),
    path("", include("clients.urls")),
    path("", include("goals.urls")),
    path("", include("progress.urls")),
    path("digest/", include("digests.urls")),
    path("deliveries/", include("digests.delivery_urls")),
    path("portal/digest/", include("portal.digest_urls")),
    path("portal/", include("portal.urls")),
]
