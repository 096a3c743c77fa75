"""Which frame a page that all kinds of people share is shown in, and the way back."""

from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def base_of(user) -> str:
    """The base template of one's own side of the house."""
    if user.is_therapist:
        return "base_therapist.html"
    return "base_admin.html" if user.is_admin else "base_portal.html"


def inside(request, address: str) -> str:
    """An address of this site that a link brought, else the first page."""
    hosts, secure = {request.get_host()}, request.is_secure()
    if not address.startswith("/"):
        return reverse("start")
    if url_has_allowed_host_and_scheme(address, hosts, require_https=secure):
        return address
    return reverse("start")
