"""A rating for an earlier wording says so, wherever the goal has its current name."""

from datetime import timedelta

import pytest
from django.utils import timezone

from goals.tests.test_last_agreed import week_of
from goals.tests.test_one_name import paper
from goals.tests.test_reviews import answer
from goals.tests.test_what_is_agreed import text
from tests.cast import (
    BUS,
    act,
    agree,
    agreed_goal,
    as_person,
    book,
    hold,
    propose,
    rate,
)
from ui import dates

MINE = "Your last rating was for an earlier wording."
THEIRS = "Your therapist’s last rating was for an earlier wording."
BOTH = "Both last ratings were for an earlier wording."


def ago(days):
    return timezone.now() - timedelta(days=days)


def since(thea):
    """In the chart's own words."""
    return f"New wording since {dates.short(thea.today())}."


def new_words(goal, cleo, thea, **said):
    words = BUS | {"own_words": "Two stops"} | said
    act(thea, goal, lambda g: g.propose_version(words, by=thea))
    agree(goal, cleo.user)


@pytest.fixture
def goal(cleo, thea):
    """Rated by both under the earlier wording."""
    goal = agreed_goal(cleo, thea)
    for days, value in ((9, 2), (8, 3), (7, 4)):
        rate(goal, value, by=cleo.user, at=ago(days))
    rate(goal, 6, by=thea, at=ago(6))
    new_words(goal, cleo, thea)
    return goal


def test_cleos_lists_say_which_wording_a_rating_was_for(goal, cleo, thea, sign_in):
    browser = sign_in(cleo.user)
    pages = ("/portal/goals/", f"/portal/digest/{week_of(cleo.user).pk}/")
    for address in pages:
        assert BOTH in text(browser.get(address)), address
    rate(goal, 5, by=thea)
    for address in pages:
        page = text(browser.get(address))
        assert MINE in page and BOTH not in page and THEIRS not in page
    rate(goal, 7, by=cleo.user)
    for address in pages:
        assert "earlier wording" not in text(browser.get(address))


def test_theas_page_of_cleo_says_so_of_each_side(goal, cleo, thea, sign_in):
    browser, address = sign_in(thea), f"/clients/{cleo.pk}/"
    page = text(browser.get(address))
    assert page.count("For an earlier wording.") == 2
    assert since(thea) in browser.get(address).content.decode()
    rate(goal, 5, by=thea)
    page = text(browser.get(address))
    assert page.count("For an earlier wording.") == 1
    assert "You: 5 of 10, today." in page


def test_the_timeline_counts_ratings_of_the_earlier_wording(goal, cleo, thea, sign_in):
    rate(goal, 7, by=cleo.user)
    for person, address in ((cleo.user, "/portal/journey/"),
                            (thea, f"/clients/{cleo.pk}/journey/")):  # fmt: skip
        answer = sign_in(person).get(address)
        page = text(answer)
        assert "from 2 to 7 of 10, in 4 ratings. For an earlier wording: 3." in page
        assert "too early to say. For an earlier wording: 1." in page
        assert since(thea) in answer.content.decode()


