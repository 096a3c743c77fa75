"""Imported data says so, without a time that nobody entered."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from goals.models import GoalRating
from goals.models.brought import import_goals
from goals.tests.test_last_agreed import week_of
from goals.tests.test_one_name import paper
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import act, agree, as_person, book, hold, page_at, propose, rate

LIST = "rom an imported list"  # From, from
WORDS = "Sleep through"


@pytest.fixture
def goal(cleo, thea):
    """As imported: a goal, and a rating at noon from before the import."""
    at = timezone.localtime() - timedelta(days=21)
    with as_person(thea):
        [goal] = import_goals([(cleo, WORDS)], by=thea)
        noon = at.replace(hour=12, minute=0)
        GoalRating.import_many([(goal, 6, noon, None)], by=thea)
    return goal


def test_both_read_that_the_goal_was_imported(goal, cleo, thea, sign_in):
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{goal.pk}/"))
        assert "From an imported list, added today, not agreed yet." in page
        panel = page[page.index("Proposal, version 1") :][:120]
        assert "from an imported list" in panel
        assert "proposed by" not in page and "suggests a wording" not in page
    for person, address in (
        (cleo.user, "/portal/goals/"), (thea, f"/clients/{cleo.pk}/"),
        (cleo.user, "/portal/journey/"), (thea, f"/clients/{cleo.pk}/journey/"),
    ):  # fmt: skip
        page = text(sign_in(person).get(address))
        assert "From an imported list, added" in page, address
    assert LIST in paper(cleo, thea)


def test_nobody_is_named_as_the_author_of_imported_ratings(goal, cleo, thea, sign_in):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=14))
    browser = sign_in(thea)
    page = text(browser.get(f"/goals/{goal.pk}/"))
    assert "You rated" not in page and "12:00" not in page
    assert "6, " in page and ", from an imported list. Remove my rating" in page
    assert "You: One rating so far" not in page
    page = text(browser.get(f"/sessions/{session.pk}/"))
    assert "rated by you" not in page and LIST in page
    page = text(browser.get(f"/clients/{cleo.pk}/"))
    assert "You: 6 of 10" not in page and "Therapist: 6 of 10" not in page
    assert "From an imported list: 6 of 10" in page
    page = text(sign_in(cleo.user).get(f"/portal/sessions/{session.pk}/"))
    assert "rated by Thea" not in page and LIST in page


def test_a_session_page_says_where_the_last_rating_comes_from(
    goal, cleo, thea, sign_in
):
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    page = text(sign_in(thea).get(f"/sessions/{session.pk}/"))
    card = page[page.index(WORDS) :][:120]
    assert "From an imported list: 6" in card and "You: 6" not in card


def test_what_is_added_here_afterwards_has_its_author(goal, cleo, thea, sign_in):
    rate(goal, 7, by=thea)
    act(thea, goal, lambda g: g.propose_version({"own_words": "Sleep well"}, by=thea))
    agree(goal, cleo.user)
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    assert "You rated 7, " in page
    assert page.count("proposed by Thea") == 1  # version 2
    assert page.count("from an imported list, today") == 1  # version 1


def test_a_rating_given_in_a_session_has_no_time_of_day(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=3))
    with as_person(thea):
        GoalRating.give({goal: 7}, by=thea, session=session, at=session.ends_at)
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    said = page[page.index("You rated 7") :][:60]
    assert said.startswith("You rated 7 in the session, ")
    assert ":" not in said


def test_figures_computed_from_a_list_say_so_to_both(goal, cleo, thea, sign_in):
    """Three imported days are enough for a trend; nobody is named as the author."""
    with as_person(thea):
        days = [timezone.now() - timedelta(days=days) for days in (14, 7)]
        ratings = [
            (goal, value, at, None) for value, at in zip((2, 4), days, strict=True)
        ]
        GoalRating.import_many(ratings, by=thea)
    agree(goal, cleo.user)
    rate(goal, 5, by=thea)
    for person, start in ((cleo.user, "/portal"), (thea, f"/clients/{cleo.pk}")):
        browser = sign_in(person)
        assert "From an imported list: 3." in text(browser.get(f"{start}/progress/"))
        page = text(browser.get(f"{start}/journey/"))
        assert "in 4 ratings. From an imported list: 3." in page
        assert "From an imported list: Rated" in page and "Rated 5 of 10" in page
        assert "Therapist: Rated 5 of 10" in page


def test_home_says_that_nobody_proposed_it(goal, cleo, sign_in):
    page = text(sign_in(cleo.user).get("/portal/"))
    assert "A goal from an imported list" in page and WORDS in page
    assert "proposes a goal" not in page


def test_a_new_wording_for_it_has_its_proposer(goal, cleo, thea, sign_in):
    act(thea, goal, lambda g: g.propose_version({"own_words": "Sleep well"}, by=thea))
    assert "Thea suggests a new wording" in text(sign_in(cleo.user).get("/portal/"))


def test_declining_it_does_not_mention_a_persons_suggestion(goal, cleo, sign_in):
    browser = sign_in(cleo.user)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    assert "Thea’s suggestion" not in text(browser.get("/portal/goals/"))
    assert "suggestion" not in text(browser.get(f"/portal/goals/{goal.pk}/"))


def bring(goal, by, *values):
    """One rating a day, the last one yesterday."""
    at = timezone.localtime().replace(hour=12, minute=0)
    with as_person(by):
        for ago, value in enumerate(reversed(values), 1):
            row = (goal, value, at - timedelta(days=ago), None)
            GoalRating.import_many([row], by=by)


def test_no_page_says_that_a_therapist_gave_an_imported_rating(
    goal, cleo, thea, sign_in
):
    """All ratings of that side were imported."""
    bring(goal, thea, 4, 7)
    agree(goal, cleo.user)
    week = week_of(cleo.user).pk
    for person, address in (
        (cleo.user, "/portal/goals/"), (cleo.user, f"/portal/goals/{goal.pk}/"),
        (cleo.user, f"/portal/digest/{week}/"), (cleo.user, "/portal/progress/"),
        (cleo.user, "/portal/journey/"), (thea, f"/goals/{goal.pk}/"),
        (thea, f"/clients/{cleo.pk}/"), (thea, f"/clients/{cleo.pk}/progress/"),
        (thea, f"/clients/{cleo.pk}/journey/"), (thea, f"/digest/{week_of(thea).pk}/"),
    ):  # fmt: skip
        page = text(sign_in(person).get(address))
        assert "mported list" in page or "7" not in page, address
        for said in ("Your therapist: 7", "Your therapist’s last rating", "by the ther",
                     "by your ther", "Therapist: ", "You: 7", "Thea: 7"):  # fmt: skip
            assert said not in page, (address, said)
    row = sign_in(thea).get("/caseload/").content.decode()
    assert '<b>7</b> <span class="by">imported list</span>' in row
    assert "Thea, 3 ratings" not in paper(cleo, thea)
    assert "From an imported list, 3 ratings" in paper(cleo, thea)


def test_an_own_rating_is_said_to_come_after_the_imported_ones(
    goal, cleo, thea, sign_in
):
    agree(goal, cleo.user)
    rate(goal, 8, by=thea)
    mine = text(sign_in(cleo.user).get("/portal/goals/"))
    assert "Your therapist’s last rating: 8." in mine
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/"))
    assert "You: 8 of 10, today." in page
    row = sign_in(thea).get("/caseload/").content.decode()
    assert '<b>8</b> <span class="by">therapist</span>' in row


def test_a_review_says_which_ratings_were_imported(goal, cleo, thea, sign_in):
    bring(goal, thea, 4, 7)
    agree(goal, cleo.user)
    browser = sign_in(thea)
    begun = f"/goals/{goal.pk}/review/begin/"
    page = text(browser.post(begun, follow=True))
    assert "Imported list: 7 of 10 now, 6 at the start." in page
    rate(goal, 8, by=thea)
    page = text(browser.get(f"/goals/{goal.pk}/review/"))
    assert "You: 8 of 10." in page and "at first" not in page


def test_the_import_does_not_say_that_a_person_proposes_the_goals(thea, sign_in):
    page = text(sign_in(thea).get("/caseload/import/"))
    assert "They need the client’s agreement" in page
    assert "proposed by" not in page


@pytest.fixture
def rated(goal, cleo, thea):
    """6, 4 and 7 were imported, the last one yesterday; and both agreed."""
    bring(goal, thea, 4, 7)
    agree(goal, cleo.user)
    return goal


def test_the_page_of_a_goal_says_how_many_were_imported(rated, cleo, thea, sign_in):
    pages = ((thea, f"/goals/{rated.pk}/"), (cleo.user, f"/portal/goals/{rated.pk}/"))
    for person, address in pages:  # all of them: the label says so
        assert "From an imported list: 3." not in text(sign_in(person).get(address))
    rate(rated, 8, by=thea)
    for person, address in pages:
        assert "From an imported list: 3." in text(sign_in(person).get(address))


def test_an_imported_rating_is_nobodys_last_rating(rated, cleo, thea, sign_in):
    browser, page = sign_in(thea), f"/goals/{rated.pk}/"
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    assert not re.search(r'class="n\d+ last"', page_at(browser, page))
    said = page_at(browser, f"/sessions/{session.pk}/")
    assert not re.search(r'class="n\d+ last"', said) and "No change" not in said
    rate(rated, 8, by=thea)
    assert re.findall(r'class="n(\d+) last"', page_at(browser, page)) == ["8"]
    said = page_at(browser, f"/sessions/{session.pk}/")
    assert re.findall(r'class="n(\d+) last"', said) == ["8"]
    assert "No change, 8" in said


def test_the_reached_page_says_which_ratings_were_imported(rated, cleo, thea, sign_in):
    rate(rated, 9, by=thea, at=timezone.now() - timedelta(days=5))
    for by in (cleo.user, thea):
        answer(rated, by, choice="reached")
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{rated.pk}/reached/"))
        assert "Imported list: 7 of 10." in page
        assert "4 ratings. From an imported list: 3." in page


def test_the_week_says_that_the_earlier_rating_was_imported(goal, cleo, thea, sign_in):
    agree(goal, cleo.user)
    rate(goal, 8, by=thea)
    page = text(sign_in(thea).get(f"/digest/{week_of(thea).pk}/"))
    assert "You: 8, was 6 in an imported list" in page


def test_the_pdf_says_how_many_ratings_of_a_line_were_imported(rated, cleo, thea):
    rate(rated, 8, by=thea)
    said = paper(cleo, thea)
    assert "Thea, 4 ratings: " in said and "From an imported list: 3" in said
