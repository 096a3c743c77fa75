"""A goal has one name on all pages of one side, and so has what is asked of it."""

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
    """Cleo's and Thea's words for one goal; what lists would show is the other's."""

    def made(first, second):
        goal = propose(cleo, first, {"own_words": HERS if first.is_client else THEAS})
        wording = THEAS if first.is_client else HERS
        act(second, goal, lambda g: g.latest.differ("Mine", wording, by=second))
        return goal

    return made


def paper(client, by) -> str:
    """The PDF of a record, as text."""
    with as_person(by):
        pdf = draw(read_record(client, by))
    return " ".join(one.extract_text() for one in PdfReader(BytesIO(pdf)).pages)


def read_all(browser, addresses):
    return {address: text(browser.get(address)) for address in addresses}


def with_all(goal, by):
    """A rating, a step that was reached, and another goal linked to it."""
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
    addresses = [start, *(f"{start}{end}/" for end in ("progress", "journey"))]
    addresses += [f"{start}journey/print/", f"{start}strengths/"]
    addresses += [f"/sessions/{session.pk}/", f"/goals/{other.pk}/links/"]
    addresses += [f"/goals/{goal.pk}/{end}/" for end in ("numbers", "comments")]
    for address, page in read_all(sign_in(thea), addresses).items():
        assert THEAS in page and HERS not in page, address


def test_cleos_pages_call_a_goal_seen_differently_by_her_wording(
    differing, cleo, thea, sign_in
):
    goal = differing(thea, cleo.user)
    other = with_all(goal, cleo.user)
    addresses = ["/portal/goals/", "/portal/progress/", "/portal/journey/"]
    addresses += ["/portal/journey/print/", "/portal/strengths/"]
    addresses += [f"/portal/goals/{other.pk}/links/"]
    addresses += [f"/portal/goals/{goal.pk}/{end}/" for end in ("numbers", "comments")]
    for address, page in read_all(sign_in(cleo.user), addresses).items():
        assert HERS in page and THEAS not in page, address


def test_a_copy_of_the_record_calls_it_as_the_side_that_made_it_does(
    differing, cleo, thea
):
    goal = differing(thea, cleo.user)
    for person, words in ((cleo.user, HERS), (thea, THEAS)):
        page = paper(cleo, person)
        heading = page[page.index("Goals") :][: page.index("Its wordings")]
        assert words in heading[: heading.index("Not in effect")], person
    assert goal.shown.own_words == THEAS


def test_what_was_before_two_wordings_keeps_the_name_of_its_day(
    differing, cleo, thea, sign_in
):
    goal = propose(cleo, thea, {"own_words": THEAS})
    rate(goal, 3, by=cleo.user, at=timezone.now() - timedelta(days=40))
    act(cleo.user, goal, lambda g: g.latest.differ("Mine", HERS, by=cleo.user))
    page = text(sign_in(cleo.user).get("/portal/journey/"))
    assert THEAS in page[page.index("Rated 3") :]
