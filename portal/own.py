"""The current client and their primary therapist."""

from __future__ import annotations

from django.db.models import Exists
from django.shortcuts import get_object_or_404

from accounts.models import User
from clients.models import CareRole, Client, Notice
from clients.prepared import prepared_for_user


def own_client(user: User) -> Client:
    return get_object_or_404(Client.objects.visible_to(user))


def own_client_and_therapist(user: User) -> tuple[Client, User | None]:
    return own_client_therapist_and_news(user)[:2]


def own_client_therapist_and_news(user: User) -> tuple[Client, User | None, bool]:
    """And whether there may be notices, which saves a page the query."""
    for role in _primary_roles(user):
        return role.client, role.user, role.has_notices
    return own_client(user), None, True


@prepared_for_user()
def _primary_roles(user):
    roles = CareRole.objects.visible_to(user).current().primary().order_by("pk")
    unseen = Notice.objects.visible_to(user).unseen()
    roles = roles.annotate(has_notices=Exists(unseen))
    return roles.select_related("client", "user")[:1]


def own_therapist(user: User) -> User | None:
    """The current primary therapist; None in the moment between two."""
    roles = CareRole.objects.visible_to(user).current().primary()
    role = roles.select_related("user").first()
    return role.user if role else None
