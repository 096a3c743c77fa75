"""Today and the caseload; their cost does not grow with the practice."""

import html
import re
from datetime import timedelta
from itertools import chain
from math import ceil

import pytest
import time_machine
from django.db import transaction
from django.utils import timezone

from appointments.models import TherapySession
from clients.models import Client, Correction
from conftest import admit
from database.identity import acting_as
from goals.models import Comment, Goal, GoalScore, Review
from overview import caseload_page as lists
from tests.cast import BUS, agreed_goal, book, hold, page_at, pinned, rate, tight


def test_thea_sees_todays_session_and_opens_it(sign_in, thea, cleo):
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    page = sign_in(thea).get("/today/").content.decode()
    assert "Cleo Hart" in page
    assert f"/sessions/{session.pk}/" in page


def test_a_session_in_progress_is_listed_once(sign_in, thea, cleo):
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    page = sign_in(thea).get(f"/clients/{cleo.pk}/").content.decode()
    assert page.count(f"/sessions/{session.pk}/move/") == 1
    assert "No note yet" not in page


def test_theo_does_not_see_theas_day_or_clients(sign_in, theo, thea, cleo):
    book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    browser = sign_in(theo)
    assert "Cleo" not in browser.get("/today/").content.decode()
    assert "Cleo" not in browser.get("/caseload/").content.decode()


def test_a_wording_waiting_for_thea_is_on_today_and_in_the_caseload(
    sign_in, thea, cleo
):
    agreed_goal(cleo, thea, by_client_only=True)
    browser = sign_in(thea)
    assert "Suggested a goal wording" in browser.get("/today/").content.decode()
    assert "Needs your agreement" in browser.get("/caseload/").content.decode()


def test_a_past_session_that_is_not_logged_asks_for_it(sign_in, thea, cleo):
    book(cleo, thea, at=timezone.now() - timedelta(days=1))
    assert "No note yet" in sign_in(thea).get("/today/").content.decode()


def test_a_past_session_of_today_says_that_its_note_is_not_signed(sign_in, thea, cleo):
    hold(cleo, thea, at=timezone.now() - timedelta(days=2), sign=False)
    assert "Note not signed" in sign_in(thea).get("/today/").content.decode()


@pytest.mark.parametrize(
    ("body", "said", "other"),
    [(None, "No note yet", "Note not signed"), ("Begun", "Note not signed", "No note")],
)
def test_a_session_without_a_signed_note_is_described_the_same_everywhere(
    sign_in, thea, cleo, body, said, other
):
    """Not begun, and begun."""
    with time_machine.travel(timezone.now().replace(hour=16, minute=0), tick=False):
        ended = timezone.now() - timedelta(hours=2)
        hold(cleo, thea, at=ended, body=body, sign=False)
        book(cleo, thea, days=2)
        if body is None:  # past, and not marked as held
            TherapySession.objects.filter(starts_at=ended).update(state="planned")
        browser = sign_in(thea)
        client = f"/clients/{cleo.pk}/"
        for url in ("/today/", client, f"{client}sessions/"):
            page = browser.get(url).content.decode()
            assert said in page and other not in page, url
            for phrase in ("not logged", "Not logged", "Unsigned", "is not signed"):
                assert phrase not in page, url
        today = browser.get("/today/").content.decode()
        assert today.count(said) == 2  # in the schedule, and beside the name
        assert "For the session today." in today


def test_the_search_matches_first_letters_and_opens_a_single_match(sign_in, thea, cleo):
    admit("Cosima", by=thea)
    browser = sign_in(thea)
    assert "Cosima" in browser.get("/caseload/?q=c").content.decode()
    assert browser.get("/caseload/?q=cleo ha").url == f"/clients/{cleo.pk}/"
    assert "No clients match" in browser.get("/caseload/?q=zzz").content.decode()


@pytest.mark.parametrize("sort", ["name", "next", "last", "status", "nonsense"])
@pytest.mark.parametrize("show", ["all", "attention", "early", "paused", "nonsense"])
def test_every_sort_order_and_filter_works(sign_in, thea, cleo, sort, show):
    book(cleo, thea, at=timezone.now() + timedelta(days=1))
    admit("Anna", by=thea)
    url = f"/caseload/?sort={sort}&show={show}"
    assert sign_in(thea).get(url).status_code == 200


def test_fewer_than_three_ratings_are_too_early_to_tell(sign_in, thea, cleo):
    book(cleo, thea, at=timezone.now() + timedelta(days=1))
    goal = agreed_goal(cleo, thea, ratings=[3, 4])
    browser = sign_in(thea)
    assert "Too early" in browser.get("/caseload/").content.decode()
    rate(goal, 2, by=thea, at=timezone.now() - timedelta(days=5))
    row = browser.get("/caseload/").content.decode().split("<tbody>")[1]
    assert "Too early" not in row


