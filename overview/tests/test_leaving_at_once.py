"""Two admins close one account at the same moment, and a role is assigned meanwhile."""

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from clients import staffing
from clients.models import CareRole, CareRoleRequest, Client
from conftest import person
from database.identity import acting_as
from goals.tests.test_at_once import both
from overview.handover import close_account, confirm, hand_over

__all__ = ["both"]  # the fixture


def as_admin(admin, verb):
    def act():
        with acting_as(admin.pk), transaction.atomic():
            verb()

    return act


@pytest.fixture
def olga(practice):
    return person(practice, "Olga", is_admin=True)


def test_two_admins_close_one_account_once(both, ada, olga, thea, theo, cleo):
    def close(by):
        heirs = {cleo.pk: theo}
        return as_admin(by, lambda: close_account(thea, heirs, by=by, cancels=False))

    assert not both(close(ada), close(olga), close(ada))
    assert AuditEvent.objects.filter(verb="account closed").count() == 1
    [role] = CareRole.objects.filter(client=cleo, user=theo)
    assert role.starts_at > timezone.now()  # nobody confirmed it: in 24 hours
    assert not CareRole.objects.filter(client=cleo).current().exists()


def test_a_client_handed_to_a_leaving_therapist_is_never_left_alone(
    both, ada, olga, thea, theo, cleo
):
    """Either she came in time and the closing stops, or she is not handed over."""
    close = as_admin(ada, lambda: close_account(theo, {}, by=ada, cancels=False))
    give = as_admin(olga, lambda: hand_over(cleo, theo, by=olga))
    failed = both(close, give)
    assert all(isinstance(each, ValidationError) for each in failed)
    for asked in CareRoleRequest.objects.filter(client=cleo, outcome=""):
        # a therapist who has left takes nobody over
        with pytest.raises(ValidationError):
            as_admin(thea, lambda: confirm(asked, by=thea))()  # noqa: B023
    running = CareRole.objects.filter(client=cleo).primary().current().get()
    assert User.objects.get(pk=running.user_id).is_active


def test_two_admins_who_remove_each_others_role_leave_one(both, ada, olga):
    def take(by, whom):
        roles = {"therapist": True, "admin": False}
        return as_admin(by, lambda: staffing.set_roles(whom, by=by, **roles))

    failed = both(take(ada, olga), take(olga, ada))
    assert len(failed) == 1
    assert User.objects.filter(is_admin=True, is_active=True).count() == 1


def test_one_client_handed_over_to_two_at_once_has_one_primary(
    both, practice, ada, olga, thea, theo, cleo
):
    kit = person(practice, "Kit", is_therapist=True)
    assert not both(
        as_admin(ada, lambda: hand_over(cleo, theo, by=ada)),
        as_admin(olga, lambda: hand_over(cleo, kit, by=olga)),
    )
    assert CareRole.objects.filter(client=cleo).primary().current().count() == 1
    assert Client.objects.get().state == "active"
