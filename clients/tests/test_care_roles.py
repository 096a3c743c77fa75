"""Cleo's care team: roles assigned, ended and handed over by the next request."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import encryption
from accounts.models import AuditEvent, Practice
from appointments.models import TherapySession
from clients.models import CareRole, CareRoleRequest
from conftest import in_care, person
from database.identity import acting_as
from overview.handover import hand_over
from tests.cast import book, care, day, decide, give, opens, over, pinned


def test_ada_asks_thea_confirms_and_ada_ends_it_at_once(sign_in, ada, thea, theo, cleo):
    theos, adas = sign_in(theo), sign_in(ada)
    give(adas, cleo, theo, "co_therapist")
    assert not opens(theos, cleo)
    decide(sign_in(thea), "confirm")
    assert opens(theos, cleo)
    role = CareRole.objects.get(user=theo)
    adas.post(f"/care-roles/{role.pk}/end/")
    assert not opens(theos, cleo)
    verbs = ["care role asked", "care role confirmed", "care role given"]
    verbs += ["care role ended"]
    assert AuditEvent.objects.filter(client_id=cleo.pk, verb__in=verbs).count() == 4


@pytest.mark.requirement("R4")
def test_each_role_change_takes_effect_at_the_next_request(sign_in, thea, theo, cleo):
    theos, theas = sign_in(theo), sign_in(thea)
    for kind in ("co_therapist", "supervisor"):
        give(theas, cleo, theo, kind)
        assert opens(theos, cleo)
        role = CareRole.objects.not_ended().get(user=theo)
        theas.post(f"/care-roles/{role.pk}/end/")
        assert not opens(theos, cleo)


def test_thea_sets_cover_for_next_week_which_begins_and_ends_by_itself(
    sign_in, thea, theo, cleo
):
    give(sign_in(thea), cleo, theo, "cover", since=day(7), until=day(14))
    role = CareRole.objects.get(user=theo)
    assert not opens(sign_in(theo), cleo)
    page = sign_in(thea).get(care(cleo)).content.decode()
    assert "Theo, cover" in page
    assert 'class="role coming"' in page
    past, ahead = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
    CareRole.objects.filter(pk=role.pk).update(starts_at=past, ends_at=ahead)
    assert opens(sign_in(theo), cleo)
    CareRole.objects.filter(pk=role.pk).update(ends_at=past)
    assert not opens(sign_in(theo), cleo)


def test_cover_needs_an_end_date_and_dates_must_be_in_order(sign_in, thea, theo, cleo):
    browser = sign_in(thea)
    page = give(browser, cleo, theo, "cover").content.decode()
    assert "Cover needs a last day." in page
    page = give(browser, cleo, theo, "supervisor", until=day(-2))
    assert "Choose today or a later date." in page.content.decode()
    page = give(browser, cleo, theo, "supervisor", until="9999-12-31")
    assert "within five years" in page.content.decode()
    page = give(browser, cleo, theo, "supervisor", since=day(3), until=day(2))
    assert "The last day must be after the first." in page.content.decode()
    page = give(browser, cleo, theo, "supervisor", since=day(-3))
    assert "Choose today or a later date." in page.content.decode()
    assert not CareRole.objects.filter(user=theo).exists()


def test_the_same_role_twice_is_saved_once(sign_in, ada, thea, theo, cleo):
    browser = sign_in(thea)
    for _twice in range(2):
        give(browser, cleo, theo, "supervisor")
    assert CareRole.objects.filter(user=theo).count() == 1
    for _twice in range(2):
        give(sign_in(ada), cleo, theo, "co_therapist")
    assert CareRoleRequest.objects.filter(user=theo).count() == 1


def test_theo_who_is_not_primary_changes_no_role(sign_in, theo, ines, thea, cleo):
    in_care(cleo, theo, "co_therapist")
    browser = sign_in(theo)
    assert browser.get(care(cleo)).status_code == 404
    assert give(browser, cleo, ines, "supervisor").status_code == 404
    assert over(browser, cleo, ines).status_code == 404
    role = CareRole.objects.get(user=thea, client=cleo)
    assert browser.post(f"/care-roles/{role.pk}/end/").status_code == 404


def test_ada_hands_cleo_over_to_theo_and_thea_loses_access(
    sign_in, ada, thea, theo, cleo
):
    session = book(cleo, thea, at=timezone.now() + timedelta(days=2))
    theas, theos = sign_in(thea), sign_in(theo)
    assert over(sign_in(ada), cleo, theo).status_code == 302
    assert opens(theas, cleo)
    assert not opens(theos, cleo)
    assert decide(theas, "confirm").url == "/caseload/"
    assert not opens(theas, cleo)
    assert opens(theos, cleo)
    assert CareRole.objects.filter(client=cleo, kind="primary").count() == 2
    session.refresh_from_db()
    assert session.therapist == theo
    assert AuditEvent.objects.filter(verb="primary therapist set").count() == 1


def test_thea_hands_cleo_over_herself_and_cancels_the_booked_sessions(
    sign_in, thea, theo, cleo
):
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    browser = sign_in(thea)
    assert over(browser, cleo, theo, "cancel").url == "/caseload/"
    assert not opens(browser, cleo)
    assert TherapySession.objects.get().state == "cancelled"


def test_a_planned_handover_leaves_no_time_without_a_primary(
    sign_in, thea, theo, ines, cleo
):
    soon = book(cleo, thea, at=timezone.now() + timedelta(days=2))
    later = book(cleo, thea, at=timezone.now() + timedelta(days=20))
    browser = sign_in(thea)
    over(browser, cleo, theo, since=day(10))
    assert opens(browser, cleo)
    assert not opens(sign_in(theo), cleo)
    before, after = CareRole.objects.filter(client=cleo).order_by("starts_at")
    assert before.ends_at == after.starts_at
    soon.refresh_from_db()
    later.refresh_from_db()
    assert (soon.therapist, later.therapist) == (thea, theo)
    # Another plan replaces it.
    over(browser, cleo, ines, since=day(12))
    standing = CareRole.objects.filter(client=cleo).not_ended()
    assert {role.user for role in standing} == {thea, ines}
    later.refresh_from_db()
    assert later.therapist == ines
    # And none is planned anymore.
    assert "Cancel handover" in browser.get(care(cleo)).content.decode()
    browser.post(f"{care(cleo)}call-off/")
    [role] = CareRole.objects.filter(client=cleo).not_ended()
    assert (role.user, role.ends_at) == (thea, None)
    later.refresh_from_db()
    assert later.therapist == thea


def test_two_handovers_at_once_make_one(ada, theo, cleo):
    with acting_as(ada.pk), transaction.atomic():
        assert hand_over(cleo, theo, by=ada)
        assert not hand_over(cleo, theo, by=ada)
    assert CareRoleRequest.objects.filter(client=cleo, user=theo).count() == 1


def test_nobody_ends_the_role_of_the_primary_therapist(sign_in, ada, thea, cleo):
    role = CareRole.objects.get(client=cleo)
    assert sign_in(ada).post(f"/care-roles/{role.pk}/end/").status_code == 404
    role.refresh_from_db()
    assert role.ends_at is None


def test_an_admin_who_treats_assigns_themselves_nothing(sign_in, practice, cleo):
    both = person(practice, "Samir", is_therapist=True, is_admin=True)
    browser = sign_in(both)
    assert f'value="{both.pk}"' not in browser.get(care(cleo)).content.decode()
    give(browser, cleo, both, "supervisor")
    over(browser, cleo, both)
    assert not opens(browser, cleo)


def test_a_therapist_of_another_practice_cannot_be_chosen(sign_in, ada, thea, cleo):
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    encryption.make_practice_key(elsewhere.pk)
    una = person(elsewhere, "Una", is_therapist=True)
    for browser in (sign_in(ada), sign_in(thea)):
        give(browser, cleo, una, "supervisor")
        over(browser, cleo, una)
    assert not CareRole.objects.filter(user=una).exists()


@pytest.mark.parametrize("kind", ["primary", "supervisor", "cover", "emergency"])
def test_the_database_rejects_roles_that_a_person_may_not_assign(
    practice, thea, theo, ines, ada, cleo, kind
):
    """By SQL as cairn_web: for oneself, for others, across practices."""
    in_care(cleo, ines, "co_therapist")
    both = person(practice, "Samir", is_therapist=True, is_admin=True)
    tries = [(theo, theo), (theo, ines), (ines, theo), (both, both), (ada, ada)]
    if kind == "emergency":  # nobody assigns one to another person
        tries += [(ada, theo), (thea, theo)]
    for by, whom in tries:
        if kind == "emergency" and by == whom and by != ada:
            continue  # that is what emergency access is
        row = CareRole(
            practice=practice, client=cleo, user=whom, kind=kind, given_by=by,
            ends_at=timezone.now() + timedelta(hours=1), starts_at=timezone.now(),
        )  # fmt: skip
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            acting_as(by.pk),
            transaction.atomic(),
        ):
            CareRole.objects.bulk_create([row])


@pytest.mark.requirement("R6")
@pytest.mark.parametrize("kind", ["supervisor", "emergency"])
def test_nobody_of_another_practice_writes_a_role_for_cleo_into_their_own(cleo, kind):
    """By SQL, with a row that claims to be of their practice."""
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    una = person(elsewhere, "Una", is_therapist=True)
    olaf = person(elsewhere, "Olaf", is_admin=True)
    now = timezone.now()
    row = CareRole(
        practice=elsewhere, client=cleo, user=una, kind=kind, starts_at=now,
        ends_at=now + timedelta(hours=1),
    )  # fmt: skip
    row.given_by = una if kind == "emergency" else olaf
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        acting_as(row.given_by_id),
        transaction.atomic(),
    ):
        CareRole.objects.bulk_create([row])


def test_an_ended_role_is_not_reopened_by_anybody(practice, ada, thea, theo, cleo):
    role = in_care(cleo, theo, "co_therapist", begins=-9, ends=-1)
    for by in (ada, thea):
        with (
            pytest.raises(DatabaseError, match="stays ended"),
            acting_as(by.pk),
            transaction.atomic(),
        ):
            CareRole.objects.filter(pk=role.pk).update(ends_at=None)


def test_an_admin_cannot_extend_a_role_of_their_own(practice, cleo):
    both = person(practice, "Samir", is_therapist=True, is_admin=True)
    role = in_care(cleo, both, "cover", ends=2)
    with (
        pytest.raises(DatabaseError),
        acting_as(both.pk),
        transaction.atomic(),
    ):
        role.ends_at = timezone.now() + timedelta(days=90)
        role.save(update_fields=["ends_at"])


def test_the_care_team_page_costs_the_same_after_years(sign_in, thea, practice, cleo):
    browser = sign_in(thea)
    in_care(
        cleo, person(practice, "Kit", is_therapist=True), "cover", begins=-9, ends=-2
    )
    few = pinned(browser, care(cleo))
    for number in range(30):
        other = person(practice, f"Kit{number}", is_therapist=True)
        in_care(cleo, other, "cover", begins=-90, ends=-60)
    assert pinned(browser, care(cleo)) == few <= 9