def busy(thea, many):
    """Each has a unique name; see clients/tests/test_namesakes.py."""
    before = Client.objects.count()
    for number in range(many):
        client = admit(f"Client {before + number}", by=thea, joined=False)
        agreed_goal(client, thea, ratings=[3, 4, 5, 6])
        hold(client, thea, at=timezone.now() - timedelta(days=7))
        book(client, thea, at=timezone.now() + timedelta(hours=number + 1))
        book(client, thea, at=timezone.now() - timedelta(days=1, hours=number))


@pytest.mark.parametrize(("url", "most"), [("/caseload/", 12), ("/today/", 14)])
def test_a_list_costs_the_same_with_one_client_and_with_fifty(sign_in, thea, url, most):
    browser = sign_in(thea)
    busy(thea, 1)
    one = pinned(browser, url)
    busy(thea, 49)
    assert pinned(browser, url) == one <= most
    assert Goal.objects.count() == 50


# -- more than one page ---------------------------------------------------------------


@pytest.fixture
def mixed(thea):
    """Eleven clients of every status; the later in the alphabet, the sooner booked."""
    now = timezone.now()
    for number in range(11):
        client = admit(f"Client {number:02}", by=thea, joined=number % 4 == 0)
        if number % 3:
            book(client, thea, at=now + timedelta(days=20 - number))
        else:
            hold(client, thea, at=now - timedelta(days=30 + number))
        if number % 4 == 1:
            agreed_goal(client, thea, ratings=[3, 4, 5])
        # too early: the third was withdrawn, or given by the other side
        elif number % 4 == 2:
            goal = agreed_goal(client, thea, ratings=[3, 4])
            with acting_as(thea.pk), transaction.atomic():
                at = timezone.now() - timedelta(days=4)
                goal.rate(5, by=thea, at=at).withdraw(by=thea)
            agreed_goal(client, thea, ratings=[6], content=BUS | {"own_words": "Two"})
        elif number == 4:
            agreed_goal(client, thea, by_client_only=True)
        elif number == 7:
            goal = agreed_goal(client, thea, ratings=[3, 4, 5])
            ended = {"closed_at": goal.created_at, "ended_as": "reached"}
            Goal.objects.filter(pk=goal.pk).update(**ended)
    paused = Client.objects.filter(preferred_name__in=["Client 05", "Client 08"])
    paused.update(state="paused")


def rows_of(browser, url):
    page = browser.get(url).content.decode()
    if "<tbody>" not in page:
        return []
    return tight(page).split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]


@pytest.mark.parametrize("sort", lists.SORTS)
def test_all_pages_together_are_the_unpaginated_list(
    sign_in, thea, mixed, sort, monkeypatch
):
    browser = sign_in(thea)
    for show in ("all", "attention", "early", "paused"):
        url = f"/caseload/?sort={sort}&show={show}"
        monkeypatch.setattr(lists, "A_PAGE", 100)
        whole, counted = rows_of(browser, url), counts_of(browser, url)
        monkeypatch.setattr(lists, "A_PAGE", 4)
        numbers = range(1, ceil(len(whole) / 4) + 1)
        pages = (rows_of(browser, f"{url}&page={number}") for number in numbers)
        assert [*chain.from_iterable(pages)] == whole
        assert len(whole) > 1, show
        assert counts_of(browser, f"{url}&page=2") == counted


def counts_of(browser, url):
    """The counts in heading and filters."""
    page = browser.get(url).content.decode()
    words = re.sub(r"<[^>]+>", " ", page.split("<h1>")[1].split("<table")[0])
    return re.findall(r"\d+", words)


def test_a_page_number_too_high_is_the_last_and_nonsense_the_first(
    sign_in, thea, mixed, monkeypatch
):
    monkeypatch.setattr(lists, "A_PAGE", 4)
    browser = sign_in(thea)
    first, last = (rows_of(browser, f"/caseload/?page={n}") for n in (1, 3))
    assert (len(first), len(last)) == (4, 3)
    for number, rows in (("99", last), ("-1", last), ("x", first), ("", first)):
        assert rows_of(browser, f"/caseload/?page={number}") == rows, number
    page = browser.get("/caseload/?page=3").content.decode()
    assert "Page 3 of 3" in page
    assert 'rel="next"' not in page


