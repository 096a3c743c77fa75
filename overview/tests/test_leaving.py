"""Thea leaves: each client gets another therapist before her account closes."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, OutgoingEmail, Practice, User
from appointments.models import TherapySession
from clients.models import CareRole, CareRoleRequest
from conftest import admit, after_a_day, in_care, person
from database.identity import acting_as
from notes.models import ProgressNote
from overview.handover import close_account, pass_on_sessions, session_clashes
from tests.cast import agreed_goal, book, hold, pinned


@pytest.fixture
def mo(thea):
    return admit("Mo", by=thea, joined=False, family_name="Reyes")


def leave(who):
    return f"/people/{who.pk}/leave/"


def heirs(**chosen):
    return {f"to-{client.pk}": str(who.pk) for client, who in chosen.values()}


def test_the_whole_caseload_is_handed_over_at_once(
    sign_in, ada, thea, theo, ines, cleo, mo, carl
):
    soon = timezone.now() + timedelta(days=2)
    session, theos = book(cleo, thea, at=soon), book(carl, theo, at=soon)
    in_care(carl, thea, "supervisor")
    theas, browser = sign_in(thea), sign_in(ada)
    said = heirs(cleo=(cleo, theo), mo=(mo, ines)) | {"sessions": "move"}
    said["clashing"] = "move"  # Theo has one of Carl's at that time
    assert browser.post(leave(thea), said).url == f"/people/{thea.pk}/"
    assert theas.get("/today/").status_code == 302
    for who, client in ((theo, cleo), (ines, mo)):
        assert sign_in(who).get(f"/clients/{client.pk}/").status_code == 404
    after_a_day(cleo, mo)
    for who, client in ((theo, cleo), (ines, mo)):
        assert sign_in(who).get(f"/clients/{client.pk}/").status_code == 200
        running = CareRole.objects.filter(client=client).current()
        assert [role.user for role in running] == [who]
    session.refresh_from_db()
    theos.refresh_from_db()
    assert (session.therapist, session.state) == (theo, "planned")
    assert theos.therapist == theo
    assert not CareRole.objects.filter(user=thea).not_ended().exists()
    assert "with Theo" in sign_in(cleo.user).get("/portal/").content.decode()
    closed = AuditEvent.objects.get(verb="account closed")
    assert closed.detail == {"clients": 2, "care_roles": 1}


def test_sessions_are_canceled_if_ada_says_so(sign_in, ada, thea, theo, cleo):
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    hold(cleo, thea, at=timezone.now() - timedelta(days=2))
    said = heirs(cleo=(cleo, theo)) | {"sessions": "cancel"}
    sign_in(ada).post(leave(thea), said)
    states = TherapySession.objects.order_by("starts_at").values_list(
        "state", flat=True
    )
    assert list(states) == ["held", "cancelled"]


def test_nobody_is_left_without_a_primary_therapist(sign_in, ada, thea, theo, cleo, mo):
    said = heirs(cleo=(cleo, theo)) | {"sessions": "move"}
    page = sign_in(ada).post(leave(thea), said).content.decode()
    assert "Choose someone." in page
    assert "1 client needs a new therapist first" in page
    thea.refresh_from_db()
    assert thea.is_active
    assert CareRole.objects.get(client=cleo).user == thea  # nothing half done


def test_counts_and_names_are_shown_and_no_text(sign_in, ada, thea, theo, cleo):
    agreed_goal(cleo, thea, by_client_only=True)
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    hold(cleo, thea, at=timezone.now() - timedelta(days=2), sign=False)
    page = sign_in(ada).get(leave(thea)).content.decode()
    for said in ("Cleo Hart", "1 proposal waits", "1 unsigned note", "Theo, 0 clients"):
        assert said in page
    for word in ("the bus", "tired", "wave", "What brought"):
        assert word not in page


def test_only_admins_of_the_practice_see_the_counts(thea, theo, ada, cleo):
    book(cleo, thea, at=timezone.now() + timedelta(days=2))
    for who, many in ((ada, 1), (theo, 0), (cleo.user, 0), (thea, 0)):
        with acting_as(who.pk), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM app.caseload_counts(%s)", [thea.pk])
            assert len(cursor.fetchall()) == many, who


@pytest.mark.requirement("R1")
@pytest.mark.requirement("R6")
def test_only_the_admin_and_the_primary_can_move_sessions(
    practice, thea, theo, ines, cleo
):
    """By SQL: not a colleague, a supervisor, the client, or another practice."""
    session = book(cleo, thea, at=timezone.now() + timedelta(days=2))
    in_care(cleo, ines, "supervisor")
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    olaf = person(elsewhere, "Olaf", is_admin=True)
    una = person(elsewhere, "Una", is_therapist=True)
    tries = [(theo, theo), (ines, theo), (cleo.user, theo), (olaf, una), (thea, una)]
    for by, heir in tries:
        with (
            pytest.raises(DatabaseError, match="not yours to pass on"),
            acting_as(by.pk),
            transaction.atomic(),
        ):
            pass_on_sessions(cleo.pk, thea.pk, heir, None, False)
    session.refresh_from_db()
    assert session.therapist == thea


def test_theo_reads_theas_draft_and_cannot_sign_before_taking_it_over(
    sign_in, ada, thea, theo, cleo
):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=2), sign=False)
    sign_in(ada).post(leave(thea), heirs(cleo=(cleo, theo)))
    after_a_day(cleo)
    browser, url = sign_in(theo), f"/sessions/{session.pk}/"
    page = browser.get(url).content.decode()
    assert "Draft by Thea" in page
    assert "She came in tired." in page
    assert 'name="part0"' not in page
    said = {"act": "sign", "part0": "Mine", "format": "dap", "revision": "1"}
    browser.post(url, said)
    assert browser.post(f"{url}note/", said).status_code in (404, 409)
    note = ProgressNote.objects.get()
    assert (note.signed_at, note.author) == (None, thea)
    assert "She came in tired." not in sign_in(ada).get(leave(theo)).content.decode()


def test_open_proposals_wait_for_theos_agreement(sign_in, ada, thea, theo, cleo):
    goal = agreed_goal(cleo, thea, by_client_only=True)
    sign_in(ada).post(leave(thea), heirs(cleo=(cleo, theo)))
    after_a_day(cleo)
    browser = sign_in(theo)
    assert "Suggested a goal wording" in browser.get("/today/").content.decode()
    browser.post(f"/goals/{goal.pk}/agree/1/")
    goal.refresh_from_db()
    assert goal.is_agreed


def test_a_double_click_and_two_admins_do_it_once(
    sign_in, practice, ada, thea, theo, cleo
):
    olga = person(practice, "Olga", is_admin=True)
    said = heirs(cleo=(cleo, theo))
    for who in (ada, ada, olga):
        assert sign_in(who).post(leave(thea), said).url == f"/people/{thea.pk}/"
    assert CareRole.objects.filter(client=cleo, user=theo).count() == 1
    assert AuditEvent.objects.filter(verb="account closed").count() == 1
    with acting_as(olga.pk), transaction.atomic():
        assert not close_account(thea, {}, by=olga, cancels=False)


def test_a_client_added_meanwhile_stops_it(ada, thea, theo, cleo, mo):
    with (
        pytest.raises(ValidationError, match="caseload changed"),
        acting_as(ada.pk),
        transaction.atomic(),
    ):
        close_account(thea, {cleo.pk: theo}, by=ada, cancels=False)
    assert User.objects.get(pk=thea.pk).is_active


def test_a_planned_successor_is_preselected(sign_in, ada, thea, theo, cleo):
    ahead = (timezone.now() + timedelta(days=9)).date().isoformat()
    said = {"over-person": str(theo.pk), "over-sessions": "move", "over-since": ahead}
    sign_in(thea).post(f"/care-roles/{cleo.pk}/hand-over/", said)
    browser = sign_in(ada)
    page = browser.get(leave(thea)).content.decode()
    assert f'<option value="{theo.pk}" selected>' in page
    browser.post(leave(thea), heirs(cleo=(cleo, theo)))
    after_a_day(cleo)
    assert CareRole.objects.filter(client=cleo).current().get().user == theo


def test_if_the_leaver_was_only_to_follow_the_current_therapist_stays(
    sign_in, ada, thea, theo, ines, cleo, carl
):
    """Theo was to take Cleo over: she stays with Thea, or goes to Ines on that day."""
    ahead = (timezone.now() + timedelta(days=9)).date().isoformat()
    said = {"over-person": str(theo.pk), "over-sessions": "move", "over-since": ahead}
    sign_in(thea).post(f"/care-roles/{cleo.pk}/hand-over/", said)
    browser = sign_in(ada)
    planned = CareRole.objects.not_ended().get(client=cleo, user=theo)
    page = browser.get(leave(theo)).content.decode()
    assert f'<option value="{thea.pk}" selected>' in page
    browser.post(leave(theo), heirs(cleo=(cleo, ines), carl=(carl, ines)))
    # Thea is here and stays primary; Ines follows once Thea confirms.
    [role] = CareRole.objects.filter(client=cleo).not_ended()
    assert (role.user, role.ends_at) == (thea, None)
    asked = CareRoleRequest.objects.get(client=cleo)
    assert (asked.user, asked.starts_at) == (ines, planned.starts_at)
    sign_in(thea).post(f"/care-roles/requests/{asked.pk}/confirm/")
    roles = CareRole.objects.filter(client=cleo).not_ended().order_by("starts_at")
    assert [role.user for role in roles] == [thea, ines]
    assert roles[1].starts_at == planned.starts_at
    after_a_day(carl)
    assert CareRole.objects.filter(client=carl).current().get().user == ines


def test_sessions_thea_booked_as_cover_go_to_the_primary(
    sign_in, ada, thea, theo, carl
):
    in_care(carl, thea, "cover")
    session = book(carl, thea, at=timezone.now() + timedelta(days=1))
    sign_in(ada).post(leave(thea), {"go": "on"})
    session.refresh_from_db()
    assert session.therapist == theo


def test_a_therapist_finds_no_such_page(sign_in, theo, thea, cleo):
    assert sign_in(theo).get(leave(thea)).status_code == 404
    assert sign_in(theo).post(leave(thea), heirs(cleo=(cleo, theo))).status_code == 404
    assert sign_in(cleo.user).get(leave(thea)).status_code == 404


def test_the_page_costs_the_same_with_thirty_clients(sign_in, ada, thea, theo):
    browser = sign_in(ada)
    admit("Client", by=thea, joined=False)
    one = pinned(browser, leave(thea))
    for number in range(29):
        admit(f"Client {number}", by=thea, joined=False)
    assert pinned(browser, leave(thea)) == one <= 8


# -- notifications, reauthentication, and no silent double bookings --------------------


@pytest.mark.requirement("R39")
def test_closing_an_account_requires_reauthentication(sign_in, ada, thea, theo, cleo):
    browser = sign_in(ada)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert browser.get(leave(thea)).url.startswith("/prove/")
        assert browser.post(leave(thea), heirs(cleo=(cleo, theo))).status_code == 403
    assert User.objects.get(pk=thea.pk).is_active


def test_each_client_and_each_successor_is_notified(sign_in, ada, thea, theo, cleo):
    sign_in(ada).post(leave(thea), heirs(cleo=(cleo, theo)))
    home = sign_in(cleo.user).get("/portal/").content.decode()
    assert "Theo will be your therapist, from" in home
    kinds = OutgoingEmail.objects.filter(recipient=cleo.user).values_list(
        "kind", flat=True
    )
    assert list(kinds) == ["care-team"]
    today = sign_in(theo).get("/today/").content.decode()
    assert "moves to you" in today
    assert "Cleo" not in today  # before the role begins he sees nothing of her
    after_a_day(cleo)
    assert "Cleo Hart" in sign_in(theo).get("/today/").content.decode()


def test_one_choice_assigns_all_clients_to_one_person(
    sign_in, ada, thea, theo, ines, cleo, mo
):
    said = heirs(mo=(mo, ines)) | {"all-to": str(theo.pk)}
    sign_in(ada).post(leave(thea), said)
    after_a_day(cleo, mo)
    for client, heir in ((cleo, theo), (mo, ines)):
        assert CareRole.objects.filter(client=client).current().get().user == heir


def test_clients_with_one_name_are_told_apart(sign_in, ada, thea, theo, cleo):
    other = admit("Cleo", by=thea, joined=False, family_name="Hart", phone="555 0117")
    same = admit("cleo", by=thea, joined=False, family_name="hart")
    page = sign_in(ada).get(leave(thea)).content.decode()
    for hint in (
        "(cleo@example.test)",
        "(555 0117)",
        f"number {same.pk.hex[-4:].upper()}",
    ):
        assert hint in page
    assert f"number {other.pk.hex[-4:].upper()}" not in page


def test_overlapping_sessions_are_listed_first_and_never_double_booked_silently(
    sign_in, ada, thea, theo, cleo, carl
):
    soon = timezone.now() + timedelta(days=2)
    hers = book(cleo, thea, at=soon + timedelta(minutes=30))
    free = book(cleo, thea, at=soon + timedelta(days=1))
    book(carl, theo, at=soon)
    browser = sign_in(ada)
    said = heirs(cleo=(cleo, theo)) | {"sessions": "move"}
    page = browser.post(leave(thea), said).content.decode()
    assert "1 session overlaps one that the new therapist has:" in page
    assert "Move them anyway" in page
    hers.refresh_from_db()
    assert (hers.therapist, hers.state) == (thea, "planned")
    browser.post(leave(thea), said | {"clashing": "cancel"})
    hers.refresh_from_db()
    free.refresh_from_db()
    assert hers.state == "cancelled"
    assert (free.therapist, free.state) == (theo, "planned")


def test_a_handover_lists_them_too(sign_in, thea, theo, cleo, carl):
    soon = timezone.now() + timedelta(days=2)
    hers = book(cleo, thea, at=soon)
    book(carl, theo, at=soon)
    browser = sign_in(thea)
    said = {"over-person": str(theo.pk), "over-sessions": "move", "over-since": ""}
    page = browser.post(f"/care-roles/{cleo.pk}/hand-over/", said).content.decode()
    assert "1 session overlaps one that the new therapist has:" in page
    said["over-clashing"] = "move"
    browser.post(f"/care-roles/{cleo.pk}/hand-over/", said)
    hers.refresh_from_db()
    assert (hers.therapist, hers.state) == (theo, "planned")


def test_so_does_a_confirmation(sign_in, ada, thea, theo, cleo, carl):
    soon = timezone.now() + timedelta(days=2)
    hers = book(cleo, thea, at=soon)
    book(carl, theo, at=soon)
    said = {"over-person": str(theo.pk), "over-sessions": "move", "over-since": ""}
    sign_in(ada).post(f"/care-roles/{cleo.pk}/hand-over/", said)
    url = f"/care-roles/requests/{CareRoleRequest.objects.get().pk}/confirm/"
    browser = sign_in(thea)
    page = browser.post(url).content.decode()
    assert "1 session overlaps one that the new therapist has:" in page
    assert CareRoleRequest.objects.get().outcome == ""
    browser.post(url, {"confirm-clashing": "cancel"})
    hers.refresh_from_db()
    assert hers.state == "cancelled"
    assert CareRole.objects.filter(client=cleo).current().get().user == theo


def test_a_person_who_hands_nothing_over_learns_of_no_conflicts(
    thea, theo, ines, cleo, carl
):
    soon = timezone.now() + timedelta(days=2)
    book(cleo, thea, at=soon)
    book(carl, theo, at=soon)
    for who, many in ((thea, 1), (theo, 0), (ines, 0), (cleo.user, 0)):
        with acting_as(who.pk):
            assert len(session_clashes(cleo.pk, thea.pk, theo.pk)) == many, who


def test_thea_is_asked_who_follows_even_during_cover(
    sign_in, ada, thea, theo, ines, cleo
):
    agreed_goal(cleo, thea)
    in_care(cleo, ines, "cover", ends=9)
    said = heirs(cleo=(cleo, theo)) | {"when": "confirm", "sessions": "move"}
    sign_in(ada).post(leave(thea), said)
    assert not CareRole.objects.filter(client=cleo, user=theo).exists()
    asked = CareRoleRequest.objects.get()
    sign_in(thea).post(f"/care-roles/requests/{asked.pk}/confirm/")
    assert sign_in(theo).get(f"/clients/{cleo.pk}/").status_code == 200


def test_thea_confirms_who_follows_and_it_takes_effect_at_once(
    sign_in, ada, thea, theo, cleo
):
    browser = sign_in(ada)
    said = heirs(cleo=(cleo, theo)) | {"when": "confirm", "sessions": "move"}
    browser.post(leave(thea), said)
    assert User.objects.get(pk=thea.pk).is_active
    assert sign_in(theo).get(f"/clients/{cleo.pk}/").status_code == 404
    asked = CareRoleRequest.objects.get()
    sign_in(thea).post(f"/care-roles/requests/{asked.pk}/confirm/")
    assert sign_in(theo).get(f"/clients/{cleo.pk}/").status_code == 200
    browser.post(leave(thea), {"go": "on"})
    assert not User.objects.get(pk=thea.pk).is_active
