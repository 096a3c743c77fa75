"""Ada manages staff accounts: roles, open or closed, and what is left behind."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, SignIn, User
from clients import staffing
from clients.models import CareRole
from conftest import admit, after_a_day, in_care, person
from database.identity import acting_as


def roles(browser, who, role):
    return browser.post(f"/people/{who.pk}/", {"role": role})


def are(who):
    who.refresh_from_db()
    return who.is_therapist, who.is_admin


def test_ada_makes_theo_an_admin_too_and_removes_the_role(sign_in, ada, theo):
    browser = sign_in(ada)
    roles(browser, theo, "both")
    assert are(theo) == (True, True)
    assert sign_in(theo).get("/people/").status_code == 200
    roles(browser, theo, "therapist")
    assert are(theo) == (True, False)
    assert AuditEvent.objects.filter(verb="roles changed").count() == 2


def test_ada_never_removes_her_own_admin_role(sign_in, ada, theo):
    page = roles(sign_in(ada), ada, "therapist").content.decode()
    assert "one of the options" in page
    assert are(ada) == (False, True)
    with (
        pytest.raises(ValidationError),
        acting_as(ada.pk),
        transaction.atomic(),
    ):
        staffing.set_roles(ada, therapist=True, admin=False, by=ada)


def test_two_admins_at_once_leave_one_admin(practice, ada):
    other = person(practice, "Olga", is_admin=True)
    with acting_as(ada.pk), transaction.atomic():
        assert staffing.set_roles(other, therapist=True, admin=False, by=ada)
    with (
        pytest.raises(ValidationError, match="no longer an admin"),
        acting_as(other.pk),
        transaction.atomic(),
    ):
        staffing.set_roles(ada, therapist=True, admin=False, by=other)
    assert User.objects.filter(is_admin=True).get() == ada


def test_a_therapist_with_clients_stays_one_until_they_are_handed_over(
    sign_in, ada, thea, theo, cleo, carl
):
    in_care(carl, thea, "supervisor")
    browser = sign_in(ada)
    page = roles(browser, thea, "admin").content.decode()
    assert "Thea has clients. Hand them over first." in page
    said = {"over-person": str(theo.pk), "over-sessions": "move"}
    sign_in(thea).post(f"/care-roles/{cleo.pk}/hand-over/", said)
    roles(browser, thea, "admin")
    assert are(thea) == (False, True)
    assert not CareRole.objects.filter(user=thea).not_ended().exists()


def test_nobody_but_an_admin_of_this_practice_opens_a_staff_page(
    sign_in, thea, theo, cleo
):
    for who in (thea, cleo.user):
        assert sign_in(who).get(f"/people/{theo.pk}/").status_code == 404
        assert roles(sign_in(who), who, "both").status_code == 404


def test_a_clients_account_is_no_member_of_staff(sign_in, ada, cleo):
    assert roles(sign_in(ada), cleo.user, "admin").status_code == 404
    cleo.user.refresh_from_db()
    assert cleo.user.is_client


def close(browser, who, **said):
    return browser.post(f"/people/{who.pk}/leave/", {"csrf": "x"} | said)


@pytest.mark.requirement("R37")
def test_a_closed_account_is_signed_out_at_the_next_request_everywhere(
    sign_in, ada, theo
):
    laptop, phone = sign_in(theo), sign_in(theo)
    assert laptop.get("/today/").status_code == 200
    assert close(sign_in(ada), theo).url == f"/people/{theo.pk}/"
    for browser in (laptop, phone):
        assert browser.get("/today/").url.startswith("/sign-in/")
    assert not SignIn.objects.filter(user=theo).exists()


def test_a_reopened_account_has_no_clients(sign_in, ada, thea, theo, carl):
    browser = sign_in(ada)
    close(browser, theo, **{f"to-{carl.pk}": str(thea.pk)})
    page = browser.get(f"/people/{theo.pk}/").content.decode()
    assert "Reopen account" in page
    browser.post(f"/people/{theo.pk}/reopen/")
    theo.refresh_from_db()
    assert theo.is_active
    assert sign_in(theo).get(f"/clients/{carl.pk}/").status_code == 404
    after_a_day(carl)
    assert sign_in(thea).get(f"/clients/{carl.pk}/").status_code == 200


def test_an_open_invitation_of_a_person_who_never_joined_is_closed(
    sign_in, ada, practice
):
    kit = person(practice, "Kit", is_therapist=True)
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    with acting_as(ada.pk), transaction.atomic():
        invitations.invite(kit, by=ada)
    close(sign_in(ada), kit)
    assert not kit.invitations.open().exists()
    assert sign_in(ada).post(f"/people/{kit.pk}/invite/").status_code == 404


def test_nobody_closes_their_own_account_here(sign_in, ada):
    assert close(sign_in(ada), ada).status_code == 404
    ada.refresh_from_db()
    assert ada.is_active


def test_a_role_cannot_be_given_to_a_person_who_left_meanwhile(ada, thea, theo, cleo):
    User.objects.filter(pk=theo.pk).update(is_active=False)
    with (
        pytest.raises(ValidationError, match="no longer treats clients here"),
        acting_as(thea.pk),
        transaction.atomic(),
    ):
        CareRole.give(cleo, theo, "supervisor", by=thea)


def test_a_staff_page_says_how_many_clients_to_hand_over(sign_in, ada, thea, cleo):
    admit("Mo", by=thea, joined=False)
    page = sign_in(ada).get(f"/people/{thea.pk}/").content.decode()
    assert "<dd>2</dd>" in page


@pytest.mark.requirement("R39")
def test_changing_roles_requires_reauthentication(sign_in, ada, theo):
    browser = sign_in(ada)
    close(sign_in(ada), theo)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert browser.post(f"/people/{theo.pk}/reopen/").url.startswith("/prove/")
        assert roles(browser, theo, "both").status_code == 403
    theo.refresh_from_db()
    assert not theo.is_active
    assert are(theo) == (True, False)
