"""The base template and the back link of pages shared by all kinds of users."""

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def base_of(user) -> str:
    """The base template of the user's own side."""
    if user.is_therapist:
        return "base_therapist.html"
    return "base_admin.html" if user.is_admin else "base_portal.html"


def inside(request, address: str) -> str:
    """The URL if it is on this site, else the user's first page."""
    hosts, secure = {request.get_host()}, request.is_secure()
    if not address.startswith("/"):
        return reverse("start")
    if url_has_allowed_host_and_scheme(address, hosts, require_https=secure):
        return address
    return reverse("start")
