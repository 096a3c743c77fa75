"""The text of every email is harmless if read over a shoulder."""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils import timezone, translation
from django.utils.html import strip_tags

from accounts import addresses, invitations
from accounts.models import OutgoingEmail, Practice, User
from clients.models import CareRoleRequest
from conftest import admit
from database.identity import acting_as
from digests import kinds
from digests.tests.conftest import HOUR, berlin, on_calendar, send_at

SUBJECTS = {
    "invitation": "Your invitation",
    "password-reset": "Choose a new password",
    "sign-in-reset": "Your sign-in was reset",
    "account-exists": "You already have an account",
    "address-confirm": "Confirm your email address",
    "account-changed": "Your account was changed",
    "new-device": "A new sign-in",
    "emergency-access": "Please sign in: something is new",
    "emergency-client": "Please sign in: something was opened",
    "care-team": "Please sign in: something is changing",
    "care-role-question": "Please sign in: your answer is needed",
    "reminder": "Your appointment: Tuesday, December 1 at 10:00 am",
    "therapist-digest": "Your week is ready",
    "client-digest": "Your week is ready",
}
HARMLESS = """
a account address already appointment are as asked at because can change choose do else
did expect for have if in invitation invited is it my new nobody not nothing on once one
open opens or password perhaps read ready reminders sent sign somebody stays that the
there this to until use wanted was week with works yours you your an link
changed confirm confirms confirmed december device from know lets like look monday
november ring second sign step something their thursday and opened
wants tuesday us was what yourself please soon
and ask every no longer had reset hour lets work
"""
HARMLESS += " about answer asks before changes each give needed someone more why"
HARMLESS += " of should who when call has information viewed"
HARMLESS += (
    " right away check am old pm email two verification longer tried already else"
)
HARMLESS += (
    " new someone same wasn t changing about attention needs possible soon as signed"
)
ALLOWED = set(HARMLESS.split())
NEVER = (
    "therap|session|goal|client|patient|clinic|treat|practice|counsel|psych|mental|"
    "thea|cleo|hart|beth|harbour|note|diagnos|care"
)
HEADERS = {"Content-Type", "MIME-Version", "Subject", "From", "To", "Date"}
HEADERS |= {"Message-ID", "Auto-Submitted"}
LINK = re.compile(r"https?://[^\s\"'<>]+")


@pytest.fixture
def post_of_every_kind(thea, cleo):
    """Each kind's email, as the mail program gets it."""
    beth = admit("Beth", by=thea).user
    User.objects.filter(pk=beth.pk).update(joined_at=None)
    now = berlin(30, 10)
    on_calendar(cleo, thea, now + timedelta(days=1))
    with time_machine.travel(now, tick=False):
        with acting_as(thea.pk):
            invitations.invite(beth, by=thea)
            addresses.want(thea, "thea.new@example.test")
        for kind in (
            "password-reset",
            "sign-in-reset",
            "account-exists",
            "account-changed",
            "new-device",
            "emergency-access",
            "emergency-client",
            "care-team",
        ):
            OutgoingEmail.queue(thea, kind, "1", due_at=now, not_after=now + HOUR)
        asked = CareRoleRequest.objects.create(
            practice=thea.practice, client=cleo, user=beth, kind="cover", asked_by=thea
        )
        to = {"due_at": now, "not_after": now + HOUR, "about": asked.pk}
        OutgoingEmail.queue(thea, "care-role-question", "1", **to)
    send_at(now)
    rows = {
        row.message_id: row.kind for row in OutgoingEmail.objects.filter(state="sent")
    }
    return {rows[sent.extra_headers["Message-ID"]]: sent for sent in mail.outbox}


def words_of(text):
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def html_of(sent):
    [part] = sent.alternatives
    return part.content


def visible(html):
    return strip_tags(re.sub(r"(?s)<style>.*?</style>", "", html))


def texts_of(sent):
    return [sent.subject, LINK.sub("", sent.body), visible(html_of(sent))]


def test_only_harmless_words_are_used(post_of_every_kind):
    assert set(post_of_every_kind) == set(kinds.BY_NAME)
    assert {kind: sent.subject for kind, sent in post_of_every_kind.items()} == SUBJECTS
    for kind, sent in post_of_every_kind.items():
        for text in texts_of(sent):
            assert words_of(text) <= ALLOWED, kind
            assert not re.search(NEVER, text.lower()), kind


def test_headers_contain_only_sender_date_and_auto_submitted(
    post_of_every_kind,
):
    for sent in post_of_every_kind.values():
        headers = dict(sent.message().items())
        assert set(headers) == HEADERS
        assert headers["From"] == settings.DEFAULT_FROM_EMAIL
        assert headers["Auto-Submitted"] == "auto-generated"
        assert "@" in headers["To"] and "," not in headers["To"]


@pytest.mark.requirement("R12")
def test_both_parts_link_to_the_same_page_on_our_site_and_load_nothing(
    post_of_every_kind,
):
    loads = r"(?i)<(img|script|link|iframe|object|svg)|url\(|@import|src="
    for sent in post_of_every_kind.values():
        [link] = LINK.findall(sent.body)
        assert LINK.findall(html_of(sent)) == [link]
        assert link.startswith(f"{settings.SITE_URL}/")
        assert "?" not in link  # nothing that tracks a reader
        assert not re.search(loads, html_of(sent))


def test_only_three_kinds_contain_a_secret(post_of_every_kind):
    carry = {
        kind
        for kind, sent in post_of_every_kind.items()
        if re.search(r"/(join|reset)/", sent.body)
    }
    assert carry == {"invitation", "password-reset", "sign-in-reset"}


def test_the_one_use_links_work(post_of_every_kind, client):
    for kind in ("invitation", "password-reset", "sign-in-reset"):
        [link] = LINK.findall(post_of_every_kind[kind].body)
        with time_machine.travel(berlin(30, 10, 30), tick=False):
            page = client.get(link.removeprefix(settings.SITE_URL), follow=True)
        assert page.status_code == 200
        assert 'type="password"' in page.content.decode()


def test_no_email_contains_names_of_people_or_of_the_practice(
    thea, cleo, post_of_every_kind
):
    everything = " ".join(
        text for sent in post_of_every_kind.values() for text in texts_of(sent)
    )
    for name in (thea.name, "Cleo", "Hart", "Beth", Practice.objects.get().name):
        assert name not in everything


@pytest.mark.requirement("R52")
def test_a_name_with_a_line_break_never_gets_into_a_header(thea, cleo):
    User.objects.update(name="x\r\nBcc: evil@example.test")
    on_calendar(cleo, thea, berlin(26, 10))
    send_at(berlin(25, 10))
    for sent in mail.outbox:
        assert "evil" not in sent.message().as_string()


def test_every_sentence_is_in_the_readers_language(thea):
    asked = []

    def translated(text):
        asked.append((translation.get_language(), text))
        return text

    User.objects.filter(pk=thea.pk).update(language="de")
    now = timezone.now()
    OutgoingEmail.queue(thea, "account-exists", "1", due_at=now, not_after=now + HOUR)
    with patch.object(translation._trans, "gettext", translated):
        send_at(now)
    sentences = [text for language, text in asked if language == "de"]
    assert any(text.startswith("Someone tried to open") for text in sentences)
    assert "You already have an account" in sentences
