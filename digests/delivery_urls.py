from django.urls import path

from digests import delivery_views

urlpatterns = [path("", delivery_views.deliveries, name="deliveries")]
