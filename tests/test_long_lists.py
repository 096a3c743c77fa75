"""Thousands of rows of one kind: a limit refuses more in plain words, or the page shows
the newest, says so, and takes no more statements than before."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import CrisisLine
from accounts.models.practice import MOST_LINES
from appointments.models import MOST as MOST_SESSIONS
from appointments.models import TherapySession
from clients.models import (
    CareRole,
    Client,
    Correction,
    SupervisionComment,
    correction,
    supervision,
)
from clients.two_keys import MOST_TURNS
from conftest import as_role, in_care, person
from database.identity import acting_as
from goals.models import (
    Agreement,
    Comment,
    Goal,
    GoalLink,
    GoalMove,
    GoalRating,
    GoalScore,
    GoalVersion,
    Step,
    Strength,
    Win,
    comment,
    rating,
    score,
)
from goals.models.goal import MOST_GOALS, MOST_OPEN, MOST_VERSIONS
from goals.models.link import MOST as MOST_LINKS
from goals.models.step import MOST as MOST_STEPS
from goals.models.step import MOST_OPEN as MOST_STEPS_OF_ALL
from goals.strengths.models import win
from goals.strengths.models.strength import MOST as MOST_STRENGTHS
from notes.models import NoteAddition, ProgressNote
from notes.models.note_addition import MOST as MOST_ADDITIONS
from notes.tests.test_session import booking
from tests.cast import agreed_goal, hold, list_of, pinned
from toolkit.models import Assignment

HOUR = timedelta(hours=1)


def put(rows):
    """Many rows at once, past the triggers that would look at each."""
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        type(rows[0]).objects.bulk_create(rows, batch_size=1000)
    return rows


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea, ratings=[4, 5])


def of(client, **more):
    return {"practice_id": client.practice_id, "client_id": client.pk, **more}


def ago(number):
    return timezone.now() - number * HOUR


def many_goals(cleo, thea, number, *, closed=False):
    said = {"closed_at": timezone.now(), "ended_as": "aside"} if closed else {}
    goals = put([Goal(**of(cleo), **said) for _ in range(number)])
    versions = put(
        [
            GoalVersion(
                **of(cleo, goal=goal), number=1, own_words=f"Goal {n}", fingerprint="x",
                proposed_by=thea, side="therapist",
            )
            for n, goal in enumerate(goals)
        ]
    )  # fmt: skip
    for goal, version in zip(goals, versions, strict=True):
        goal.latest = version
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Goal.objects.bulk_update(goals, ["latest"])
    return goals


def read(browser, url):
    answer = browser.get(url)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def said(browser, url, **data):
    """What the page says after a form was sent."""
    answer = browser.post(url, data, follow=True)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# -- what can be added ----------------------------------------------------------------


def test_a_record_has_so_many_open_goals_and_says_so(sign_in, cleo, thea):
    many_goals(cleo, thea, MOST_OPEN)
    page = said(sign_in(cleo.user), "/portal/goals/add/", own_words="One more")
    assert f"This record already has {MOST_OPEN} open goals, the maximum." in page
    assert Goal.objects.count() == MOST_OPEN


def test_closing_and_proposing_over_and_over_has_an_end(sign_in, cleo, thea):
    many_goals(cleo, thea, MOST_GOALS, closed=True)
    page = said(sign_in(cleo.user), "/portal/goals/add/", own_words="One more")
    assert f"This record already has {MOST_GOALS} goals, open and closed" in page
    assert Goal.objects.count() == MOST_GOALS


def test_a_closed_goal_is_not_taken_up_where_too_many_are_open(sign_in, cleo, thea):
    many_goals(cleo, thea, MOST_OPEN)
    [rests] = many_goals(cleo, thea, 1, closed=True)
    page = said(sign_in(cleo.user), f"/portal/goals/{rests.pk}/take-up/")
    assert f"This record already has {MOST_OPEN} open goals" in page
    rests.refresh_from_db()
    assert not rests.is_open


def test_words_are_proposed_so_many_times(sign_in, goal, cleo, thea):
    versions = [
        GoalVersion(
            **of(cleo, goal=goal), number=n + 2, own_words="x", fingerprint="x",
            proposed_by=thea, side="therapist",
        )
        for n in range(MOST_VERSIONS - 1)
    ]  # fmt: skip
    put(versions)
    url = f"/portal/goals/{goal.pk}/propose/"
    page = said(sign_in(cleo.user), url, own_words="Once more", seen=1)
    assert f"This record already has {MOST_VERSIONS} proposals" in page
    assert GoalVersion.objects.count() == MOST_VERSIONS


def test_one_wording_is_agreed_to_so_many_times(sign_in, cleo, thea):
    goal = agreed_goal(cleo, thea, by_client_only=True)
    version = goal.latest
    turns = [
        Agreement(
            **of(cleo, version=version), side="therapist", by=thea, turn=n + 1,
            fingerprint="x",
        )
        for n in range(MOST_TURNS)
    ]  # fmt: skip
    put(turns)
    put(
        [
            GoalMove(
                **of(cleo, goal=goal), version=version, agreement=turn, by=thea,
                kind="key_withdrawn", side="therapist", words="No",
            )
            for turn in turns
        ]
    )  # fmt: skip
    page = said(sign_in(thea), f"/goals/{goal.pk}/agree/1/")
    assert f"You agreed to this wording {MOST_TURNS} times" in page
    assert Agreement.objects.filter(side="therapist").count() == MOST_TURNS


def test_a_goal_has_so_many_steps(sign_in, goal, cleo, thea):
    steps = [
        Step(**of(cleo, goal=goal), words=f"Step {n}", position=n, added_by=thea)
        for n in range(MOST_STEPS)
    ]
    put(steps)
    url = f"/portal/goals/{goal.pk}/steps/"
    page = said(sign_in(cleo.user), url, words="One more")
    assert f"This goal already has {MOST_STEPS} steps, the maximum." in page
    assert "One more" in page  # what was typed is still there
    assert Step.objects.count() == MOST_STEPS


def test_the_open_goals_of_a_record_have_so_many_steps(sign_in, goal, cleo, thea):
    goals = many_goals(cleo, thea, 20)
    steps = [
        Step(**of(cleo, goal=one), words=f"Step {n}", position=n, added_by=thea)
        for one in goals
        for n in range(MOST_STEPS_OF_ALL // 20)
    ]
    put(steps)
    url = f"/portal/goals/{goal.pk}/steps/"
    page = said(sign_in(cleo.user), url, words="One more")
    assert (
        f"The open goals of this record already have {MOST_STEPS_OF_ALL} steps" in page
    )
    assert not Step.objects.filter(goal=goal).exists()


@pytest.mark.parametrize("end", ["goal", "other"])
def test_a_goal_has_so_many_links_from_either_end(sign_in, goal, cleo, thea, end):
    others = many_goals(cleo, thea, MOST_LINKS + 1)
    links = [
        GoalLink(
            **of(cleo), goal=goal, other=other, kind="helps", by=thea, side="therapist"
        )
        for other in others[1:]
    ]
    put(links)
    here, there = (goal, others[0]) if end == "goal" else (others[0], goal)
    url = f"/goals/{here.pk}/links/"
    page = said(sign_in(thea), url, kind="helps", other=str(there.pk))
    assert f"This goal already has {MOST_LINKS} links, the maximum." in page
    assert GoalLink.objects.count() == MOST_LINKS


def test_a_record_has_so_many_strengths(sign_in, cleo, thea):
    strengths = [
        Strength(
            **of(cleo), name=f"S {n}", moment="m", proposed_by=thea, side="therapist"
        )
        for n in range(MOST_STRENGTHS)
    ]
    put(strengths)
    page = said(
        sign_in(cleo.user), "/portal/strengths/add/", name="Patience", moment="Waited"
    )
    assert f"This record already has {MOST_STRENGTHS} strengths, the maximum." in page
    assert Strength.objects.count() == MOST_STRENGTHS


def test_a_note_has_so_many_additions(sign_in, cleo, thea):
    session = hold(cleo, thea, at=ago(200))
    note = ProgressNote.objects.get(session=session)
    additions = [
        NoteAddition(**of(cleo), note=note, kind="addendum", text="x", by=thea)
        for _ in range(MOST_ADDITIONS)
    ]
    put(additions)
    url = f"/sessions/{session.pk}/add/"
    page = said(sign_in(thea), url, kind_of_addition="addendum", text="One more")
    assert f"This note already has {MOST_ADDITIONS} additions, the maximum." in page
    assert NoteAddition.objects.count() == MOST_ADDITIONS


def test_a_record_has_so_many_sessions(sign_in, cleo, thea):
    sessions = [
        TherapySession(
            **of(cleo), therapist=thea, state="held", starts_at=ago(n + 100),
            ends_at=ago(n + 99),
        )
        for n in range(MOST_SESSIONS)
    ]  # fmt: skip
    put(sessions)
    day = timezone.localdate() + timedelta(days=7)
    page = said(sign_in(thea), f"/clients/{cleo.pk}/book/", **booking(day))
    assert f"This record already has {MOST_SESSIONS} sessions, the maximum." in page
    assert TherapySession.objects.count() == MOST_SESSIONS


def test_a_practice_has_so_many_crisis_lines(sign_in, practice, ada):
    lines = [
        CrisisLine(practice=practice, name=f"Line {n}", number="116 123", position=n)
        for n in range(MOST_LINES)
    ]
    put(lines)
    page = said(sign_in(ada), "/practice/lines/add/", name="One more", number="116")
    assert f"You already have {MOST_LINES} crisis lines" in page
    assert CrisisLine.objects.count() == MOST_LINES


def test_an_account_has_so_many_ways_to_sign_in(thea):
    from django.core.exceptions import ValidationError

    from accounts import factors

    rows = [Authenticator(user=thea, type="webauthn", data={}) for _ in range(20)]
    put(rows[1:])
    factors.require_room(thea)
    put(rows[:1])
    with pytest.raises(
        ValidationError, match="Your account already has 20 sign-in methods"
    ):
        factors.require_room(thea)


@pytest.mark.parametrize(
    ("what", "head", "cell"),
    [("goals", "Goal", "Goal {n}"), ("sessions", "Session", "")],
)
def test_a_file_brings_no_more_than_a_record_may_hold(sign_in, thea, what, head, cell):
    most = MOST_OPEN if what == "goals" else MOST_SESSIONS
    lines = [f"Preferred name,Email,{head}"]
    for n in range(most + 1):
        day = (timezone.now() - timedelta(days=n + 2)).date().isoformat()
        lines.append(f"Mara,mara@example.com,{cell.format(n=n) or day}")
    lines.append(f"Nora,nora@example.com,{cell.format(n=1) or '2026-01-05'}")
    found = list_of(thea, raw="\n".join(lines).encode())
    page = read(sign_in(thea), f"/caseload/import/{found.pk}/")
    assert f"More than {most} {what} for one person." in page


def test_who_leaves_with_very_many_clients_gives_them_to_one(
    sign_in, practice, thea, theo, ada
):
    clients = [
        Client(practice=practice, preferred_name=f"Client {n}", name_key=f"client {n}")
        for n in range(101)
    ]
    put(clients)
    leads = [
        CareRole(
            practice=practice, client=one, user=thea, kind="primary",
            starts_at=ago(100), given_by=thea,
        )
        for one in clients
    ]  # fmt: skip
    put(leads[:100])
    browser, url = sign_in(ada), f"/people/{thea.pk}/leave/"
    sentence = "With more than 100 clients, all of them go to one therapist."
    page = read(browser, url)
    assert sentence not in page
    assert page.count("New therapist for") == 100
    put(leads[100:])
    page = read(browser, url)
    assert sentence in page
    assert "New therapist for" not in page
    assert "101 clients need a new therapist first" in said(browser, url, when="later")
    browser.post(url, {"all-to": str(theo.pk), "when": "later"})
    thea.refresh_from_db()
    assert not thea.is_active
    coming = CareRole.objects.filter(user=theo, kind="primary")
    assert coming.count() == 101


# -- what can be added in a day --------------------------------------------------------


def a_days(kind, number, goal, cleo, by, *, hours):
    """So many rows of a kind that `by` added so many hours ago."""
    side = "client" if by.is_client else "therapist"
    at, day = ago(hours), timezone.localdate()
    about = {
        "rating": (GoalRating, {"goal": goal, "value": 4, "side": side}),
        "comment": (Comment, {"goal": goal, "words": "x", "side": side}),
        "win": (Win, {"words": "x", "side": side, "happened_on": day}),
        "correction": (Correction, {"about": "x", "words": "x"}),
        "aside": (SupervisionComment, {"words": "x"}),
        "numbers": (
            GoalScore,
            {"goal": goal, "kind": "importance", "value": 5, "side": side},
        ),
    }
    model, said = about[kind]
    put([model(**of(cleo), by=by, at=at, **said) for _ in range(number)])
    return model


RATE = {"value": "6", "context": "A loud bus all the way"}
SAY = {"words": "A loud bus all the way"}
NUMBER = {"importance": "6", "importance_why": "A loud bus all the way"}
ASK = {"about": "A loud bus", "words": "A loud bus all the way"}
IN_A_DAY = [  # whose, of what, where it is sent, with what, how many, which sentence
    ("cleo", "rating", "/portal/goals/{goal}/rate/", RATE, rating.MOST_A_DAY,
     "the limit of 300 ratings in 24 hours"),
    ("thea", "rating", "/goals/{goal}/rate/", RATE, rating.MOST_A_DAY,
     "the limit of 300 ratings in 24 hours"),
    ("cleo", "comment", "/portal/goals/{goal}/comments/", SAY, comment.MOST_A_DAY,
     "the limit of 100 comments in 24 hours"),
    ("thea", "comment", "/goals/{goal}/comments/", SAY, comment.MOST_A_DAY,
     "the limit of 100 comments in 24 hours"),
    ("cleo", "win", "/portal/wins/", SAY, win.MOST_A_DAY,
     "the limit of 100 wins in 24 hours"),
    ("thea", "win", "/clients/{client}/wins/", SAY, win.MOST_A_DAY,
     "the limit of 100 wins in 24 hours"),
    ("cleo", "correction", "/portal/corrections/", ASK, correction.MOST_A_DAY,
     "the limit of 20 correction requests in 24 hours"),
    ("cleo", "numbers", "/portal/goals/{goal}/numbers/", NUMBER, score.MOST_A_DAY,
     "the limit of 100 changes in 24 hours"),
    ("iris", "aside", "/clients/{client}/comments/", SAY, supervision.MOST_A_DAY,
     "the limit of 100 comments in 24 hours"),
]  # fmt: skip


@pytest.fixture
def iris(practice, cleo):
    supervisor = person(practice, "Iris", is_therapist=True)
    in_care(cleo, supervisor, "supervisor")
    return supervisor


@pytest.mark.parametrize(
    ("who", "kind", "at", "body", "most", "why"),
    IN_A_DAY,
    ids=[f"{who}-{kind}" for who, kind, *_rest in IN_A_DAY],
)
def test_one_person_adds_so_many_in_a_day_and_keeps_the_words(
    sign_in, goal, cleo, thea, iris, who, kind, at, body, most, why
):
    by = {"cleo": cleo.user, "thea": thea, "iris": iris}[who]
    browser, url = sign_in(by), at.format(goal=goal.pk, client=cleo.pk)
    model = a_days(kind, most, goal, cleo, by, hours=23)
    before = model.objects.count()
    page = said(browser, url, **body)
    assert why in page
    assert "A loud bus all the way" in page
    assert model.objects.count() == before
    # The other side is not stopped by it, and what is older does not count.
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        model.objects.filter(by=by, at__gt=ago(23.5)).update(at=ago(25))
    said(browser, url, **body)
    assert model.objects.count() > before


# -- what is shown --------------------------------------------------------------------


def ratings(goal, cleo, number, **more):
    rows = [
        GoalRating(
            **of(cleo, goal=goal), value=n % 11, by=cleo.user, side="client",
            at=ago(n), **more,
        )
        for n in range(number)
    ]  # fmt: skip
    return put(rows)


def goal_pages(goal):
    return [(who, f"/{place}goals/{goal.pk}/{more}")
            for who, place in (("thea", ""), ("cleo", "portal/"))
            for more in ("", "?all")]  # fmt: skip


def as_each(sign_in, thea, cleo):
    return {"thea": sign_in(thea), "cleo": sign_in(cleo.user)}


def test_removed_ratings_are_shown_to_an_end(sign_in, goal, cleo, thea):
    browsers = as_each(sign_in, thea, cleo)
    before = {url: pinned(browsers[who], url) for who, url in goal_pages(goal)}
    back = ratings(goal, cleo, 700)
    put(
        [
            GoalRating(
                **of(cleo, goal=goal), value=row.value, by=cleo.user, side="client",
                withdraws=row,
            )
            for row in back
        ]
    )  # fmt: skip
    for who, url in goal_pages(goal):
        page = read(browsers[who], url)
        whole = url.endswith("all")
        assert page.count("then removed it") == (500 if whole else 12)
        assert ("Only the newest 500 of each kind are shown here." in page) is whole
        assert ('href="?all"' in page) is not whole
        assert pinned(browsers[who], url) <= before[url]


@pytest.mark.parametrize(
    ("number", "is_cut"), [(500, False), (501, True)], ids=["all", "cut"]
)
def test_the_whole_history_says_what_it_leaves_out(
    sign_in, goal, cleo, thea, number, is_cut
):
    lines = [
        GoalMove(
            **of(cleo, goal=goal), kind="line", words=f"Line {n}", by=cleo.user,
            side="client", at=ago(n),
        )
        for n in range(number)
    ]  # fmt: skip
    put(lines)
    page = read(sign_in(thea), f"/goals/{goal.pk}/?all")
    assert page.count("A note for a harder day, from") == 500
    assert ("Only the newest 500 of each kind are shown here." in page) is is_cut


@pytest.mark.parametrize(
    ("number", "is_cut"), [(500, False), (501, True)], ids=["all", "cut"]
)
def test_the_comments_say_what_they_leave_out(
    sign_in, goal, cleo, thea, number, is_cut
):
    comments = [
        Comment(
            **of(cleo, goal=goal), words=f"Said {n}.", by=cleo.user, side="client",
            at=ago(n),
        )
        for n in range(number)
    ]  # fmt: skip
    put(comments)
    page = read(sign_in(cleo.user), f"/portal/goals/{goal.pk}/?all")
    assert page.count('<div class="said">') == 500
    assert ("Only the newest 500 of each kind are shown here." in page) is is_cut


def test_the_chart_says_what_it_leaves_out(sign_in, goal, cleo, thea):
    browsers = as_each(sign_in, thea, cleo)
    sentence = "Only the newest 2,000 ratings are shown."
    ratings(goal, cleo, 1_998)
    for who, url in goal_pages(goal):
        assert sentence not in read(browsers[who], url)
    ratings(goal, cleo, 1)
    for who, url in goal_pages(goal):
        assert sentence in read(browsers[who], url)


def test_of_importance_and_confidence_the_newest_are_read(sign_in, goal, cleo, thea):
    scores = [
        GoalScore(
            **of(cleo, goal=goal), kind=kind, value=n % 10, by=thea, side="therapist",
            at=ago(100 - n),
        )
        for n in range(98)
        for kind in ("importance", "confidence")
    ]  # fmt: skip
    put(scores)
    from goals.page_queries import scores_of

    with acting_as(thea.pk):
        found = list(scores_of(thea, goal=goal.pk))
    assert {row.kind: row.value for row in found} == {"importance": 7, "confidence": 7}
    assert len(found) == 2


def test_the_timeline_tells_the_newest_and_says_so(sign_in, goal, cleo, thea):
    browsers = as_each(sign_in, thea, cleo)
    urls = {"thea": f"/clients/{cleo.pk}/journey/", "cleo": "/portal/journey/"}
    before = {who: pinned(browsers[who], url) for who, url in urls.items()}
    today = timezone.now().date()
    wins = [
        Win(
            **of(cleo), words=f"Win {n}", by=cleo.user, side="client", happened_on=today
        )
        for n in range(501)
    ]
    put(wins[1:])
    sentence = "Only the newest 500 steps and wins"
    assert sentence not in read(browsers["cleo"], urls["cleo"])
    put(wins[:1])
    for who, url in urls.items():
        page = read(browsers[who], url)
        assert sentence in page
        assert len(re.findall(r">Win \d+<", page)) == 500
        assert pinned(browsers[who], url) <= before[who]


def test_the_timeline_reads_the_newest_ratings_and_says_so(sign_in, goal, cleo, thea):
    browsers = as_each(sign_in, thea, cleo)
    urls = {"thea": f"/clients/{cleo.pk}/journey/", "cleo": "/portal/journey/"}
    sentence = "Only the newest 500 steps and wins and the newest 3,000 ratings"
    ratings(goal, cleo, 2_998)  # and two of Thea's
    for who, url in urls.items():
        assert sentence not in read(browsers[who], url)
    ratings(goal, cleo, 1)
    for who, url in urls.items():
        assert sentence in read(browsers[who], url)


def test_the_ratings_of_a_session_have_an_end(sign_in, goal, cleo, thea):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    browser, url = sign_in(cleo.user), f"/portal/sessions/{session.pk}/"
    sentence = "Only the newest 50 ratings of this session are shown."
    rows = [
        GoalRating(
            **of(cleo, goal=goal), value=n % 11, by=cleo.user, side="client",
            at=session.starts_at + n * timedelta(milliseconds=1), session_id=session.pk,
        )
        for n in range(51)
    ]  # fmt: skip
    put(rows[1:])
    before = pinned(browser, url)
    assert sentence not in read(browser, url)
    put(rows[:1])
    page = read(browser, url)
    assert sentence in page
    assert page.count("Rated by you") == 50
    assert pinned(browser, url) <= before


def test_practice_on_the_page_of_goals_has_an_end(sign_in, cleo, thea):
    browser = sign_in(cleo.user)
    rows = [
        Assignment(**of(cleo), words=f"Walk {n}", set_by=thea, set_at=ago(n))
        for n in range(21)
    ]
    put(rows[:20])
    page = read(browser, "/portal/goals/")
    assert len(re.findall(r">Walk \d+<", page)) == 20
    assert "Only the newest 20 are shown." not in page
    put(rows[20:])
    page = read(browser, "/portal/goals/")
    assert len(re.findall(r">Walk \d+<", page)) == 20
    assert "Only the newest 20 are shown." in page


def test_the_chart_of_the_clients_page_has_an_end(sign_in, goal, cleo, thea):
    ratings(goal, cleo, 3_010)
    page = read(sign_in(thea), f"/clients/{cleo.pk}/")
    assert "The chart shows the newest 3,000 ratings." in page


def test_what_was_said_beside_the_record_has_an_end(sign_in, cleo, thea):
    page = f"/clients/{cleo.pk}/"
    sentence = "Only the newest 30 comments, corrections and emergency openings"
    rows = [
        Correction(**of(cleo), about=f"Name {n}", words="Mara", by=cleo.user)
        for n in range(31)
    ]
    put(rows[:30])
    assert sentence not in read(sign_in(thea), page)
    put(rows[30:])
    found = read(sign_in(thea), page)
    assert sentence in found
    assert len(re.findall(r">Name \d+<", found)) == 30


def test_ended_care_roles_are_shown_to_an_end(sign_in, cleo, thea, theo):
    sentence = "Only the newest 20 are shown."
    ended = [
        CareRole(
            **of(cleo), user=theo, kind="supervisor", starts_at=ago(48 * n + 100),
            ends_at=ago(48 * n + 80), given_by=thea,
        )
        for n in range(21)
    ]  # fmt: skip
    put(ended[:20])
    assert sentence not in read(sign_in(thea), f"/care-roles/{cleo.pk}/")
    put(ended[20:])
    page = read(sign_in(thea), f"/care-roles/{cleo.pk}/")
    assert sentence in page