def test_progress_says_for_each_side_which_wording_it_rated(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    for days, value in ((9, 2), (8, 3), (7, 4)):
        rate(goal, value, by=thea, at=ago(days))
    rate(goal, 5, by=cleo.user, at=ago(6))
    new_words(goal, cleo, thea)
    rate(goal, 6, by=thea)
    mine = text(sign_in(cleo.user).get("/portal/progress/"))
    hers = text(sign_in(thea).get(f"/clients/{cleo.pk}/progress/"))
    assert (
        "From 2 to 6, rated by your therapist. Partly for an earlier wording. "
        "Rated once by you: 5. For an earlier wording." in mine
    )
    assert "Rated once by the client: 5. For an earlier wording." in hers
    rate(goal, 7, by=cleo.user)
    mine = text(sign_in(cleo.user).get("/portal/progress/"))
    assert "the last time 7. Partly for an earlier wording." in mine


def test_progress_says_that_the_wording_changed_in_between(goal, cleo, thea, sign_in):
    for person, address in ((cleo.user, "/portal/progress/"),
                            (thea, f"/clients/{cleo.pk}/progress/")):  # fmt: skip
        page = text(sign_in(person).get(address))
        assert "From 2 to 4, rated by" in page
        assert "For an earlier wording." in page
    rate(goal, 7, by=cleo.user)
    page = text(sign_in(cleo.user).get("/portal/progress/"))
    assert "From 2 to 7, rated by you. Partly for an earlier wording." in page


def test_the_review_and_reached_pages_say_so_for_each_rating(goal, cleo, thea, sign_in):
    browser = sign_in(thea)
    rate(goal, 5, by=thea)
    page = text(browser.post(f"/goals/{goal.pk}/review/begin/", follow=True))
    assert "Cleo: 4 of 10 now, 2 at the start. For an earlier wording." in page
    assert "You: 5 of 10. You" not in page and "6 at first" not in page
    rate(goal, 7, by=cleo.user)
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/review/"))
    assert "You: 7 of 10." in page and "earlier wording" not in page
    for by in (cleo.user, thea):
        answer(goal, by, choice="reached")
    for reads, address, name in (
        (browser, "/goals", "Cleo"),
        (sign_in(cleo.user), "/portal/goals", "You"),
    ):
        page = text(reads.get(f"{address}/{goal.pk}/reached/"))
        numbers, carried = page.split("What helped")
        assert f"{name}: 7 of 10." in numbers and "earlier wording" not in numbers
        said = f"{name}: from 2 to 7 4 ratings. For an earlier wording: 3."
        assert said in carried


def test_a_goal_reached_under_a_new_wording_says_whose_rating_is_old(
    goal, cleo, thea, sign_in
):
    for by in (cleo.user, thea):
        answer(goal, by, choice="reached")
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/reached/"))
    assert "You: 4 of 10. For an earlier wording." in page
    assert "Your therapist: 6 of 10. For an earlier wording." in page


def test_the_pdf_of_an_export_says_so_and_one_day_is_no_change(
    goal, cleo, thea, sign_in
):
    said = paper(cleo, thea)
    assert "3 ratings: 2 (" in said and "For an earlier wording: 3" in said
    assert "1 rating: 6 (" in said and "For an earlier wording: 1" in said
    today = dates.with_year(thea.today())
    for value in (8, 9):
        rate(goal, value, by=cleo.user)
    said = paper(cleo, thea)
    assert f"5 ratings: 2 ({dates.with_year(ago(9).date())}) → 9 ({today})" in said
    sleep = agreed_goal(cleo, thea, content={"own_words": "Sleep"})
    for value in (5, 7):
        rate(sleep, value, by=cleo.user)
    said = paper(cleo, thea)
    assert f"2 ratings: 7 ({today}), too early to say" in said


def card(browser, session):
    """What the session screen says about its one goal."""
    page = text(browser.get(f"/sessions/{session.pk}/"))
    return page[page.index("Two stops") :].split("No change")[0]


def test_the_session_says_which_rating_was_for_an_earlier_wording(
    goal, cleo, thea, sign_in
):
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    browser = sign_in(thea)
    assert card(browser, session).count(", for an earlier wording") == 2
    rate(goal, 5, by=cleo.user)
    said = card(browser, session)
    assert "Cleo: 5, today ·" in said
    assert "You: 6" in said and said.count(", for an earlier wording") == 1
    rate(goal, 5, by=thea)
    assert "earlier wording" not in card(browser, session)


def test_a_session_before_the_new_wording_has_no_earlier_wording(
    goal, cleo, thea, sign_in
):
    session = book(cleo, thea, at=ago(2))
    assert "earlier wording" not in text(sign_in(thea).get(f"/sessions/{session.pk}/"))
    hold(cleo, thea, at=ago(1))
    past = hold(cleo, thea, at=ago(3))
    for person, start in ((thea, ""), (cleo.user, "/portal")):
        page = text(sign_in(person).get(f"{start}/sessions/{past.pk}/"))
        assert "Last rated by" in page and "earlier wording" not in page


def test_a_past_session_says_so_for_each_rating_to_both(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    rate(goal, 4, by=cleo.user, at=ago(2))
    rate(goal, 6, by=thea, at=ago(1))
    new_words(goal, cleo, thea)
    session = hold(cleo, thea, at=timezone.now() - timedelta(minutes=49))
    for person, start in ((thea, ""), (cleo.user, "/portal")):
        page = text(sign_in(person).get(f"{start}/sessions/{session.pk}/"))
        assert "Two stops" in page, start
        assert page.count(", for an earlier wording") == 2, start


def test_a_change_since_last_session_says_which_rating_was_for_another_wording(
    cleo, thea, sign_in
):
    goal = agreed_goal(cleo, thea)
    rate(goal, 2, by=cleo.user, at=ago(10))
    new_words(goal, cleo, thea)
    rate(goal, 6, by=cleo.user)
    page = text(sign_in(thea).get(f"/digest/{week_of(thea).pk}/"))
    moved = page.split("What changed")[1]
    assert "Cleo: 6, was 2" in moved
    assert "The number before was for an earlier wording." in moved


def test_a_change_under_the_same_wording_mentions_no_other(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    rate(goal, 2, by=cleo.user, at=ago(10))
    rate(goal, 6, by=cleo.user, at=ago(0))
    new_words(goal, cleo, thea)
    page = text(sign_in(thea).get(f"/digest/{week_of(thea).pk}/"))
    assert "Cleo: 6, was 2" in page and "earlier wording" not in page


def everywhere(cleo, thea, sign_in):
    week = week_of(cleo.user).pk
    for person, address in (
        (cleo.user, "/portal/goals/"), (cleo.user, f"/portal/digest/{week}/"),
        (cleo.user, "/portal/journey/"), (cleo.user, "/portal/progress/"),
        (thea, f"/clients/{cleo.pk}/"), (thea, f"/clients/{cleo.pk}/progress/"),
    ):  # fmt: skip
        yield address, text(sign_in(person).get(address))


def test_other_details_with_the_same_wording_are_no_earlier_wording(
    cleo, thea, sign_in
):
    goal = agreed_goal(cleo, thea)
    rate(goal, 3, by=cleo.user, at=ago(3))
    new_words(goal, cleo, thea, own_words=BUS["own_words"], high_end="often")
    assert "earlier wording" not in paper(cleo, thea)
    for address, page in everywhere(cleo, thea, sign_in):
        assert "earlier wording" not in page, address
        assert "New wording" not in page, address


def test_ratings_of_a_mere_proposal_are_told_apart(cleo, thea, sign_in):
    """Nothing was agreed before: the rated wording was Cleo's proposal."""
    goal = propose(cleo, cleo.user)
    rate(goal, 3, by=cleo.user)
    new_words(goal, cleo, thea)
    assert MINE in text(sign_in(cleo.user).get("/portal/goals/"))
    assert "For an earlier wording: 1" in paper(cleo, thea)


def test_each_side_has_its_own_wording_while_the_two_differ(cleo, thea, sign_in):
    goal = propose(cleo, thea, BUS)
    rate(goal, 3, by=cleo.user)
    with as_person(cleo.user):
        goal.latest.goal = goal
        goal.latest.differ("Slower", "One stop", by=cleo.user)
    assert MINE in text(sign_in(cleo.user).get("/portal/goals/"))
    rate(goal, 4, by=cleo.user)
    assert MINE not in text(sign_in(cleo.user).get("/portal/goals/"))


def test_many_changed_goals_cost_no_query_each(cleo, thea, sign_in):
    from goals.tests.test_agreed_again import queries_of

    def one():
        goal = agreed_goal(cleo, thea)
        rate(goal, 3, by=cleo.user, at=ago(3))
        new_words(goal, cleo, thea)

    one()
    week = week_of(cleo.user).pk
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    past = hold(cleo, thea, at=timezone.now() - timedelta(minutes=49))
    pages = [(sign_in(thea), f"/sessions/{session.pk}/"),
             (sign_in(thea), f"/sessions/{past.pk}/"),
             (sign_in(cleo.user), f"/portal/sessions/{past.pk}/"),
             (sign_in(cleo.user), "/portal/goals/"),
             (sign_in(cleo.user), f"/portal/digest/{week}/"),
             (sign_in(cleo.user), "/portal/progress/"),
             (sign_in(thea), f"/clients/{cleo.pk}/")]  # fmt: skip
    first = [queries_of(browser, address) for browser, address in pages]
    for _more in range(3):
        one()
    assert [queries_of(browser, address) for browser, address in pages] == first
