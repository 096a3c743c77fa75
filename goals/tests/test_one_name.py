"""A goal has one name on all pages of one side, and so do requests about it."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from pypdf import PdfReader

from goals.tests.test_what_is_agreed import text
from tests.cast import act, add_step, as_person, book, propose, rate
from transfer.export.pdf import draw
from transfer.export.read import read_record

HERS, THEAS = "Two stops on my own", "Six stops, alone"


@pytest.fixture
def differing(cleo, thea):
    """Each side's wording of one goal; lists would otherwise show the other's."""

    def made(first, second):
        goal = propose(cleo, first, {"own_words": HERS if first.is_client else THEAS})
        wording = THEAS if first.is_client else HERS
        act(second, goal, lambda g: g.latest.differ("Mine", wording, by=second))
        return goal

    return made


def paper(client, by) -> str:
    """The PDF export of a record, as text."""
    with as_person(by):
        pdf = draw(read_record(client, by))
    return " ".join(one.extract_text() for one in PdfReader(BytesIO(pdf)).pages)


def read_all(browser, addresses):
    return {address: text(browser.get(address)) for address in addresses}


def with_all(goal, by):
    """With a rating, a reached step, and a linked goal."""
    other = propose(goal.client, by, {"own_words": "Sleep through"})
    rate(goal, 3, by=by)
    step = add_step(goal, "Walk to the stop", by=by)
    act(by, goal, lambda g: g.steps.get(pk=step.pk).reach(by=by))
    return other


def test_theas_pages_call_a_goal_seen_differently_by_her_wording(
    differing, cleo, thea, sign_in
):
    goal = differing(cleo.user, thea)
    other = with_all(goal, thea)
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    start = f"/clients/{cleo.pk}/"
    addresses = [start, f"{start}progress/", f"{start}strengths/"]
    addresses += [f"/sessions/{session.pk}/", f"/goals/{other.pk}/links/"]
    addresses += [f"/goals/{goal.pk}/{end}/" for end in ("numbers", "comments")]
    for address, page in read_all(sign_in(thea), addresses).items():
        assert THEAS in page and HERS not in page, address


def test_cleos_pages_call_a_goal_seen_differently_by_her_wording(
    differing, cleo, thea, sign_in
):
    goal = differing(thea, cleo.user)
    other = with_all(goal, cleo.user)
    addresses = ["/portal/goals/", "/portal/progress/", "/portal/strengths/"]
    addresses += [f"/portal/goals/{other.pk}/links/"]
    addresses += [f"/portal/goals/{goal.pk}/{end}/" for end in ("numbers", "comments")]
    for address, page in read_all(sign_in(cleo.user), addresses).items():
        assert HERS in page and THEAS not in page, address


def test_an_export_calls_it_by_the_wording_of_the_exporting_side(differing, cleo, thea):
    goal = differing(thea, cleo.user)
    for person, words in ((cleo.user, HERS), (thea, THEAS)):
        page = paper(cleo, person)
        heading = page[page.index("Goals") :][: page.index("Wording history")]
        assert words in heading[: heading.index("Not in effect")], person
    assert goal.shown.own_words == THEAS


def test_events_before_the_two_wordings_have_the_name_of_their_day(
    differing, cleo, thea, sign_in
):
    goal = propose(cleo, thea, {"own_words": THEAS})
    rate(goal, 3, by=cleo.user, at=timezone.now() - timedelta(days=40))
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", HERS, by=cleo.user))
    page = text(sign_in(cleo.user).get("/portal/journey/"))
    assert THEAS in page[page.index("Rated 3") :]


# -- one timeline for both -------------------------------------------------------------


def timelines(cleo, thea, sign_in, end=""):
    """The printed timeline of Cleo and of Thea, as text."""
    for person, start in ((cleo.user, "/portal"), (thea, f"/clients/{cleo.pk}")):
        page = text(sign_in(person).get(f"{start}/journey/{end}"))
        sheet = page[page.index(" held. ") : page.index("Made in Cairn on")]
        yield re.sub(r"\d+ minutes? ago", "", sheet)


@pytest.mark.parametrize("end", ["", "print/"])
@pytest.mark.parametrize("first", ["cleo", "thea"])
def test_the_timeline_has_the_same_text_for_both(
    differing, cleo, thea, sign_in, first, end
):
    people = [cleo.user, thea] if first == "cleo" else [thea, cleo.user]
    goal = differing(*people)
    for by, value in ((cleo.user, 2), (thea, 7)):
        rate(goal, value, by=by)
    hers, theirs = timelines(cleo, thea, sign_in, end)
    assert hers == theirs
    assert f"In Cleo’s words: {HERS}" in hers
    assert f"In the therapist’s words: {THEAS}" in hers
    assert f"Cleo: Rated 2 of 10 {HERS}" in hers
    assert f"Therapist: Rated 7 of 10 {THEAS}" in hers


def test_a_rating_has_its_sides_wording_after_the_difference_is_over(
    differing, cleo, thea, sign_in
):
    goal = differing(cleo.user, thea)
    for by, value in ((cleo.user, 2), (thea, 7)):
        rate(goal, value, by=by)
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    act(thea, goal, lambda g: g.propose_version({"own_words": "Both"}, by=thea))
    act(cleo.user, goal, lambda g: g.latest.agree(by=cleo.user))
    hers, theirs = timelines(cleo, thea, sign_in)
    assert hers == theirs
    assert f"Cleo: Rated 2 of 10 {HERS}" in hers
    assert f"Therapist: Rated 7 of 10 {THEAS}" in hers
    for address in (f"/sessions/{session.pk}/", f"/clients/{cleo.pk}/"):
        page = text(sign_in(thea).get(address))
        assert f"Cleo rated 2 of 10 {HERS}" in page, address


def test_theas_page_has_cleos_ratings_in_cleos_wording(differing, cleo, thea, sign_in):
    goal = differing(cleo.user, thea)
    rate(goal, 2, by=cleo.user)
    page = text(sign_in(thea).get(f"/clients/{cleo.pk}/"))
    assert f"Cleo rated 2 of 10 {HERS}" in page


@pytest.mark.parametrize("first", ["cleo", "thea"])
def test_the_page_of_a_goal_seen_differently_has_both_wordings(
    differing, cleo, thea, sign_in, first
):
    people = [cleo.user, thea] if first == "cleo" else [thea, cleo.user]
    goal = differing(*people)
    for person, start in ((cleo.user, "/portal"), (thea, "")):
        page = text(sign_in(person).get(f"{start}/goals/{goal.pk}/"))
        page = page[: page.index("History")]
        assert HERS in page and THEAS in page, start
