"""What staff pages say the client will do is true in every portal state."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from clients.models import Client, Correction
from conftest import admit, in_care, person
from database.identity import acting_as
from goals.models import Comment, Goal
from notes.models import NoteHold, ProgressNote
from tests.cast import PATIENCE, book, copy_of, hold

DAY = timedelta(days=1)
STATES = ["active", "invited", "none", "closed", "discharged", "portal over"]
NO_ACCOUNT = "Cleo has no portal account and cannot answer there."
CLOSED = "Cleo closed the portal account and cannot answer there."
GONE = "Cleo is discharged and cannot answer."
WAITS = {
    "active": "Waiting for Cleo to answer.",
    "invited": "Cleo can answer after joining the portal.",
    "none": NO_ACCOUNT,
    "closed": CLOSED,
    "discharged": GONE,
    "portal over": GONE,
}
READS = {
    "active": "Cleo can read it.",
    "invited": "Cleo can read it after joining the portal.",
    "none": "Cleo has no portal account.",
    "closed": "Cleo closed the portal account and cannot read it.",
    "discharged": "Cleo can read it until ",
    "portal over": "Cleo is discharged and cannot read it.",
}
UNTRUE = (
    "The client says", "Waiting for an answer", "Either of you", "once the client says",
    "both of you", "Both of you", "The client can read", "reads your reason",
)  # fmt: skip


@pytest.fixture
def in_state(thea):
    """`in_state("closed")` is Cleo, treated by Thea, with her portal in that state."""

    def made(state):
        joined = state not in ("invited", "none")
        cleo = admit("Cleo", by=thea, joined=joined, wants_portal=False)
        with acting_as(thea.pk), transaction.atomic():
            if state == "invited":
                cleo.email = "cleo@example.test"
                cleo.invite(by=thea)
            if state in ("discharged", "portal over"):
                cleo.discharge(by=thea)
        if state == "closed":
            with acting_as(cleo.user.pk), transaction.atomic():
                assert cleo.close_portal(by=cleo.user)
        if state == "portal over":
            days = cleo.practice.portal_days + 1
            Client.objects.filter(pk=cleo.pk).update(
                discharged_at=timezone.now() - days * DAY
            )
        return Client.objects.get(pk=cleo.pk)

    return made


def read(browser, url, **data):
    answer = browser.post(url, data, follow=True) if data else browser.get(url)
    assert answer.status_code == 200, url
    return " ".join(re.sub("<[^>]+>", " ", answer.content.decode()).split())


@pytest.mark.parametrize("state", STATES)
def test_a_suggested_strength_waits_only_for_a_client_who_can_answer(
    in_state, thea, sign_in, state
):
    cleo, browser = in_state(state), sign_in(thea)
    url = f"/clients/{cleo.pk}/strengths/"
    then = "A suggested strength is listed here once Cleo says yes."
    empty = then if state == "active" else WAITS[state]
    assert f"No strengths yet. {empty}" in read(browser, url)
    says = "Cleo says whether it fits, or rewords it."
    says = says if state == "active" else WAITS[state]
    page = read(browser, f"{url}add/")
    assert f"Describe an example that shows it. {says}" in page
    once = browser.get(f"{url}add/").content.decode()
    once = re.search(r'name="once" value="([^"]+)"', once)[1]
    page = read(browser, f"{url}add/", once=once, **PATIENCE)
    assert f"Strength suggested. {says}" in page
    offered = page.partition("Suggested and answered")[2].partition("Full timeline")[0]
    assert offered.count(WAITS[state]) == 1
    assert ("Not answered" in offered) is (state != "active")
    assert not [words for words in UNTRUE if words in page]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("had", [False, True])
def test_who_can_propose_a_goal(in_state, thea, sign_in, state, had):
    cleo, browser = in_state(state), sign_in(thea)
    supervisor = person(thea.practice, "Iris", is_therapist=True)
    in_care(cleo, supervisor, "supervisor", by=thea)
    if had:
        with acting_as(thea.pk), transaction.atomic():
            goal = Goal.propose(cleo, {"own_words": "Bus"}, by=thea)
        Goal.objects.filter(pk=goal.pk).update(
            closed_at=timezone.now(), ended_as="aside", waits_for=""
        )
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    active = state == "active"
    said = "Either of you can propose one." if active else "You can propose one."
    begins = "No open goals." if had else "No goal yet."
    assert f"{begins} {said}" in read(browser, f"/clients/{cleo.pk}/")
    page = read(browser, f"/sessions/{session.pk}/")
    assert f"No open goals. {said}" in page
    if not had:
        assert said in read(browser, f"/clients/{cleo.pk}/progress/")
    page = read(sign_in(supervisor), f"/clients/{cleo.pk}/")
    assert ("The therapist or Cleo can propose one." in page) is active
    assert "You can propose" not in page and "Either of you" not in page


@pytest.mark.parametrize("state", STATES)
def test_who_learns_that_the_timeline_was_opened(in_state, thea, sign_in, state):
    cleo, browser = in_state(state), sign_in(thea)
    page = read(browser, f"/clients/{cleo.pk}/journey/")
    reads_now = state in ("active", "discharged")
    assert ("Opening and printing are listed in “Who looked”." in page) is (reads_now)
    logged = "Opening and printing are recorded in the access log."
    assert (logged in page) is not reads_now


@pytest.mark.parametrize("state", STATES)
def test_who_can_read_a_note(in_state, thea, sign_in, state):
    cleo, browser = in_state(state), sign_in(thea)
    coming = book(cleo, thea, at=timezone.now() - timedelta(minutes=5))
    session = hold(cleo, thea, at=timezone.now() - 3 * DAY)
    page = read(browser, f"/sessions/{session.pk}/")
    assert READS[state] in page
    page = read(browser, f"/sessions/{coming.pk}/")
    later = {
        "active": "Cleo can read this once it is signed.",
        "invited": "once it is signed, after joining the portal.",
        "discharged": "Cleo can read this once it is signed, until ",
    }
    assert later.get(state, "Only the care team and supervisors can read this.") in page
    reads_now = state in ("active", "discharged")
    at_home = "Shown on their home page"
    assert (at_home in page) is (reads_now or state == "invited")
    page = read(browser, f"/sessions/{session.pk}/add/")
    assert ("Cleo can read it with the note." in page) is reads_now
    page = read(browser, f"/sessions/{session.pk}/")
    held = "sees that the note is not shared, but not why"
    told = {
        "invited": f"For the record. After joining the portal, Cleo {held}.",
        "active": f"For the record. The client {held}.",
    }
    told["discharged"] = told["active"]
    why = page.partition("Don’t share yet")[2].partition("Don’t share yet")[0]
    assert told.get(state, "Only for the record.") in why
    assert ("sees that" in why) is (state in told)
    with acting_as(thea.pk), transaction.atomic():
        NoteHold.place(ProgressNote.objects.get(), "To talk about it first", by=thea)
    page = read(browser, f"/sessions/{session.pk}/")
    assert "Not shared since" in page
    assert ("Share again" in page) is (state in told)
    assert ("Remove hold" in page) is (state not in told)
    assert "Cleo opened it before" not in page
    page = read(browser, f"/sessions/{session.pk}/add/")
    assert "This note is not shared, so Cleo can’t read the addition either." in page
    page = read(browser, f"/sessions/{session.pk}/show/", sure="1")
    assert f"Shared again. {READS[state]}" in page


@pytest.mark.parametrize("state", ["active", "closed", "discharged", "portal over"])
def test_an_answered_correction_says_whether_it_was_read(
    in_state, thea, sign_in, state
):
    cleo = in_state("active")
    with acting_as(cleo.user.pk), transaction.atomic():
        asked = Correction.ask(cleo, "A name", "Mara.", by=cleo.user)
    with acting_as(thea.pk), transaction.atomic():
        if state in ("discharged", "portal over"):
            cleo.discharge(by=thea)
    if state == "closed":
        with acting_as(cleo.user.pk), transaction.atomic():
            cleo.close_portal(by=cleo.user)
    if state == "portal over":
        Client.objects.update(discharged_at=timezone.now() - 999 * DAY)
    url = f"/corrections/{asked.pk}/"
    page = read(sign_in(thea), url, answer="It is put right.")
    assert f"Correction answered. {READS[state]}" in page


@pytest.mark.parametrize("state", STATES)
def test_goal_forms_name_both_sides_only_if_both_can_act(
    in_state, thea, sign_in, state
):
    cleo, browser = in_state(state), sign_in(thea)
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "Bus"}, by=thea)
    with acting_as(thea.pk), transaction.atomic():
        said = Comment.say(goal, "It got harder.", by=thea)
    for url in (
        f"/goals/{goal.pk}/comments/",
        f"/goal-comments/{said.pk}/talked/",
        f"/goals/{goal.pk}/differ/",
    ):
        page = read(browser, url)
        both = re.search("[Bb]oth of you|[Ee]ither of you", page)
        assert bool(both) is (state == "active"), (url, both)


# -- a note that was read and is now withheld -----------------------------------------


def held_back(session, thea):
    with acting_as(thea.pk), transaction.atomic():
        note = ProgressNote.objects.get(session=session)
        return NoteHold.place(note, "To talk about it first", by=thea)


@pytest.mark.parametrize("how", ["never", "opened", "copied"])
def test_a_withheld_note_says_whether_cleo_could_read_it_before(
    cleo, thea, sign_in, how
):
    session = hold(cleo, thea, at=timezone.now() - 3 * DAY)
    browser, mine = sign_in(cleo.user), f"/portal/sessions/{session.pk}/"
    with_note = "signed by Thea"
    if how == "opened":
        assert with_note in read(browser, mine)
    if how == "copied":
        copy_of(cleo, cleo.user)
    placed = held_back(session, thea)
    # The database clock stands still within a test.
    NoteHold.objects.filter(pk=placed.pk).update(at=timezone.now() + timedelta(hours=1))
    page = read(sign_in(thea), f"/sessions/{session.pk}/")
    assert ("Cleo opened it before that" in page) is (how == "opened")
    assert ("Cleo made a copy of the record before that" in page) is (how == "copied")
    page = read(browser, mine)
    assert with_note not in page
    # The same whether she read it yesterday or never.
    assert "The note of this session is not shared for now." in page


def test_an_opening_while_the_note_was_withheld_does_not_count(cleo, thea, sign_in):
    session = hold(cleo, thea, at=timezone.now() - 3 * DAY)
    first = held_back(session, thea)
    read(sign_in(cleo.user), f"/portal/sessions/{session.pk}/")
    hour = timedelta(hours=1)
    NoteHold.objects.filter(pk=first.pk).update(
        at=timezone.now() - hour, until=timezone.now() + hour
    )
    second = held_back(session, thea)
    NoteHold.objects.filter(pk=second.pk).update(at=timezone.now() + 2 * hour)
    page = read(sign_in(thea), f"/sessions/{session.pk}/")
    assert "Not shared since" in page and "before that" not in page


@pytest.mark.parametrize("state", ["active", "invited", "none", "closed"])
def test_a_discharge_ends_emails_only_for_a_client_who_gets_them(
    in_state, thea, sign_in, state
):
    cleo = in_state(state)
    book(cleo, thea)
    page = read(sign_in(thea), f"/clients/{cleo.pk}/discharge/")
    stops = "Weekly emails stop Reminders are sent only for sessions that stay booked."
    assert (stops in page) is (state == "active")
    assert ("The portal is read-only" in page) is (state == "active")


@pytest.mark.parametrize("state", STATES)
def test_goal_comments_are_for_both_only_if_both_can_read_them(
    in_state, thea, sign_in, state
):
    cleo, browser = in_state(state), sign_in(thea)
    page = read(browser, f"/clients/{cleo.pk}/goals/add/")
    assert (WAITS[state] in page) is (state != "active")
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "Bus"}, by=thea)
    both = " for both of you" if state == "active" else ""
    page = read(browser, f"/goals/{goal.pk}/comments/", words="It got harder.")
    assert f"Comment saved{both}." in page
    url = f"/goal-comments/{Comment.objects.get().pk}/talked/"
    page = read(browser, url, discussed_on=thea.today().isoformat(), changed="")
    assert f" Saved{both}." in page
