"""Details that two pages described differently."""

from datetime import timedelta

from django.utils import timezone

from appointments.models import TherapySession
from goals.tests.test_ratings_by_side import week_of
from goals.tests.test_what_is_agreed import text
from tests.cast import (
    add_step,
    agreed_goal,
    book,
    hold,
    page_at,
    propose,
    rate,
    reach,
)


def test_a_step_reached_by_mistake_can_be_undone_after_a_reload(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    first, second = (add_step(goal, words, by=thea) for words in ("One", "Two"))
    reach(first, by=cleo.user)
    reach(second, by=cleo.user, at=timezone.now() + timedelta(seconds=1))
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        browser = sign_in(person)
        page = page_at(browser, f"{start}/goals/{goal.pk}/")
        assert page.count("Mark as not reached") == 1
        assert f'action="{start}/steps/{second.pk}/undo/"' in page
    browser.post(f"/steps/{second.pk}/undo/")
    second.refresh_from_db()
    assert second.reached_at is None


def test_a_missed_session_is_called_so_on_each_page(cleo, thea, sign_in):
    session = book(cleo, thea, at=timezone.now() - timedelta(days=2))
    TherapySession.objects.filter(pk=session.pk).update(state="missed")
    browser = sign_in(cleo.user)
    for address in ("/portal/sessions/", f"/portal/sessions/{session.pk}/"):
        page = text(browser.get(address))
        assert "Missed" in page and "Did not take place" not in page


def test_a_session_stays_on_cleos_week_after_it_was_held(cleo, thea, sign_in):
    week = week_of(cleo.user)
    hold(cleo, thea, at=timezone.now() - timedelta(minutes=30), body=None)
    page = text(sign_in(cleo.user).get(f"/portal/digest/{week.pk}/"))
    assert "With Thea, Room 2" in page


def test_the_caseload_counts_a_goal_in_effect_before_a_proposal(cleo, thea, sign_in):
    rate(agreed_goal(cleo, thea), 5, by=cleo.user, at=timezone.now() - timedelta(1))
    rate(propose(cleo, cleo.user, {"own_words": "Paint"}), 2, by=cleo.user)
    row = page_at(sign_in(thea), "/caseload/").split("<tbody>")[1]
    assert "<b>5</b>" in row and "<b>2</b>" not in row
