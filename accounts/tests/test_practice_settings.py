"""Ada edits the practice's settings; Cleo sees the crisis lines."""

import threading
import time
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from accounts.models import AuditEvent, CrisisLine, OutgoingEmail, Practice, User
from appointments.models import TherapySession
from conftest import as_role, somebody_waits
from database.identity import acting_as
from digests.emails import compose
from tests.cast import book, page_at
from therapy import tasks

SETTINGS = {
    "name": "Harbour Practice", "time_zone": "Europe/Berlin", "session_minutes": "45",
    "idle_minutes": "10", "sender_name": "Harbour", "portal_days": "60",
    "clock_hours": "12",
}  # fmt: skip
LINE = {"name": "Night line", "number": "116 123", "hours": "All night, free"}


def line(practice, name, days_ago=None, position=0):
    day = timezone.localdate() - timedelta(days=days_ago) if days_ago else None
    return CrisisLine.objects.create(
        practice=practice, name=name, number="116 123", verified_on=day,
        position=position,
    )  # fmt: skip


def names(answer):
    return [line.name for line in answer.context["lines"]]


@pytest.mark.parametrize(("hours", "written"), [("12", "2:05 pm"), ("24", "14:05")])
def test_everybody_reads_times_in_the_format_that_ada_chooses(
    sign_in, ada, thea, cleo, hours, written
):
    day = timezone.localtime(timezone=thea.zone) + timedelta(days=2)
    book(cleo, thea, at=day.replace(hour=14, minute=5, second=0, microsecond=0))
    sign_in(ada).post("/practice/", SETTINGS | {"clock_hours": hours})
    for person, page in ((thea, f"/clients/{cleo.pk}/"), (cleo.user, "/portal/")):
        assert written in page_at(sign_in(person), page)
    assert tasks.tick.apply().successful()
    [reminder] = OutgoingEmail.objects.filter(kind="reminder")
    person = User.objects.get(pk=cleo.user.pk)
    with acting_as(person.pk):
        composed = compose(reminder, person, TherapySession.objects.get())
    assert composed.subject.endswith(f"at {written}")


def test_ada_saves_the_settings_and_the_audit_log_names_the_fields(
    sign_in, ada, practice
):
    assert sign_in(ada).post("/practice/", SETTINGS).url == "/practice/"
    practice.refresh_from_db()
    assert practice.session_minutes == 45
    assert practice.idle_minutes == 10
    assert practice.portal_days == 60
    event = AuditEvent.objects.get(verb="practice changed")
    assert "idle_minutes" in event.detail["fields"]
    assert "Harbour" not in str(event.detail)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("idle_minutes", "4", "5"),
        ("idle_minutes", "31", "30"),
        ("session_minutes", "0", "10"),
        ("time_zone", "Mars/Olympus", "one of the options"),
        ("name", "", "Fill this in."),
    ],
)
def test_an_invalid_setting_is_reported_at_its_field(sign_in, ada, field, value, words):
    answer = sign_in(ada).post("/practice/", SETTINGS | {field: value})
    assert answer.status_code == 200
    assert words in str(answer.context["form"].errors[field])
    assert answer.context["form"]["sender_name"].value() == "Harbour"


@pytest.mark.requirement("R52")
@pytest.mark.parametrize("evil", ["Harbour\r\nBcc: x@example.test", "Har\nbour"])
def test_a_sender_of_two_lines_becomes_one_and_the_database_rejects_line_breaks(
    sign_in, ada, practice, evil
):
    sign_in(ada).post("/practice/", SETTINGS | {"sender_name": evil})
    practice.refresh_from_db()
    assert practice.sender_name == " ".join(evil.split())
    with pytest.raises(IntegrityError), transaction.atomic():
        Practice.objects.filter(pk=practice.pk).update(sender_name=evil)


@pytest.mark.requirement("R52")
def test_emails_come_from_the_chosen_sender_in_one_header(sign_in, ada, thea):
    sign_in(ada).post("/practice/", SETTINGS | {"sender_name": "Haus „Hafen“, Büro"})
    now = timezone.now()
    OutgoingEmail.queue(thea, "password-reset", "x", due_at=now,
                  not_after=now + timedelta(hours=1))  # fmt: skip
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    header = mail.outbox[0].message()["From"]
    assert "cairn@example.test" in header
    assert "\n" not in header
    assert "Bcc" not in mail.outbox[0].message()


ENCODED = ["=?utf-8?q?x=0Ay?=", "=?utf-8?b?eAp5?=", "Quay =?utf-8?q?=0D=0Ax?= Bay",
           "=?", '"=?utf-8?q?x=0Ay?="', "＝?utf-8?q?x=0Ay?＝=?"]  # fmt: skip


@pytest.mark.requirement("R52")
@pytest.mark.parametrize("name", ENCODED)
def test_a_sender_that_a_mail_program_would_decode_is_refused(
    sign_in, ada, practice, name
):
    answer = sign_in(ada).post("/practice/", SETTINGS | {"sender_name": name})
    assert answer.status_code == 200
    said = str(answer.context["form"].errors["sender_name"])
    assert "Enter a sender’s name without “=?”." in said
    with pytest.raises(IntegrityError), transaction.atomic():
        Practice.objects.filter(pk=practice.pk).update(sender_name=name)


@pytest.mark.requirement("R52")
@pytest.mark.parametrize("address", ["=?utf-8?q?x=0ay?=@example.test",
                                     "a=?utf-8?b?eap5?=@example.test"])  # fmt: skip
