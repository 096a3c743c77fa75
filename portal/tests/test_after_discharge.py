"""What Cleo can still change after discharge: one rule, on every page, and no page
offers what is refused."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.models import OutgoingEmail
from clients.models import Client, ContactWish, Correction
from database.identity import acting_as
from digests import may_send
from digests.plan import plan
from goals.models import Step
from portal.urls import urlpatterns
from tests.cast import agreed_goal, book, hold, strengths_of
from toolkit.models import Assignment

# The whole rule: every other form is refused.
STILL_THEIRS = {
    "portal-contact", "portal-corrections", "portal-record", "portal-account-close",
}  # fmt: skip
LINK = re.compile(r'(?:href|action)="(/[^"#]*)')


@pytest.fixture
def left(thea, cleo):
    """A full record, then discharged."""
    hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    book(cleo, thea, at=timezone.now() + timedelta(days=1))
    goal = agreed_goal(cleo, thea, ratings=[4, 5])
    strengths_of(cleo, thea, goal=goal)
    with acting_as(thea.pk), transaction.atomic():
        Step.add(goal, "One stop", by=thea)
        Assignment.agree(cleo, "One stop on Friday", by=thea)
    Client.objects.filter(pk=cleo.pk).update(
        state="discharged", discharged_at=timezone.now()
    )
    return cleo


def writes(view) -> bool:
    return getattr(view, "writes_into_record", False)


def test_every_form_of_the_portal_is_refused_or_allowed_after_discharge(left, sign_in):
    browser = sign_in(left.user)
    plain = [p for p in urlpatterns if not p.pattern.converters]
    allowed = set()
    for pattern in plain:
        if pattern.name in ("leave", "portal-account-closed", "portal-account-close"):
            continue
        answer = browser.post(reverse(pattern.name), {"words": "Mine", "about": "x"})
        if writes(pattern.callback):
            assert answer.status_code == 403, pattern.name
        elif answer.status_code != 405:
            allowed.add(pattern.name)
    assert allowed == STILL_THEIRS - {"portal-account-close"}


def test_no_page_offers_what_is_refused(left, sign_in):
    browser, seen, todo = sign_in(left.user), set(), ["/portal/"]
    while todo:
        url = todo.pop()
        if url in seen:
            continue
        seen.add(url)
        answer = browser.get(url)
        if answer.status_code == 302 or "html" not in answer["Content-Type"]:
            continue
        assert answer.status_code == 200, url
        for found in LINK.findall(answer.content.decode()):
            path = urlsplit(unescape(found)).path
            if not path.startswith("/portal/"):
                continue
            view = resolve(path).func
            assert not writes(view), f"{url} offers {path}"
            if f'action="{found}' not in answer.content.decode():
                todo.append(path)
    assert len(seen) > 12, seen


def test_cleo_sets_contact_preferences_and_asks_for_a_correction(left, sign_in):
    browser = sign_in(left.user)
    said = {"reminder_lead_hours": "2", "weekly_digest": "on", "reminders": ""}
    assert browser.post("/portal/contact/", said).status_code == 302
    assert ContactWish.objects.get(client=left, kind="reminder").allowed is False
    said["reminders"] = "on"
    assert browser.post("/portal/contact/", said).status_code == 302
    assert ContactWish.objects.get(client=left, kind="reminder").allowed
    browser.post("/portal/corrections/", {"about": "A name", "words": "Mara."})
    assert Correction.objects.filter(client=left).exists()
    page = browser.get("/portal/").content.decode()
    assert "You can still choose how we contact you" in page


def test_a_kept_session_still_has_a_reminder(left, thea):
    plan()
    [email] = OutgoingEmail.objects.filter(recipient=left.user, kind="reminder")
    email.refresh_from_db()
    with acting_as(left.user_id), transaction.atomic():
        try:
            assert may_send.may_go(email, left.user, email.due_at)
        except may_send.Stopped as stopped:  # at night it waits for the morning
            assert stopped.state == "waiting", stopped.reason


def test_nothing_else_is_sent_after_discharge(left):
    plan(timezone.now() + timedelta(days=6))
    kinds = set(
        OutgoingEmail.objects.filter(recipient=left.user).values_list("kind", flat=True)
    )
    assert "client-digest" not in kinds
