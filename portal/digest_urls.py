from django.urls import path

from portal import digest_views

urlpatterns = [
    path("", digest_views.digest_latest, name="portal-digest-latest"),
    path("<uuid:digest_id>/", digest_views.digest, name="portal-digest"),
]
