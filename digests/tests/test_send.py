"""Responses of a mail server, tested against a real one."""

import asyncio
import time
from datetime import timedelta
from email.header import decode_header, make_header
from email.utils import getaddresses, parseaddr
from unittest.mock import patch
from uuid import uuid4

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from accounts import celery_kick
from accounts.models import OutgoingEmail, Practice, User
from conftest import admit, as_role
from digests import send
from digests.tests.conftest import HOUR
from ops.mail import Sink
from ops.place import free_port
from therapy.doctor import services

pytestmark = pytest.mark.django_db


@pytest.fixture
def sink(tmp_path, settings):
    with Sink(tmp_path / "mail") as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_PORT = sink.smtp_port
        settings.EMAIL_TIMEOUT = 1
        yield sink


def drop(person, period="1", kind="account-exists", **fields):
    now = timezone.now()
    times = {"due_at": now, "not_after": now + HOUR} | fields
    OutgoingEmail.queue(person, kind, period, **times)
    return OutgoingEmail.objects.get(recipient=person, period=period)


def send_now():
    with as_role("cairn_worker"):
        return dict(send.send_due())


def after(hours, minutes=0):
    return time_machine.travel(
        timezone.now() + timedelta(hours=hours, minutes=minutes), tick=True
    )


def ids(sink):
    return [mail.message_id for mail in sink.messages]


def test_an_email_arrives_once_with_its_own_message_id(sink, thea):
    email = drop(thea)
    assert send_now() == {"sent": 1}
    assert send_now() == {}
    [mail] = sink.messages
    assert mail.to == "thea@example.test"
    assert mail.message_id == f"<{email.pk}@localhost>"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    email.refresh_from_db()
    assert (email.state, email.attempts, email.claim) == ("sent", 1, None)
    assert email.sent_at


