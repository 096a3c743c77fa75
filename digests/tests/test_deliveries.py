"""Ada sees what happened to each email and why, never its text."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import OutgoingEmail, Practice
from conftest import person
from digests import deliveries_page, kinds, may_send
from digests.models import Halt
from tests.cast import pinned

State = OutgoingEmail.State


def email(to, kind="reminder", state=State.SENT, reason="", **fields):
    now = timezone.now()
    return OutgoingEmail.objects.create(
        practice_id=to.practice_id, recipient=to, kind=kind, state=state, reason=reason,
        period=str(OutgoingEmail.objects.count()), due_at=now, not_after=now, **fields,
    )  # fmt: skip


def shown(answer):
    return [(one.who.name, one.label, one.why) for one in answer.context["emails"]]


def test_each_status_is_shown_with_its_reason(sign_in, ada, cleo, thea):
    email(cleo.user)
    email(cleo.user, state=State.HELD, reason="paused")
    email(cleo.user, state=State.DROPPED, reason="started")
    email(cleo.user, state=State.SENDING, reason="put off: 451")
    answer = sign_in(ada).get("/deliveries/")
    assert shown(answer) == [
        ("Cleo", "Waiting", "The mail server put it off (451); we’ll try again"),
        ("Cleo", "Not sent", "The session had started"),
        ("Cleo", "On hold", "Paused by the client"),
        ("Cleo", "Sent", ""),
    ]
    page = answer.content.decode()
    assert "reminder-" not in page
    assert "cleo@" not in page


def test_a_rejected_email_says_what_to_do(sign_in, ada, cleo, thea):
    email(thea, "therapist-digest", State.FAILED, "refused: 550")
    page = sign_in(ada).get("/deliveries/?state=failed").content.decode()
    assert "The receiving mail server refused it (550)" in page
    assert "Ask for another address" in page


def test_the_filter_combines_status_and_kind(sign_in, ada, cleo, thea):
    email(cleo.user)
    email(thea, "therapist-digest", State.HELD, "nothing to say")
    browser = sign_in(ada)
    assert len(shown(browser.get("/deliveries/"))) == 2
    assert shown(browser.get("/deliveries/?state=held")) == [
        ("Thea", "On hold", "Nothing to report")
    ]
    assert not shown(browser.get("/deliveries/?state=held&kind=reminder"))
    assert len(shown(browser.get("/deliveries/?state=nonsense"))) == 2


def test_emails_older_than_a_week_or_of_other_practices_are_not_listed(
    sign_in, ada, cleo
):
    long_ago = timezone.now() - timedelta(days=8)
    email(cleo.user, created_at=long_ago)
    elsewhere = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    email(person(elsewhere, "Una", is_therapist=True))
    assert not shown(sign_in(ada).get("/deliveries/"))


def test_only_an_admin_sees_the_email_log(sign_in, thea, cleo):
    assert sign_in(thea).get("/deliveries/").status_code == 404
    assert sign_in(cleo.user).get("/deliveries/").status_code == 404


def test_a_hundred_emails_a_page_cost_the_same_as_one(sign_in, ada, cleo):
    browser = sign_in(ada)
    email(cleo.user, state=State.HELD, reason="paused")
    one = pinned(browser, "/deliveries/")
    for _email in range(120):
        email(cleo.user, state=State.HELD, reason="paused")
    assert pinned(browser, "/deliveries/") == one <= 10
    assert len(shown(browser.get("/deliveries/?page=2"))) == 21


def test_every_reason_from_contact_preferences_has_a_text():
    import re
    from pathlib import Path

    sources = [Path(may_send.__file__), *Path(kinds.__file__).parent.glob("*.py")]
    source = "".join(path.read_text() for path in sources)
    said = set(re.findall(r'Stopped\(\w+, "([^"]+)"', source))
    said |= {kind.unwanted for kind in kinds.EVERY if kind.wish}
    assert len(said) > 10
    assert not said - set(deliveries_page.REASONS)


@pytest.mark.parametrize("reason", ["mail server: TimeoutError", "something new"])
def test_no_reason_is_without_a_text(reason):
    assert deliveries_page.why(reason)


def test_seven_days_are_charted_by_status(sign_in, ada, cleo):
    yesterday = timezone.now() - timedelta(days=1)
    for _email in range(3):
        email(cleo.user, created_at=yesterday)
    email(cleo.user, state=State.HELD, reason="paused", created_at=yesterday)
    email(cleo.user, state=State.FAILED, reason="refused: 550")
    days = deliveries_page.seven_days(ada)
    assert [day.day for day in days][-1] == ada.today()
    assert len(days) == 7
    assert (days[-2].sent, days[-2].held, days[-1].failed) == (3, 1, 1)
    page = sign_in(ada).get("/deliveries/").content.decode()
    assert days[-2].words in page
    assert "3 sent, 1 held, 0 failed" in page


def test_during_a_halt_the_admin_reads_why_nothing_is_sent(sign_in, ada):
    browser = sign_in(ada)
    assert "a backup was restored" not in browser.get("/deliveries/").content.decode()
    Halt.objects.create(why="restored")
    assert "a backup was restored" in browser.get("/deliveries/").content.decode()
