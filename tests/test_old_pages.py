"""A page that was opened before something changed elsewhere overwrites nothing.

What it left alone stays as it is by now; what both changed is asked about first.
"""

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import CrisisLine
from appointments.models import TherapySession
from clients.models import ContactPreferences, ContactWish
from database.identity import acting_as


class Sent(HTMLParser):
    """What a browser sends of the form that says what it showed, left as it was."""

    def __init__(self, page):
        super().__init__()
        self.form, self.found, self.area, self.select = None, None, None, None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        name = said.get("name")
        if tag == "form":
            self.form = {}
        if self.form is None or (tag != "option" and not name):
            return
        if name == "shown":
            self.found = self.form
        if tag == "input" and said.get("type") in ("checkbox", "radio"):
            if "checked" in said:
                self.form[name] = said.get("value", "on")
        elif tag == "input":
            self.form[name] = said.get("value", "")
        elif tag == "textarea":
            self.area, self.form[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select and "selected" in said:
            self.form[self.select] = said.get("value", "")

    def handle_data(self, data):
        if self.area:
            self.form[self.area] += data.lstrip("\n")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.form = None


def opened(browser, url):
    found = Sent(browser.get(url).content.decode()).found
    assert found, f"{url} does not say what it showed"
    return {name: text for name, text in found.items() if name != "csrfmiddlewaretoken"}


@pytest.fixture
def planned(thea, cleo):
    starts = (timezone.now() + timedelta(days=7)).replace(hour=9, minute=0)
    session = TherapySession(
        client=cleo, therapist=thea, place="Room 1", starts_at=starts,
        ends_at=starts + timedelta(minutes=50),
    )  # fmt: skip
    session.book(by=thea)
    return session


def test_cleo_turns_off_reminders_in_one_tab_and_pauses_in_the_other(sign_in, cleo):
    browser = sign_in(cleo.user)
    here, there = (opened(browser, "/portal/contact/") for _ in range(2))
    del here["reminders"]
    assert browser.post("/portal/contact/", here).status_code == 302
    until = timezone.localdate() + timedelta(days=30)
    browser.post("/portal/contact/", there | {"paused_until": until.isoformat()})
    preferences = ContactPreferences.objects.get(client=cleo)
    assert preferences.paused_until == until
    assert not ContactWish.objects.get(client=cleo, kind="reminder").allowed


def test_two_days_for_one_pause_are_asked_about_and_the_second_press_holds(
    sign_in, cleo
):
    browser = sign_in(cleo.user)
    here, there = (opened(browser, "/portal/contact/") for _ in range(2))
    first, second = (timezone.localdate() + timedelta(days=n) for n in (10, 20))
    browser.post("/portal/contact/", here | {"paused_until": first.isoformat()})
    there["paused_until"] = second.isoformat()
    asked = browser.post("/portal/contact/", there)
    assert "This was changed to" in asked.content.decode()
    assert ContactPreferences.objects.get(client=cleo).paused_until == first
    again = Sent(asked.content.decode()).found
    assert again["paused_until"] == second.isoformat()
    assert browser.post("/portal/contact/", again).status_code == 302
    assert ContactPreferences.objects.get(client=cleo).paused_until == second


def test_the_same_day_in_both_tabs_is_no_question(sign_in, cleo):
    browser = sign_in(cleo.user)
    here, there = (opened(browser, "/portal/contact/") for _ in range(2))
    day = (timezone.localdate() + timedelta(days=10)).isoformat()
    for form in (here, there):
        answer = browser.post("/portal/contact/", form | {"paused_until": day})
        assert answer.status_code == 302


@pytest.mark.parametrize("shown", ["", "[]", "{", '{"reminders": 1}', "{}"])
def test_a_page_that_cannot_say_what_it_showed_is_taken_at_its_word(
    sign_in, cleo, shown
):
    browser = sign_in(cleo.user)
    form = opened(browser, "/portal/contact/") | {"shown": shown}
    form["reminder_lead_hours"] = "48"
    assert browser.post("/portal/contact/", form).status_code == 302
    assert ContactWish.objects.get(client=cleo, kind="reminder").lead_hours == 48


def test_how_success_is_marked_is_asked_about_where_both_tabs_chose(sign_in, cleo):
    browser = sign_in(cleo.user)
    url = "/portal/celebration/"
    here, there = (opened(browser, url) for _ in range(2))
    browser.post(url, here | {"celebrates": "nobody"})
    asked = browser.post(url, there | {"celebrates": "ritual"})
    assert "This was changed to “Don’t bring it up”" in asked.content.decode()
    assert ContactPreferences.objects.get(client=cleo).celebrates == "nobody"


def test_theas_new_number_survives_the_tab_that_was_open_before(sign_in, thea):
    browser = sign_in(thea)
    here, there = (opened(browser, "/settings/") for _ in range(2))
    browser.post("/settings/", here | {"phone": "555 0100"})
    browser.post("/settings/", there | {"contact_hours": "Mondays"})
    thea.refresh_from_db()
    assert (thea.phone, thea.contact_hours) == ("555 0100", "Mondays")


def test_two_admins_set_the_practice_from_pages_of_one_moment(sign_in, ada, practice):
    browser = sign_in(ada)
    here, there = (opened(browser, "/practice/") for _ in range(2))
    browser.post("/practice/", here | {"session_minutes": "45"})
    browser.post("/practice/", there | {"portal_days": "60"})
    practice.refresh_from_db()
    assert (practice.session_minutes, practice.portal_days) == (45, 60)


def test_a_notice_that_another_admin_wrote_meanwhile_is_asked_about(
    sign_in, ada, practice
):
    browser = sign_in(ada)
    url = "/practice/notice/"
    here, there = (opened(browser, url) for _ in range(2))
    browser.post(url, here | {"text": "One.\n" * 40})
    asked = browser.post(url, there | {"text": "Two."})
    assert "This was changed in the meantime" in asked.content.decode()
    assert Sent(asked.content.decode()).found["text"].startswith("Two.")
    practice.refresh_from_db()
    assert practice.privacy_notice.startswith("One.")


def test_the_hours_of_a_crisis_line_stay_when_another_page_changes_its_name(
    sign_in, ada, practice
):
    line = CrisisLine.objects.create(
        practice=practice, name="Line", number="116 123",
        verified_on=timezone.localdate(),
    )  # fmt: skip
    browser, url = sign_in(ada), f"/practice/lines/{line.pk}/"
    here, there = (opened(browser, url) for _ in range(2))
    browser.post(url, here | {"number": "116 124", "hours": "Always"})
    browser.post(url, there | {"name": "Night line"})
    line.refresh_from_db()
    assert (line.name, line.number, line.hours) == ("Night line", "116 124", "Always")
    assert line.verified_on is None, "nobody rang the new number"


def test_ada_reads_what_somebody_is_by_now_before_another_admins_choice_is_undone(
    sign_in, ada, theo
):
    browser, url = sign_in(ada), f"/people/{theo.pk}/"
    here, there = (opened(browser, url) for _ in range(2))
    browser.post(url, here | {"role": "both"})
    asked = browser.post(url, there | {"role": "admin"})
    assert "This was changed to" in asked.content.decode()
    theo.refresh_from_db()
    assert theo.is_admin and theo.is_therapist


def test_a_move_from_an_old_page_says_where_the_session_is_by_now(
    sign_in, thea, planned
):
    browser, url = sign_in(thea), f"/sessions/{planned.pk}/move/"
    here, there = (opened(browser, url) for _ in range(2))
    browser.post(url, here | {"other_time": "11:30"})
    asked = browser.post(url, there | {"other_time": "15:00"})
    assert (
        "While this page was open, the session was moved to" in asked.content.decode()
    )
    planned.refresh_from_db()
    assert planned.starts_at.astimezone(thea.zone).hour == 11
    again = Sent(asked.content.decode()).found
    assert again["other_time"] == "15:00"
    assert browser.post(url, again).status_code == 302
    planned.refresh_from_db()
    assert planned.starts_at.astimezone(thea.zone).hour == 15


def test_a_room_changed_on_an_old_page_leaves_the_new_hour_alone(
    sign_in, thea, planned
):
    browser, url = sign_in(thea), f"/sessions/{planned.pk}/move/"
    here, there = (opened(browser, url) for _ in range(2))
    browser.post(url, here | {"other_time": "11:30"})
    assert browser.post(url, there | {"place": "Room 9"}).status_code == 302
    planned.refresh_from_db()
    assert planned.starts_at.astimezone(thea.zone).hour == 11
    assert planned.place == "Room 9"


def test_the_same_move_from_two_tabs_is_no_question(sign_in, thea, planned):
    browser, url = sign_in(thea), f"/sessions/{planned.pk}/move/"
    here, there = (opened(browser, url) for _ in range(2))
    for form in (here, there):
        answer = browser.post(url, form | {"other_time": "11:30"})
        assert answer.status_code == 302


@pytest.mark.parametrize("meanwhile", ["canceled", "moved"])
def test_what_happens_between_reading_and_saving_a_move_is_not_overwritten(
    thea, cleo, planned, meanwhile
):
    """The form found nothing changed; another press came first all the same."""
    with acting_as(thea.pk), transaction.atomic():
        mine = TherapySession.objects.get(pk=planned.pk)
        other = TherapySession.objects.get(pk=planned.pk)
        seen = mine.starts_at
        if meanwhile == "canceled":
            assert other.cancel(by=thea)
        else:
            other.starts_at += timedelta(minutes=5)
            other.move(by=thea, seen=seen)
        mine.starts_at += timedelta(minutes=10)
        with pytest.raises(ValidationError):
            mine.move(by=thea, seen=seen)
    planned.refresh_from_db()
    assert planned.starts_at < seen + timedelta(minutes=10)


@pytest.mark.parametrize("called_off", ["cancel", "missed"])
def test_a_move_of_a_session_that_was_called_off_says_so(
    sign_in, thea, planned, called_off
):
    browser, url = sign_in(thea), f"/sessions/{planned.pk}/move/"
    old = opened(browser, url)
    if called_off == "missed":  # an hour that has not started can only be canceled
        TherapySession.objects.update(state="missed")
    else:
        browser.post(f"/sessions/{planned.pk}/cancel/")
    answer = browser.post(url, old | {"place": "Room 9"})
    assert answer.status_code == 409
    said = answer.content.decode()
    assert "already" in said and "Room 9" in said
