from django.urls import path

from digests import views

urlpatterns = [
    path("", views.digest_latest, name="digest-latest"),
    path("<uuid:digest_id>/", views.digest, name="digest"),
]
