"""The client who is asking, and the therapist they would turn to."""

from __future__ import annotations

from django.shortcuts import get_object_or_404

from accounts.models import User
from clients.models import CareRole, Client


def own_client(user: User) -> Client:
    return get_object_or_404(Client.objects.visible_to(user))


def own_client_and_therapist(user: User) -> tuple[Client, User | None]:
    roles = CareRole.objects.visible_to(user).current().primary()
    role = roles.select_related("client", "user").first()
    return (role.client, role.user) if role else (own_client(user), None)


def own_therapist(user: User) -> User | None:
    """The primary therapist of now; None in the moment between two."""
    roles = CareRole.objects.visible_to(user).current().primary()
    role = roles.select_related("user").first()
    return role.user if role else None