def test_the_search_covers_every_page_and_its_pages_keep_the_search(
    sign_in, thea, mixed, monkeypatch
):
    monkeypatch.setattr(lists, "A_PAGE", 4)
    browser = sign_in(thea)
    [found] = Client.objects.filter(preferred_name="Client 10")
    assert browser.get("/caseload/?q=client 10&page=2").url == f"/clients/{found.pk}/"
    page = tight(page_at(browser, "/caseload/?q=client&sort=next&show=all"))
    after = html.unescape(re.search(r'rel="next" href="([^"]+)"', page)[1])
    page = tight(page_at(browser, f"/caseload/{after}"))
    assert "Page 2 of 3" in page
    assert 'value="client"' in page
    assert re.search(r'aria-sort="ascending"><a[^>]*>Next session', page)


def test_a_list_of_one_page_has_no_pagination(sign_in, thea, mixed):
    assert 'class="pages"' not in sign_in(thea).get("/caseload/").content.decode()


def test_many_pages_cost_no_more_statements_than_two(sign_in, thea, monkeypatch):
    monkeypatch.setattr(lists, "A_PAGE", 4)
    browser = sign_in(thea)
    busy(thea, 5)
    two = pinned(browser, "/caseload/")
    busy(thea, 9)
    for url in ("/caseload/", "/caseload/?page=4&sort=next", "/caseload/?q=client"):
        assert pinned(browser, url) == two <= 12, url


def test_thea_who_shares_her_screen_shows_initials(sign_in, thea, cleo):
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    agreed_goal(cleo, thea, by_client_only=True)
    browser = sign_in(thea)
    answer = browser.post("/settings/initials/", {"next": "/caseload/"})
    assert answer.url == "/caseload/"
    pages = (
        "/today/",
        "/caseload/",
        f"/clients/{cleo.pk}/",
        f"/sessions/{session.pk}/",
    )
    for url in pages:
        page = browser.get(url).content.decode()
        assert "C. H." in page, url
        assert "Cleo Hart" not in page, url
    browser.post("/settings/initials/")
    for url in pages:
        assert "Cleo Hart" in browser.get(url).content.decode(), url


def pages_of_a_goal(cleo, thea) -> list[str]:
    """All of them, with a comment by Cleo on each goal."""
    goal, by = agreed_goal(cleo, thea, ratings=[3]), cleo.user
    with acting_as(by.pk), transaction.atomic():
        goal = Goal.objects.select_related("client__user").get(pk=goal.pk)
        said = Comment.say(goal, "Ten is too far", by=by)
        goal.rate(5, by=by, word="wobbly")
        goal.rate(6, by=by).withdraw(by=by)
        GoalScore.give(goal, "importance", 9, by=by)
        Review.begin(goal, by=by).answer({"goal_fits": "yes"}, by=by)
        version = goal.propose_version({"own_words": "One stop"}, by=by)
        version.differ("It is enough", by=by)
        version.suggest_next("leave", by=by)
    page = f"/goals/{goal.pk}/"
    ends = ("", "propose/", "differ/", "review/", "numbers/", "links/")
    return [
        f"/clients/{cleo.pk}/goals/add/",
        f"/goal-comments/{said.pk}/talked/",
        *(page + end for end in ends),
    ]


def test_every_page_about_cleo_shows_initials_if_chosen(sign_in, thea, cleo):
    held = hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    planned = book(cleo, thea, at=timezone.now() + timedelta(days=2))
    said = {"about": "A date", "words": "It was in May."}
    sign_in(cleo.user).post("/portal/corrections/", said)
    correction = Correction.objects.get()
    browser = sign_in(thea)
    browser.post("/settings/initials/")
    for url in (
        "/today/",
        f"/clients/{cleo.pk}/sessions/",
        f"/clients/{cleo.pk}/book/",
        f"/clients/{cleo.pk}/discharge/",
        f"/corrections/{correction.pk}/",
        f"/sessions/{held.pk}/",
        f"/sessions/{planned.pk}/",
        f"/sessions/{planned.pk}/move/",
        f"/care-roles/{cleo.pk}/",
    ):
        page = browser.get(url)
        assert page.status_code == 200, url
        assert "C." in page.content.decode(), url
        assert "Cleo" not in page.content.decode(), url
        assert "Hart" not in page.content.decode(), url


def test_no_page_of_a_goal_shows_her_name_if_initials_are_chosen(sign_in, thea, cleo):
    pages = pages_of_a_goal(cleo, thea)
    browser = sign_in(thea)
    browser.post("/settings/initials/")
    for url in pages:
        page = browser.get(url)
        assert page.status_code == 200, url
        assert "Cleo" not in page.content.decode(), url
        assert "Hart" not in page.content.decode(), url
    assert "C." in browser.get(pages[2]).content.decode()


def test_nobody_elses_pages_show_initials(sign_in, thea, theo, cleo, carl):
    sign_in(thea).post("/settings/initials/")
    assert "Carl Osei" in sign_in(theo).get("/caseload/").content.decode()
    assert sign_in(cleo.user).post("/settings/initials/").status_code == 404
