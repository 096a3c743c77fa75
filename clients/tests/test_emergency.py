"""Theo opens Cleo's record because Thea cannot be reached: four hours, all notified."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import encryption
from accounts.models import AuditEvent, OutgoingEmail, Practice
from clients.models import CareRole, EmergencyReason
from clients.models.care import tell_again
from clients.models.emergency import open_in_emergency
from conftest import in_care, person
from database.identity import acting_as
from tests.cast import agreed_goal, hold, page_at

WHY = "Rang at 19:40, crying, and hung up. Thea does not answer."


def ask(browser, name="Cleo Hart", reason=WHY):
    return browser.post("/emergency/", {"name": name, "reason": reason})


def test_theo_opens_the_record_read_only_and_everybody_is_notified_at_once(
    sign_in, theo, thea, ada, cleo
):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    browser = sign_in(theo)
    assert ask(browser).url == f"/clients/{cleo.pk}/"
    page = page_at(browser, f"/clients/{cleo.pk}/")
    assert "Emergency access, read-only, until" in page
    assert "Book a session" not in page
    assert "She came in tired." in page_at(browser, f"/sessions/{session.pk}/")
    emails = OutgoingEmail.objects.filter(kind="emergency-access")
    assert {email.recipient for email in emails} == {thea, ada}
    [told] = OutgoingEmail.objects.filter(recipient=cleo.user)
    assert told.kind == "emergency-client"
    home = page_at(sign_in(cleo.user), "/portal/")
    assert "Theo used emergency access to your record." in home
    assert "crying" not in home
    # Thea reads the reason on her first page and on Cleo's, until she has seen it.
    theas = sign_in(thea)
    assert "Theo used emergency access" in page_at(theas, "/today/")
    assert WHY in page_at(theas, f"/clients/{cleo.pk}/")
    theas.post(f"/emergency/{EmergencyReason.objects.get().pk}/seen/")
    assert "emergency access" not in page_at(theas, "/today/")
    assert WHY in page_at(theas, f"/care-roles/{cleo.pk}/")
    # Ada sees that it happened, not why.
    adas = page_at(sign_in(ada), f"/care-roles/{cleo.pk}/")
    assert "open until" in adas
    assert "Theo" in adas
    assert "crying" not in adas
    # Cleo reads who, when and the reason.
    cleos = page_at(sign_in(cleo.user), "/portal/looked/")
    assert "Theo, emergency access" in cleos
    assert "in your care can, or a colleague in an emergency." in cleos
    assert WHY in cleos


def test_the_reason_is_stored_encrypted_and_in_no_audit_row(sign_in, theo, cleo):
    ask(sign_in(theo))
    assert not AuditEvent.objects.filter(reason__icontains="crying").exists()
    with acting_as(theo.pk):
        assert EmergencyReason.objects.get().words == WHY


@pytest.mark.requirement("R3")
def test_emergency_access_is_read_only(sign_in, theo, thea, cleo):
    goal = agreed_goal(cleo, thea, ratings=[4])
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    browser = sign_in(theo)
    ask(browser)
    for url in (
        f"/goals/{goal.pk}/rate/", f"/goals/{goal.pk}/steps/",
        f"/sessions/{session.pk}/hold/", f"/clients/{cleo.pk}/edit/",
        f"/clients/{cleo.pk}/book/", f"/clients/{cleo.pk}/goals/add/",
        f"/clients/{cleo.pk}/comments/", f"/clients/{cleo.pk}/discharge/",
        f"/care-roles/{cleo.pk}/",
    ):  # fmt: skip
        answer = browser.post(url, {"value": "9", "words": "x", "reason": "x"})
        assert answer.status_code == 404, url


def test_it_ends_after_four_hours_or_when_theo_or_thea_ends_it(
    sign_in, theo, thea, cleo
):
    browser, url = sign_in(theo), f"/clients/{cleo.pk}/"
    ask(browser)
    role = CareRole.objects.get(kind="emergency")
    assert role.ends_at - role.starts_at == timedelta(hours=4)
    for closes in (theo, thea):
        assert browser.get(url).status_code == 200
        sign_in(closes).post(f"/care-roles/{role.pk}/end/")
        assert browser.get(url).status_code == 404
        ask(browser)
        role = CareRole.objects.current().get(kind="emergency")
    past = timezone.now() - timedelta(hours=5)
    ends = past + timedelta(hours=4)
    CareRole.objects.filter(pk=role.pk).update(starts_at=past, ends_at=ends)
    assert browser.get(url).status_code == 404


def test_a_short_reason_a_wrong_name_and_an_ambiguous_name_are_refused(
    sign_in, theo, thea, cleo, carl
):
    browser = sign_in(theo)
    said = [
        ("Cleo Hart", "Urgent.", "Write a full sentence"),
        ("Cleo", WHY, "No client of this practice has this name."),
        ("Cleo%", WHY, "No client of this practice has this name."),
        ("Carl Osei", WHY, "You already have a role for this client."),
    ]
    for name, reason, answer in said:
        page = ask(browser, name, reason).content.decode()
        assert answer in page
        assert reason in page  # no typed text is lost
    assert not CareRole.objects.filter(kind="emergency").exists()
    assert AuditEvent.objects.filter(verb="emergency refused").count() == 2


def test_two_clients_of_one_name_are_not_guessed(sign_in, theo, thea, cleo):
    from conftest import admit

    admit("Cleo", by=thea, joined=False, family_name="Hart")
    page = ask(sign_in(theo)).content.decode()
    assert "More than one client has this name." in page


@pytest.mark.requirement("R6")
def test_nobody_of_another_practice_no_admin_and_no_client_can_ask(
    sign_in, ada, carl, cleo
):
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    encryption.make_practice_key(elsewhere.pk)
    una = person(elsewhere, "Una", is_therapist=True)
    page = ask(sign_in(una)).content.decode()
    assert "No client of this practice has this name." in page
    for who in (ada, carl.user, cleo.user):
        assert sign_in(who).get("/emergency/").status_code == 404
        assert ask(sign_in(who)).status_code == 404
    # Nor by SQL.
    for who in (una, ada, carl.user):
        with (
            pytest.raises(DatabaseError),
            acting_as(who.pk),
            transaction.atomic(),
        ):
            open_in_emergency(cleo.pk, WHY, by=who)
    assert not CareRole.objects.filter(kind="emergency").exists()


@pytest.mark.requirement("R39")
def test_it_requires_reauthentication_and_loses_no_text(sign_in, theo, cleo):
    browser = sign_in(theo)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert browser.get("/emergency/").url.startswith("/prove/")
        answer = ask(browser)
    assert answer.status_code == 403
    assert WHY in answer.content.decode()
    assert not CareRole.objects.filter(kind="emergency").exists()


def test_a_double_click_opens_it_once(theo, thea, cleo):
    for _ in range(2):
        with acting_as(theo.pk), transaction.atomic():
            open_in_emergency(cleo.pk, WHY, by=theo)
    assert CareRole.objects.filter(kind="emergency").count() == 1
    assert OutgoingEmail.objects.filter(recipient=thea).count() == 1


def test_nobody_gets_more_than_four_hours_even_by_sql(theo, cleo):
    now = timezone.now()
    for starts, ends in ((now, now + timedelta(hours=9)), (now, None)):
        row = CareRole(
            practice_id=cleo.practice_id, client=cleo, user=theo, given_by=theo,
            kind="emergency", starts_at=starts, ends_at=ends,
        )  # fmt: skip
        with (
            pytest.raises(DatabaseError),
            acting_as(theo.pk),
            transaction.atomic(),
        ):
            CareRole.objects.bulk_create([row])
    role = in_care(cleo, theo, "emergency", begins=0, ends=0.1)
    with (
        pytest.raises(DatabaseError, match="stays ended"),
        acting_as(theo.pk),
        transaction.atomic(),
    ):
        CareRole.objects.filter(pk=role.pk).update(ends_at=now + timedelta(hours=4))


def emergency_row(client, who, *, starts="clock_timestamp()", reason=True):
    """Insert by SQL as the web role; checks deferred constraints, too."""
    role = CareRole(
        practice_id=client.practice_id, client=client, user=who, given_by=who,
        kind="emergency",
    )  # fmt: skip
    with acting_as(who.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clients_carerole (id, practice_id, client_id, user_id, kind,"
            " given_by_id, starts_at, ends_at)"
            " VALUES (%s, %s, %s, %s, 'emergency', %s,"
            f" {starts}, {starts} + interval '1 hour')",
            [role.pk, client.practice_id, client.pk, who.pk, who.pk],
        )
        if reason is not None:
            tell_again(who)
            EmergencyReason(
                practice_id=client.practice_id, client=client, role_id=role.pk, by=who,
                words=WHY if reason else "",
            ).save(force_insert=True)  # fmt: skip
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


def test_the_database_accepts_an_emergency_with_its_reason(theo, thea, cleo):
    emergency_row(cleo, theo)


def test_the_database_rejects_an_emergency_without_its_reason(theo, thea, cleo):
    with pytest.raises(DatabaseError, match="needs its reason"):
        emergency_row(cleo, theo, reason=None)


def test_the_database_rejects_an_empty_reason(theo, thea, cleo):
    with pytest.raises(DatabaseError, match="emergency_reason_has_words"):
        emergency_row(cleo, theo, reason="")


@pytest.mark.parametrize(
    "starts",
    ["now() - interval '1 second'", "now() - interval '3 hours'",
     "now() + interval '5 minutes'"],
)  # fmt: skip
def test_the_database_rejects_an_emergency_that_begins_at_another_time(
    theo, thea, cleo, starts
):
    with pytest.raises(DatabaseError, match="row-level security"):
        emergency_row(cleo, theo, starts=starts)
