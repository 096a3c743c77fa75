"""The client who is asking, and the therapist they would turn to."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from accounts.models import User
from clients.kept import kept_for_person
from clients.models import CareRole, Client


def own_client(user: User) -> Client:
    return get_object_or_404(Client.objects.visible_to(user))


def own_client_and_therapist(user: User) -> tuple[Client, User | None]:
    for role in _primary_roles(user):
        return role.client, role.user
    return own_client(user), None


@kept_for_person()
def _primary_roles(user):
    roles = CareRole.objects.visible_to(user).current().primary().order_by("pk")
    return roles.select_related("client", "user")[:1]


def own_therapist(user: User) -> User | None:
    """The primary therapist of now; None in the moment between two."""
    roles = CareRole.objects.visible_to(user).current().primary()
    role = roles.select_related("user").first()
    return role.user if role else None