def test_an_encoded_address_is_refused_too(sign_in, thea, address):
    answer = sign_in(thea).post("/settings/address/", {"email": address})
    assert answer.status_code == 200
    assert answer.context["form"].errors["email"]


def test_a_new_notice_is_a_new_version_and_the_same_text_is_not(sign_in, ada, practice):
    browser = sign_in(ada)
    browser.post("/practice/notice/", {"text": practice.privacy_notice})
    practice.refresh_from_db()
    assert practice.privacy_version == 1
    browser.post("/practice/notice/", {"text": "What we keep.\r\nAnd why."})
    practice.refresh_from_db()
    assert practice.privacy_version == 2
    assert practice.privacy_notice == "What we keep.\nAnd why."
    assert AuditEvent.objects.get(verb="privacy notice written").detail == {
        "version": 2
    }


def test_an_unverified_line_is_shown_to_nobody(sign_in, client, ada, cleo, practice):
    browser = sign_in(ada)
    browser.post("/practice/lines/add/", LINE)
    assert "Not verified, so not shown" in browser.get("/practice/").content.decode()
    assert not names(sign_in(cleo.user).get("/help/"))
    night = CrisisLine.objects.get()
    today = timezone.localdate().isoformat()
    browser.post(f"/practice/lines/{night.pk}/", LINE | {"verified_on": today})
    assert names(sign_in(cleo.user).get("/help/")) == ["Night line"]
    assert names(client.get("/help/harbour/")) == ["Night line"]
    assert not names(client.get("/help/"))


def test_a_changed_number_hides_the_line_until_it_is_verified(sign_in, ada, practice):
    night = line(practice, "Night line", days_ago=3)
    browser = sign_in(ada)
    said = LINE | {"verified_on": night.verified_on.isoformat()}
    browser.post(f"/practice/lines/{night.pk}/", said | {"number": "116 124"})
    night.refresh_from_db()
    assert (night.number, night.verified_on) == ("116 124", None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("verified_on", "2999-01-01", "today or an earlier day"),
        ("number", "ring us", "with digits"),
        ("name", "", "Fill this in."),
    ],
)
def test_an_invalid_line_is_reported_at_its_field(sign_in, ada, field, value, words):
    answer = sign_in(ada).post("/practice/lines/add/", LINE | {field: value})
    assert words in str(answer.context["form"].errors[field])
    assert not CrisisLine.objects.exists()


def test_a_line_verified_over_a_year_ago_is_marked_and_still_shown(
    sign_in, ada, cleo, practice
):
    line(practice, "Old line", days_ago=366)
    assert "call it again" in sign_in(ada).get("/practice/").content.decode()
    assert names(sign_in(cleo.user).get("/help/")) == ["Old line"]


def test_lines_are_ordered_and_removed(sign_in, ada, cleo, practice):
    for position, name in enumerate(["One", "Two", "Three"]):
        line(practice, name, days_ago=1, position=position)
    browser = sign_in(ada)
    three = CrisisLine.objects.get(name="Three")
    browser.post(f"/practice/lines/{three.pk}/up/")
    assert names(sign_in(cleo.user).get("/help/")) == ["One", "Three", "Two"]
    first = CrisisLine.objects.get(name="One")
    browser.post(f"/practice/lines/{first.pk}/up/")
    browser.post(f"/practice/lines/{three.pk}/remove/")
    assert names(sign_in(cleo.user).get("/help/")) == ["One", "Two"]
    verbs = list(AuditEvent.objects.values_list("verb", flat=True))
    assert verbs.count("crisis line moved") == 2
    assert verbs.count("crisis line removed") == 1


def test_nobody_else_can_open_or_save_the_settings(sign_in, thea, cleo, practice):
    night = line(practice, "Night line", days_ago=1)
    for who in (thea, cleo.user):
        browser = sign_in(who)
        for url in ("/practice/", "/practice/notice/", "/practice/lines/add/",
                    f"/practice/lines/{night.pk}/"):  # fmt: skip
            assert browser.get(url).status_code == 404
            assert browser.post(url, SETTINGS | LINE).status_code == 404
        browser.post(f"/practice/lines/{night.pk}/remove/")
    assert CrisisLine.objects.count() == 1
    practice.refresh_from_db()
    assert practice.session_minutes == 50


# -- a line removed by someone else meanwhile ------------------------------------------


@pytest.mark.parametrize("verb", ["up", "remove", ""])
def test_a_line_that_is_removed_at_the_same_time_is_said_to_be_gone(
    transactional_db, sign_in, ada, practice, verb
):
    """Ada's second tab removes it while the first tab's request waits for the lock."""
    line(practice, "Day line", position=1)
    night = line(practice, "Night line", position=2)
    browser, told = sign_in(ada), []
    url = (
        f"/practice/lines/{night.pk}/{verb}/"
        if verb
        else f"/practice/lines/{night.pk}/"
    )

    def press():
        try:
            said = LINE | {"number": "0800 1"}
            told.append(browser.post(url, said, follow=True))
        finally:
            connections.close_all()

    waiting = threading.Thread(target=press)
    with acting_as(ada.pk), transaction.atomic():
        night.remove(by=ada)
        waiting.start()
        with connection.cursor() as cursor:
            while waiting.is_alive() and not somebody_waits(cursor):
                time.sleep(0.01)
    waiting.join()
    assert told[0].status_code == 200
    assert "was removed in the meantime. Nothing was changed." in (
        told[0].content.decode()
    )
    verbs = AuditEvent.objects.filter(verb__startswith="crisis line")
    assert [event.verb for event in verbs] == ["crisis line removed"]