def name_the_sender(practice, name):
    """Set any name: an older release or a restored dump may have left it."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for rule in ("is_not_encoded", "is_one_line"):
            cursor.execute(
                "ALTER TABLE accounts_practice DROP CONSTRAINT IF EXISTS"
                f" practice_sender_{rule}"
            )
    Practice.objects.filter(pk=practice.pk).update(sender_name=name)


@pytest.mark.requirement("R52")
@pytest.mark.parametrize(
    "name",
    ["=?utf-8?q?x=0Ay?=", "=?utf-8?b?eAp5?=", "Quay =?utf-8?q?=0D=0AX: y?= Bay",
     '"=?utf-8?q?x=0Ay?="', "=?nonsense?q?x?=", "=?", "Quay\r\nBcc: x@example.test",
     "Quay\nBay", " "],
)  # fmt: skip
def test_no_chosen_sender_name_stops_emails(sink, thea, practice, name):
    name_the_sender(practice, name)
    drop(thea)
    assert send_now() == {"sent": 1}
    [mail] = sink.messages
    assert parseaddr(mail.message["From"]) == ("Cairn", "cairn@example.test")
    assert mail.message["Bcc"] is None


@pytest.mark.requirement("R52")
@pytest.mark.parametrize(
    "name",
    ["Quay", "Haus „Hafen“, Büro", "今" * 60, "🌊" * 60, 'a "b" <c@d.example>', "a\\b",
     "?=", "Quay (by the sea); @home", "ü=? ".replace("=?", "= ?"), "'Quay'"],
)  # fmt: skip
def test_any_other_sender_name_arrives_as_chosen(sink, thea, practice, name):
    name_the_sender(practice, name)
    drop(thea)
    assert send_now() == {"sent": 1}
    [mail] = sink.messages
    [(shown, address)] = getaddresses([mail.message["From"]])
    shown = str(make_header(decode_header(shown)))
    assert (shown, address) == (name.strip(), "cairn@example.test")


def test_deferred_by_451_it_is_sent_later_with_the_same_message_id(sink, thea):
    email = drop(thea)
    sink.answer = "451 try later"
    assert send_now() == {"waiting": 1}
    email.refresh_from_db()
    assert email.reason == "put off: 451"
    assert email.due_at > timezone.now()
    assert send_now() == {}  # not at once
    sink.answer = None
    with after(hours=0, minutes=1):
        assert send_now() == {"sent": 1}
    assert ids(sink) == [f"<{email.pk}@localhost>"]


def test_each_deferral_doubles_the_wait_up_to_an_hour(sink, thea):
    email = drop(thea, not_after=timezone.now() + 1000 * HOUR)
    sink.answer = "451 try later"
    waits = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(12):
            clock.shift(2 * HOUR)
            assert send_now() == {"waiting": 1}
            email.refresh_from_db()
            waits.append((email.due_at - timezone.now()).total_seconds())
    assert waits[0] < 60 < waits[3] < waits[6] < 4500
    assert max(waits) <= 1.25 * 3600


def test_a_permanently_rejected_email_is_not_retried(sink, thea):
    email = drop(thea)
    sink.answer = "550 no such person"
    assert send_now() == {"failed": 1}
    email.refresh_from_db()
    assert email.reason == "refused: 550"
    sink.answer = None
    with after(hours=0, minutes=30):
        assert send_now() == {}


OURS = [
    "554 5.7.1 Relay access denied", "550 5.7.1 Unable to relay",
    "550 5.7.26 This mail is unauthenticated", "554 5.7.1 Service unavailable; blocked",
    "550 5.1.8 Sender address rejected: Domain not found", "554 Transaction failed",
    "550 relay not permitted", "530 5.7.0 Must issue a STARTTLS command first",
    "550 Message rejected by policy", "553 sorry, that sender is not allowed",
    "550 5.4.6 Routing loop detected", "550 5.3.0 System error", "571 Blocked",
]  # fmt: skip
THEIRS = [
    "550 5.1.1 No such user", "550 5.2.1 Mailbox disabled", "552 5.2.2 Mailbox full",
    "550 5.1.10 Recipient not found", "556 5.1.10 Domain takes no mail",
    "550 5.4.1 Recipient address rejected: Access denied", "550 no such person",
    "553 5.1.3 Bad address syntax", "551 User not local", "550 5.1.2 Unknown domain",
]  # fmt: skip


@pytest.mark.parametrize("stage", ["at_recipient", "answer"])
@pytest.mark.parametrize("said", OURS)
def test_emails_rejected_by_a_misconfigured_relay_wait_until_it_is_fixed(
    sink, thea, theo, stage, said, sign_in, ada
):
    emails = [drop(thea), drop(theo)]
    setattr(sink, stage, said)
    assert send_now() == {"waiting": 2}
    for email in emails:
        email.refresh_from_db()
        assert email.reason.startswith(f"relay: {said[:3]}")
    assert "refused" not in emails[0].reason
    page = sign_in(ada).get("/deliveries/").content.decode()
    assert "2 emails are waiting because our mail server refuses" in page
    with as_role("cairn_web"):
        found = [finding for finding in services.emails() if finding.is_wrong]
    assert "2 are waiting because the mail server refuses to relay" in found[0].words
    setattr(sink, stage, None)
    with after(hours=0, minutes=1):
        assert send_now() == {"sent": 2}
    assert "our mail server refuses" not in (
        sign_in(ada).get("/deliveries/").content.decode()
    )


@pytest.mark.parametrize("stage", ["at_recipient", "answer"])
@pytest.mark.parametrize("said", THEIRS)
def test_a_fault_of_the_address_fails_at_once(sink, thea, stage, said):
    email = drop(thea)
    setattr(sink, stage, said)
    assert send_now() == {"failed": 1}
    email.refresh_from_db()
    assert email.reason.startswith(f"refused: {said[:3]}")


def test_an_email_deferred_for_too_long_is_dropped(sink, thea):
    drop(thea)
    sink.answer = "421 go away"
    assert send_now() == {"waiting": 1}
    with after(hours=2):
        assert send_now() == {"dropped": 1}
    assert OutgoingEmail.objects.get().reason == "too late"


def test_an_unreachable_server_costs_one_attempt_and_keeps_all_emails(
    sink, thea, theo, ada, settings
):
    for person in (thea, theo, ada):
        drop(person)
    settings.EMAIL_PORT = free_port(0)
    assert send_now() == {}
    states = OutgoingEmail.objects.order_by("attempts").values_list("state", "attempts")
    assert list(states) == [("waiting", 0), ("waiting", 0), ("waiting", 1)]
    settings.EMAIL_PORT = sink.smtp_port
    with after(hours=0, minutes=1):
        assert send_now() == {"sent": 3}


def test_our_own_wrong_password_is_no_emails_fault(sink, thea, settings):
    drop(thea)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "cairn", "wrong"
    send_now()
    assert OutgoingEmail.objects.get().reason == "no mail server"


def test_a_timeout_after_the_email_was_accepted_sends_one_more_copy(
    sink, thea, settings
):
    email = drop(thea)
    settings.EMAIL_TIMEOUT = 0.2
    sink.delay_after_data = 0.6
    assert send_now() == {"waiting": 1}
    sink.delay_after_data = 0
    with after(hours=0, minutes=1):
        assert send_now() == {"sent": 1}
    assert ids(sink) == [f"<{email.pk}@localhost>"] * 2


def test_many_emails_use_one_connection_and_a_dropped_one_is_reopened(
    sink, practice, thea, settings
):
    people = [admit(f"Client{n}", by=thea).user for n in range(25)]
    for person in people:
        drop(person)
    opened = []
    greet = sink.smtp.factory

    def counting():
        opened.append(1)
        return greet()

    with patch.object(sink.smtp, "factory", counting):
        assert send_now() == {"sent": 25}
    assert len(opened) == 1
    assert sorted(mail.to for mail in sink.messages) == sorted(
        person.email for person in people
    )
    with send.MailConnection() as door:
        mail = EmailMessage("a", "b", "c@x.test", ["d@x.test"])
        door.send(mail)
        door.backend.connection.sock.close()
        door.send(mail)
    assert len(sink.messages) == 27


def test_a_server_that_accepts_three_emails_per_connection_delays_none(
    sink, practice, thea
):
    for number in range(8):
        drop(admit(f"Client{number}", by=thea).user)
    taken, closed, answers = [], [], send.MailConnection._answers

    async def hangs_up(server, session, envelope):
        taken.append(1)
        if len(taken) % 3 == 0:  # right after its response
            server._timeout_handle.cancel()
            asyncio.get_running_loop().call_later(0, close, server.transport)
        return await Sink.handle_DATA(sink, server, session, envelope)

    def close(transport):
        transport.close()  # in the next turn of its loop, and then:
        asyncio.get_running_loop().call_soon(closed.append, 1)

    def looked(door):
        """Wait until the connection is closed: a slow machine would check too early."""
        while len(closed) < len(taken) // 3:
            time.sleep(0.01)
        return answers(door)

    with (
        patch.object(sink, "handle_DATA", hangs_up),
        patch.object(send.MailConnection, "_answers", looked),
    ):
        assert send_now() == {"sent": 8}
    assert len(sink.messages) == 8


@pytest.mark.parametrize(
    "to",
    [{}, {"to": ["a@x.test", "b@x.test"]}, {"to": ["a@x.test"], "cc": ["b@x.test"]}],
)
def test_an_email_is_only_sent_to_a_single_person(to):
    with send.MailConnection() as door, pytest.raises(RuntimeError):
        door.send(EmailMessage("a", "b", "c@x.test", **to))


@pytest.mark.parametrize("end", ["\r\nbcc: evil@x.test", "\nevil: 1", ", evil@x.test"])
def test_no_header_and_no_recipient_can_be_injected(sink, thea, end):
    User.objects.filter(pk=thea.pk).update(email=f"thea@example.test{end}")
    drop(thea)
    send_now()
    assert not sink.messages
    assert OutgoingEmail.objects.get().state == "waiting"


def test_one_broken_email_does_not_stop_the_others(sink, thea, theo):
    drop(thea), drop(theo)
    compose = send.emails.compose

    def fails_for_thea(email, person, about):
        if person == thea:
            raise ZeroDivisionError
        return compose(email, person, about)

    with patch.object(send.emails, "compose", fails_for_thea):
        assert send_now() == {"sent": 1, "waiting": 1}
    assert [mail.to for mail in sink.messages] == [theo.email]


def test_an_email_that_cannot_be_rendered_does_not_stop_the_others(sink, thea, theo):
    drop(thea), drop(theo)
    send_messages = EmailBackend.send_messages

    def fails_for_thea(self, mails):
        if mails[0].to == [thea.email]:
            raise ValueError
        return send_messages(self, mails)

    with patch.object(EmailBackend, "send_messages", fails_for_thea):
        assert send_now() == {"sent": 1, "waiting": 1}
    assert [mail.to for mail in sink.messages] == [theo.email]


def test_an_email_claimed_by_another_worker_is_left_to_it(sink, thea):
    """Suspended for longer than the lease, between claim and sending."""
    email = drop(thea)
    with as_role("cairn_worker"):
        [mine] = send.claim_due(uuid4(), timezone.now())
        assert send.claim_due(uuid4(), timezone.now()) == []
        OutgoingEmail.objects.filter(pk=email.pk).update(
            lease_until=timezone.now() - HOUR
        )
        [theirs] = send.claim_due(uuid4(), timezone.now())
        with send.MailConnection() as door:
            assert send.deliver(mine, door) == "taken over"
            assert send.deliver(theirs, door) == "sent"
            assert send.deliver(mine, door) == "taken over"
    assert len(sink.messages) == 1


def test_a_sent_email_stays_sent_whoever_claimed_it_meanwhile(sink, thea):
    email = drop(thea)
    with as_role("cairn_worker"):
        [mine] = send.claim_due(uuid4(), timezone.now())
        OutgoingEmail.objects.filter(pk=email.pk).update(
            lease_until=timezone.now() - HOUR
        )
        [theirs] = send.claim_due(uuid4(), timezone.now())
        send.mark(mine, "sent", sent_at=timezone.now())
        with send.MailConnection() as door:
            assert send.deliver(theirs, door) == "taken over"
        send.again(theirs, "too slow")
    email.refresh_from_db()
    assert email.state == "sent"


# -- the worker's rights ---------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        "name FROM accounts_user",
        "password FROM accounts_credential",
        "preferred_name FROM clients_client",
        "phone FROM clients_client",
        "presenting_concern FROM clients_clientbackground",
        "own_words FROM goals_goalversion",
        "value FROM goals_goalrating",
        "body FROM notes_progressnote",
        "take_away FROM appointments_therapysession",
        "place FROM appointments_therapysession",
        "video_link FROM appointments_therapysession",
        "words FROM toolkit_assignment",
        "wrapped FROM accounts_datakey",
        "token_hash FROM accounts_invitation",
    ],
)
def test_the_worker_itself_reads_no_name_and_no_text(column):
    with (
        as_role("cairn_worker"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SELECT {column}")


# -- waking the worker -----------------------------------------------------------------


def test_an_email_is_queued_though_redis_is_down(
    thea, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(celery_kick, "_silent_until", 0)
    asked = []

    def refuses(*args, **options):
        asked.append(args)
        raise ConnectionError

    monkeypatch.setattr(celery_kick.current_app, "send_task", refuses)
    for number in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            drop(thea, str(number))
    assert OutgoingEmail.objects.count() == 3
    assert asked == [(celery_kick.TASK,)]  # once a minute


def test_queueing_an_email_wakes_the_sender_by_task_name(
    thea, monkeypatch, django_capture_on_commit_callbacks
):
    monkeypatch.setattr(celery_kick, "_silent_until", 0)
    told = []
    monkeypatch.setattr(
        celery_kick.current_app, "send_task", lambda name, **options: told.append(name)
    )
    with django_capture_on_commit_callbacks(execute=True):
        drop(thea)
    assert told == ["send_due"]
