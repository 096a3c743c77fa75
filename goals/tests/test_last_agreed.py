"""Cleo and Thea agreed, one withdrew, a new wording is proposed: every page calls the
goal by the agreed wording until both agree to a new one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from digests.models import Digest
from goals.models import Goal
from goals.tests.test_one_name import paper
from goals.tests.test_what_is_agreed import text
from tests.cast import (
    BUS,
    act,
    add_step,
    agree,
    agreed_goal,
    as_person,
    book,
    propose,
    rate,
    reach,
    strengths_of,
)

WORD = "the long way home at night"
OLD, NEW = BUS["own_words"], "Take the tram to the sea"
DAY = timedelta(days=1)


@pytest.fixture
def goal(cleo, thea):
    """With a rating, a step, a strength and a linked goal; then Cleo withdrew and Thea
    proposed a new wording, to which nobody else agreed."""
    goal = agreed_goal(cleo, thea)
    for by, value in ((cleo.user, 5), (thea, 6)):
        rate(goal, value, by=by)
    reach(add_step(goal, "Two stops", by=cleo.user), by=cleo.user)
    strengths_of(cleo, thea, goal=goal)
    act(cleo.user, goal, lambda g: g.in_force.withdraw_key("Not now", by=cleo.user))
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    return goal


def week_of(person):
    now = timezone.now()
    return Digest.objects.create(
        practice=person.practice, recipient=person, period="2026-W01",
        starts_at=now - 3 * DAY, ends_at=now + 4 * DAY, made_at=now - DAY,
    )  # fmt: skip


def read(browser, *addresses) -> dict[str, str]:
    return {address: text(browser.get(address)) for address in addresses}


def test_cleos_pages_call_the_goal_by_the_last_agreed_wording(goal, cleo, sign_in):
    other = propose(cleo, cleo.user, {"own_words": "Sleep through"})
    browser = sign_in(cleo.user)
    named = read(
        browser, "/portal/goals/", "/portal/strengths/", "/portal/progress/",
        "/portal/journey/", "/portal/journey/print/",
        f"/portal/goals/{other.pk}/links/",
        *(f"/portal/goals/{goal.pk}/{end}/" for end in ("numbers", "comments")),
    )  # fmt: skip
    for address, page in named.items():
        assert OLD in page and NEW not in page, address
    week = text(browser.get(f"/portal/digest/{week_of(cleo.user).pk}/"))
    waiting, rated = week.split(" Ratings ", 1)
    assert NEW in waiting and OLD in rated and NEW not in rated
    assert NEW in text(browser.get("/portal/"))  # what she is asked to agree to


def test_theas_pages_call_the_goal_by_the_last_agreed_wording(
    goal, cleo, thea, sign_in
):
    other = propose(cleo, thea, {"own_words": "Sleep through"})
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    start = f"/clients/{cleo.pk}/"
    named = read(
        sign_in(thea), start, f"{start}progress/", f"{start}journey/",
        f"{start}journey/print/", f"{start}strengths/", f"/sessions/{session.pk}/",
        f"/goals/{other.pk}/links/",
        *(f"/goals/{goal.pk}/{end}/" for end in ("numbers", "comments")),
    )  # fmt: skip
    for address, page in named.items():
        assert OLD in page and NEW not in page, address


@pytest.mark.parametrize("withdraws", ["cleo", "thea"])
@pytest.mark.parametrize("proposes", ["cleo", "thea"])
def test_the_goal_page_shows_the_old_wording_beside_its_replacement(
    cleo, thea, sign_in, withdraws, proposes
):
    people = {"cleo": cleo.user, "thea": thea}
    goal = agreed_goal(cleo, thea)
    first, second = people[withdraws], people[proposes]
    act(first, goal, lambda g: g.in_force.withdraw_key("Not now", by=first))
    act(second, goal, lambda g: g.propose_version({"own_words": NEW}, by=second))
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        answer = sign_in(person).get(f"{start}/goals/{goal.pk}/")
        page = text(answer)
        before = page[: page.index("Proposal, version 2")]
        assert "The last agreed wording" in before and OLD in before
        assert "The agreed goal" not in page
        assert "<ins>tram" in answer.content.decode()


def test_on_theas_device_cleo_reads_both_wordings(goal, cleo, thea, sign_in):
    cleo.user.set_password(WORD)
    cleo.user.save()
    browser = sign_in(thea)
    browser.post(f"/goals/{goal.pk}/hand-over/")
    browser.post("/sign-in/", {"login": cleo.user.email, "password": WORD})
    page = text(browser.get("/portal/", follow=True))
    assert "Last agreed" in page and "Agreed now" not in page
    assert OLD.split()[-1] in page and NEW.split()[-1] in page


def test_the_record_export_calls_it_by_the_last_agreed_wording(goal, cleo, thea):
    page = " ".join(paper(cleo, cleo.user).split())
    heading = page[page.index("Goals ") :][: page.index("Wording history")]
    assert OLD in heading[: heading.index("The earlier agreement was withdrawn")]


def test_no_list_says_that_the_earlier_wording_was_proposed_today(
    goal, cleo, thea, sign_in
):
    said = "A new wording was proposed today. The earlier agreement was withdrawn."
    pages = read(sign_in(cleo.user), "/portal/goals/")
    pages |= read(sign_in(thea), f"/clients/{cleo.pk}/", f"/goals/{goal.pk}/")
    for address, page in pages.items():
        assert said in page and "Proposed today" not in page, address
    assert "A new wording is proposed, not in effect" in paper(cleo, thea)


def test_a_declined_proposal_leaves_the_goal_its_agreed_name(goal, cleo, thea, sign_in):
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    assert Goal.objects.get(pk=goal.pk).is_open
    pages = read(sign_in(cleo.user), "/portal/goals/", "/portal/journey/")
    pages |= read(sign_in(thea), f"/clients/{cleo.pk}/")
    for address, page in pages.items():
        assert OLD in page and NEW not in page, address


def test_once_agreed_the_new_wording_names_it(goal, cleo, thea, sign_in):
    agree(goal, cleo.user)
    page = text(sign_in(cleo.user).get("/portal/goals/"))
    assert NEW in page and OLD not in page


def test_withdrawn_twice_the_last_wording_in_effect_names_it(goal, cleo, thea):
    agree(goal, cleo.user)
    act(thea, goal, lambda g: g.in_force.withdraw_key("No", by=thea))
    act(
        cleo.user, goal, lambda g: g.propose_version({"own_words": "Run"}, by=cleo.user)
    )
    with as_person(thea):
        assert Goal.objects.get(pk=goal.pk).shown.own_words == NEW


def test_a_first_proposal_is_called_by_the_newest_wording(cleo, thea):
    """A wording agreed by one side only names nothing once that side changes it."""
    goal = propose(cleo, thea)
    act(cleo.user, goal, lambda g: g.propose_version({"own_words": NEW}, by=cleo.user))
    with as_person(thea):
        assert Goal.objects.get(pk=goal.pk).shown.own_words == NEW


# -- earlier events have the wording of their time -------------------------------------


def test_a_step_has_the_wording_of_the_day_it_was_reached(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    reach(add_step(goal, "Two stops", by=cleo.user), by=cleo.user)
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    agree(goal, cleo.user)
    for person, url in ((cleo.user, "/portal/strengths/"),
                        (thea, f"/clients/{cleo.pk}/strengths/")):  # fmt: skip
        page = text(sign_in(person).get(url))
        step = page[page.index("A step:") :][:60]
        assert OLD in step and NEW not in step, url


@pytest.mark.parametrize("agreed", [True, False])
def test_a_rating_of_the_same_day_has_the_wording_it_was_given_to(
    cleo, thea, sign_in, agreed
):
    """Also on the timeline, where lines have only a date."""
    goal = agreed_goal(cleo, thea)
    rate(goal, 2, by=cleo.user)
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    if agreed:
        agree(goal, cleo.user)
    for person, url in ((cleo.user, "/portal/journey/"),
                        (thea, f"/clients/{cleo.pk}/journey/")):  # fmt: skip
        page = text(sign_in(person).get(url))
        rated = page[page.index("Rated 2 of 10") :][: 12 + len(OLD) + 4]
        assert OLD in rated, url


def test_a_month_is_summarized_separately_if_the_wording_changed(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    for value in (5, 7):
        rate(goal, value, by=thea)
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    rate(goal, 6, by=thea)  # the old wording is in effect until both agree
    agree(goal, cleo.user)
    for value in (2, 3):
        rate(goal, value, by=thea)
    for person, url in ((cleo.user, "/portal/journey/"),
                        (thea, f"/clients/{cleo.pk}/journey/")):  # fmt: skip
        page = text(sign_in(person).get(url))
        assert f"Rated 3 times, from 5 to 6, between 5 and 7 {OLD}" in page
        assert f"Rated 2 times, from 2 to 3 {NEW}" in page


def test_cleos_home_has_her_last_rating_with_the_wording_it_was_given_to(
    cleo, thea, sign_in
):
    goal = propose(cleo, cleo.user, BUS)
    rate(goal, 4, by=cleo.user)
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    page = text(sign_in(cleo.user).get("/portal/"))
    good = page[: page.index("You rated it 4")]
    assert good.rstrip().endswith(OLD)


def test_a_comment_has_the_wording_of_its_time(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    sign_in(cleo.user).post(
        f"/portal/goals/{goal.pk}/comments/", {"words": "It was cold"}
    )
    act(thea, goal, lambda g: g.propose_version({"own_words": NEW}, by=thea))
    agree(goal, cleo.user)
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/"))
    said = page[page.index("Cleo commented on a goal") :][: 25 + len(OLD)]
    assert OLD in said
    assert session.pk


def test_two_who_differ_call_it_by_the_last_agreed_wording(cleo, thea, sign_in):
    """Nothing is in effect, and each has their own wording."""
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.latest.withdraw_key("No", by=thea))
    act(thea, goal, lambda g: g.propose_version({"own_words": "Run"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("Slower", "Walk", by=cleo.user))
    for person, address in (
        (cleo.user, "/portal/goals/"), (thea, f"/clients/{cleo.pk}/"),
        (cleo.user, "/portal/journey/"), (thea, f"/clients/{cleo.pk}/journey/"),
        (cleo.user, "/portal/progress/"), (thea, f"/clients/{cleo.pk}/progress/"),
    ):  # fmt: skip
        page = text(sign_in(person).get(address))
        assert BUS["own_words"] in page, address
        assert "Run" not in page and "Walk" not in page, address
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{goal.pk}/"))
        assert "Run" in page and "Walk" in page and BUS["own_words"] in page
        assert f"Goals\n{BUS['own_words']}" in paper(cleo, person)
