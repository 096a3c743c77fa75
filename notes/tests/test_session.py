"""Thea logs a session: ratings, a note that is never lost, exercise, takeaway."""

import threading
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts import sessions
from accounts.models import AuditEvent
from appointments.models import TherapySession
from clients.autosave import proof
from clients.models import CareRole, Draft
from conftest import WebClient, in_care, ten_seconds_pass
from database.identity import acting_as
from goals.models import Comment, Goal, GoalRating
from notes.models import NoteHold, ProgressNote
from tests.cast import agreed_goal, book, hold, pinned
from toolkit.models import Assignment
from ui import dates
from ui.templatetags.ui import day_words


def said(**changes):
    form = {
        "revision": "0", "format": "dap", "part0": "Came in tired.", "part1": "Steady.",
        "part2": "Two stops on Friday.", "part3": "", "practice": "Two stops on Friday",
        "take_away": "The wave has a clock on it.", "act": "sign",
    }  # fmt: skip
    return form | {name.replace("__", "-"): value for name, value in changes.items()}


def kept(browser, session, **changes):
    """The response to an autosave."""
    url = f"/sessions/{session.pk}/note/"
    typed = {k: v for k, v in said(**changes).items() if k != "act"}
    return browser.post(url, typed, headers={"accept": "application/json"})


def note_of(session, by):
    with acting_as(by.pk):
        note = ProgressNote.objects.get(session=session)
        note.body  # noqa: B018 - opened while Thea may
        return note


def test_thea_logs_and_signs_at_once(sign_in, thea, cleo, session):
    goal = agreed_goal(cleo, thea)
    answer = sign_in(thea).post(
        f"/sessions/{session.pk}/", said() | {f"rating-{goal.pk}": "6"}
    )
    assert answer.url == f"/sessions/{session.pk}/"
    note = note_of(session, thea)
    assert note.signed_at
    assert note.parts == ["Came in tired.", "Steady.", "Two stops on Friday."]
    rating = GoalRating.objects.get()
    assert (rating.value, rating.session_id, rating.side) == (
        6,
        session.pk,
        "therapist",
    )
    session.refresh_from_db()
    assert session.state == "held"
    assert Assignment.objects.get().session_id == session.pk
    page = sign_in(thea).get(f"/sessions/{session.pk}/").content.decode()
    assert "Signed by you" in page
    assert "Came in tired." in page
    assert "The wave has a clock on it." in page


def test_cleo_reads_the_signed_note_and_the_takeaway(sign_in, thea, cleo, session):
    sign_in(thea).post(f"/sessions/{session.pk}/", said())
    ten_seconds_pass()
    portal = sign_in(cleo.user)
    assert (
        "Came in tired."
        in portal.get(f"/portal/sessions/{session.pk}/").content.decode()
    )
    assert "The wave has a clock" in portal.get("/portal/").content.decode()


def test_a_withheld_note_is_not_shown_until_it_is_shared(sign_in, thea, cleo, session):
    browser, portal = sign_in(thea), sign_in(cleo.user)
    browser.post(f"/sessions/{session.pk}/", said())
    ten_seconds_pass()
    browser.post(f"/sessions/{session.pk}/hold/", {"reason": "To talk about first"})
    page = portal.get(f"/portal/sessions/{session.pk}/").content.decode()
    assert "Came in tired." not in page
    assert "To talk about first" not in page
    browser.post(f"/sessions/{session.pk}/show/")
    page = portal.get(f"/portal/sessions/{session.pk}/").content.decode()
    assert "Came in tired." in page


def test_autosave_answers_with_the_hash_of_the_typed_text(sign_in, thea, cleo, session):
    goal = agreed_goal(cleo, thea)
    rated = {f"rating-{goal.pk}": "6"}
    answer = kept(sign_in(thea), session, part0="Two\r\nlines 🪨", **rated)
    typed = {k: v for k, v in said(part0="Two\nlines 🪨", **rated).items()
             if k not in ("act", "revision")}  # fmt: skip
    assert answer.json()["revision"] == 1
    assert answer.json()["sha256"] == proof(list(typed.items()))
    assert note_of(session, thea).parts[0] == "Two\nlines 🪨"


def test_typed_text_is_there_after_a_reload(sign_in, thea, session):
    kept(sign_in(thea), session, part0="Half a sen")
    page = sign_in(thea).get(f"/sessions/{session.pk}/").content.decode()
    assert "Half a sen" in page
    assert "The wave has a clock on it." in page


def form_of(browser, session):
    form = browser.get(f"/sessions/{session.pk}/").context["form"]
    return {name: form[name].value() for name in form.fields}


def test_unsaved_ratings_and_answers_are_there_after_a_reload(
    sign_in, thea, cleo, session
):
    goals = [agreed_goal(cleo, thea) for _ in range(2)]
    with acting_as(thea.pk), transaction.atomic():
        exercise = Assignment.agree(cleo, "Two stops", by=thea)
    Assignment.objects.update(set_at=session.starts_at - timedelta(days=7))
    pressed = {f"rating-{goals[0].pk}": "6", f"answer-{exercise.pk}": "some"}
    assert kept(sign_in(thea), session, **pressed).status_code == 200
    form = form_of(sign_in(thea), session)  # another device
    assert {name: form[name] for name in pressed} == pressed
    assert form[f"rating-{goals[1].pk}"] is None
    assert not GoalRating.objects.exists()
    sign_in(thea).post(f"/sessions/{session.pk}/", said(revision="1") | pressed)
    note = note_of(session, thea)
    assert note.parts == ["Came in tired.", "Steady.", "Two stops on Friday."]
    assert GoalRating.objects.get().value == 6
    exercise.refresh_from_db()
    assert exercise.answer == "some"


@pytest.mark.parametrize("closes", [True, False])
def test_a_goal_added_or_closed_meanwhile_loses_no_rating(
    sign_in, thea, cleo, session, closes
):
    goal = agreed_goal(cleo, thea)
    browser, name = sign_in(thea), f"rating-{goal.pk}"
    kept(browser, session, **{name: "6"})
    if closes:
        Goal.objects.update(closed_at=timezone.now(), ended_as="aside")
    else:
        agreed_goal(cleo, thea)
    assert form_of(browser, session)[name] == "6"
    form = said(act="sign-anyway", revision="1") | {name: "6"}
    browser.post(f"/sessions/{session.pk}/", form)
    assert note_of(session, thea).signed_at
    assert GoalRating.objects.get().value == 6


def test_a_goal_closed_meanwhile_is_rated_as_typed(sign_in, thea, cleo, session):
    goal = agreed_goal(cleo, thea)
    Goal.objects.update(closed_at=timezone.now(), ended_as="aside")
    form = said() | {f"rating-{goal.pk}": "6"}
    sign_in(thea).post(f"/sessions/{session.pk}/", form)
    assert GoalRating.objects.get().value == 6


def test_nothing_is_signed_without_a_typed_rating(sign_in, thea, session):
    form = said() | {f"rating-{uuid4()}": "6"}
    page = sign_in(thea).post(f"/sessions/{session.pk}/", form).content.decode()
    assert "no longer matches this page" in page
    assert "Came in tired." in page
    assert not ProgressNote.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [{"part0": "x" * 40_001}, {"take_away": "x" * 501}, {"practice": "x" * 501}],
)
def test_autosave_has_the_limits_of_a_save_and_says_so(sign_in, thea, session, typed):
    browser = sign_in(thea)
    answer = kept(browser, session, **typed)
    assert answer.status_code == 422
    assert answer.json()["reason"] == "Too long by 1 character. Shorten it to save."
    page = browser.post(f"/sessions/{session.pk}/", said(**typed))
    assert not ProgressNote.objects.exists()
    assert "Keep this to" in page.content.decode()


def test_autosave_accepts_everything_that_a_save_does(sign_in, thea, session):
    browser = sign_in(thea)
    long = {f"part{number}": "é\r\n" * 20_000 for number in range(4)}
    assert kept(browser, session, **long).status_code == 200


@pytest.mark.parametrize(
    "typed", [{"rating-x": "6"}, {f"rating-{UUID(int=1)}": "11"}, {"part9": "x"},
              {f"answer-{UUID(int=1)}": "maybe"}, {"format": "none"}]
)  # fmt: skip
def test_autosave_never_says_saved_about_what_it_cannot_store(
    sign_in, thea, session, typed
):
    assert kept(sign_in(thea), session, **typed).status_code == 422
    assert not ProgressNote.objects.exists()


def test_a_new_goal_leads_back_to_the_session(sign_in, thea, cleo, session):
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    page = browser.get(url).content.decode()
    add = f"/clients/{cleo.pk}/goals/add/?session={session.pk}"
    assert add in page
    assert url in browser.get(add).content.decode()
    assert browser.post(add, {"own_words": "Sleep"}).url == url
    assert browser.post(add.partition("?")[0] + "?session=nonsense",
                        {"own_words": "Eat"}).url.startswith("/goals/")  # fmt: skip


# -- two people at one note -----------------------------------------------------------


MISSING = "What Theo typed."


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        ("saves", "Thea saved this note at"),
        ("signs", "Thea signed this note at"),
        ("marks missed", "This session was marked missed."),
        ("cancels", "This session was canceled."),
    ],
)
@pytest.mark.parametrize("act", ["save", "sign", "autosave"])
def test_the_second_person_to_save_gets_their_text_back_with_the_reason(
    sign_in, thea, theo, cleo, session, happens, why, act
):
    goal = agreed_goal(cleo, thea)
    in_care(cleo, theo, "co_therapist")
    hers, his, url = sign_in(thea), sign_in(theo), f"/sessions/{session.pk}/"
    happen = {
        "saves": lambda: kept(hers, session),
        "signs": lambda: hers.post(url, said(act="sign-anyway")),
        "marks missed": lambda: hers.post(f"{url}missed/"),
        "cancels": lambda: hers.post(f"{url}cancel/"),
    }
    happen[happens]()
    typed = {"part0": MISSING, "take_away": "His take-away", "practice": "His exercise",
             f"rating-{goal.pk}": "3"}  # fmt: skip
    if act == "autosave":
        answer = kept(his, session, **typed)
        assert answer.status_code == 409
        assert why in answer.json()["reason"]
        page = his.get(url).content.decode()
    else:
        answer = his.post(url, said(act=act, **typed))
        page = answer.content.decode()
        assert answer.status_code == 409
        assert why in page
    for words in (MISSING, "His take-away", "His exercise"):
        assert words in page, words
    assert ">3</textarea>" in page
    page = his.get(url).content.decode()  # and it is there when he returns
    assert MISSING in page
    assert not GoalRating.objects.exists()
    assert MISSING not in hers.get(url).content.decode()
    his.post(url, {"act": "discard"})
    assert MISSING not in his.get(url).content.decode()


def test_a_conflict_with_oneself_does_not_mention_another_person(
    sign_in, thea, session
):
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    browser.post(url, said())
    page = browser.post(url, said(part0="Second tab")).content.decode()
    assert "You signed this note in another tab at" in page
    assert "Second tab" in page
    assert "Thea signed" not in page.partition("data-typed")[2].partition("<aside")[0]


def test_signing_twice_shows_the_signed_note_and_nothing_lost(sign_in, thea, session):
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    browser.post(url, said())
    page = browser.post(url, said()).content.decode()
    assert 'id="typed-h"' not in page
    assert not Draft.objects.exists()


def test_a_role_that_ended_while_she_typed_returns_her_text_and_no_record(
    sign_in, thea, theo, cleo, session
):
    role = in_care(cleo, theo, "co_therapist")
    his, url = sign_in(theo), f"/sessions/{session.pk}/"
    his.get(url)
    CareRole.objects.filter(pk=role.pk).update(ends_at=timezone.now())
    answer = his.post(url, said(part0=MISSING, take_away="His take-away"))
    page = answer.content.decode()
    assert answer.status_code == 404
    assert MISSING in page
    assert "His take-away" in page
    assert "Cleo" not in page
    assert "data-typed" in page  # static/js/typed.js encrypts it
    nowhere = his.post(f"/sessions/{uuid4()}/", said(part0=MISSING,
                       take_away="His take-away"))  # fmt: skip
    assert nowhere.content == answer.content
    assert kept(his, session, part0=MISSING).status_code == 404


def test_a_stale_tab_gets_both_texts_and_overwrites_nothing(sign_in, thea, session):
    browser = sign_in(thea)
    kept(browser, session, part0="First tab")
    answer = kept(browser, session, part0="Second tab")  # still at revision 0
    assert answer.status_code == 409
    assert "First tab" in answer.json()["text"]
    assert note_of(session, thea).parts[0] == "First tab"


def test_a_stale_tab_cannot_sign_and_shows_both_texts(sign_in, thea, session):
    browser = sign_in(thea)
    kept(browser, session, part0="First tab")
    answer = browser.post(f"/sessions/{session.pk}/", said(part0="Second tab"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "<ins>First</ins> tab" in page
    assert "Second tab" in page
    assert not note_of(session, thea).signed_at
    # Having seen both, the later one chooses.
    browser.post(f"/sessions/{session.pk}/", said(part0="Both", revision="1"))
    assert note_of(session, thea).parts[0] == "Both"


def test_autosave_after_signing_changes_nothing(sign_in, thea, session):
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/", said())
    answer = kept(browser, session, part0="Later thoughts", revision="1")
    assert answer.status_code == 409
    assert note_of(session, thea).parts[0] == "Came in tired."


def test_an_empty_note_cannot_be_signed(sign_in, thea, session):
    form = said(part0="", part1=" ", part2="")
    page = sign_in(thea).post(f"/sessions/{session.pk}/", form).content.decode()
    assert "Write a line first" in page
    assert "The wave has a clock on it." in page  # and no typed text is lost


def test_a_signed_out_script_gets_401_instead_of_a_redirect(client, session):
    answer = kept(client, session)
    assert answer.status_code == 401
    assert answer.json() == {"error": "sign-in"}


def test_a_colleague_with_a_care_role_reads_but_does_not_write_theas_draft(
    sign_in, thea, theo, cleo, session
):
    in_care(cleo, theo, "cover")
    kept(sign_in(thea), session)
    browser = sign_in(theo)
    page = browser.get(f"/sessions/{session.pk}/").content.decode()
    assert "Thea is writing this note" in page
    assert 'name="part0"' not in page
    assert kept(browser, session, part0="Mine", revision="1").status_code in (404, 409)
    assert note_of(session, thea).parts[0] == "Came in tired."


def test_a_supervisor_reads_and_cannot_write(sign_in, thea, theo, cleo, session):
    in_care(cleo, theo, "supervisor")
    browser = sign_in(theo)
    assert (
        'name="part0"' not in browser.get(f"/sessions/{session.pk}/").content.decode()
    )
    assert kept(browser, session).status_code == 404
    assert browser.get(f"/clients/{cleo.pk}/edit/").status_code == 404
    assert not ProgressNote.objects.exists()


def test_the_same_number_twice_is_one_rating_and_another_replaces_it(
    sign_in, thea, cleo, session
):
    goal = agreed_goal(cleo, thea)
    browser, name = sign_in(thea), f"rating-{goal.pk}"
    for value, revision in (("5", "0"), ("5", "1"), ("6", "2")):
        form = said(act="save", revision=revision) | {name: value}
        browser.post(f"/sessions/{session.pk}/", form)
    assert list(GoalRating.objects.not_withdrawn().values_list("value", flat=True)) == [
        6
    ]
    assert GoalRating.objects.count() == 3  # 5, its withdrawal, 6


def test_an_unchanged_number_is_a_rating(sign_in, thea, cleo, session):
    goal = agreed_goal(cleo, thea, ratings=[4])
    form = said() | {f"rating-{goal.pk}": "4"}
    sign_in(thea).post(f"/sessions/{session.pk}/", form)
    assert GoalRating.objects.not_withdrawn().count() == 2


def test_opening_saving_and_signing_leave_audit_rows_and_autosave_none(
    sign_in, thea, session
):
    browser = sign_in(thea)
    browser.get(f"/sessions/{session.pk}/")
    kept(browser, session)
    browser.post(f"/sessions/{session.pk}/", said(revision="1"))
    verbs = AuditEvent.objects.filter(object_id=session.pk).values_list(
        "verb", flat=True
    )
    assert list(verbs.order_by("pk")) == [
        "session booked", "opened", "session logged", "note signed",
    ]  # fmt: skip


def test_a_page_whose_audit_row_cannot_be_written_is_not_shown(sign_in, thea, session):
    with connection.cursor() as cursor:
        cursor.execute("REVOKE INSERT ON accounts_auditevent FROM cairn_acl")
    browser = sign_in_without_audit(thea)
    browser.raise_request_exception = False
    answer = browser.get(f"/sessions/{session.pk}/")
    assert answer.status_code == 500
    assert b"Cleo" not in answer.content


def sign_in_without_audit(user):
    """The cookie of a sign-in whose own audit row was already written."""
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    store = import_module(settings.SESSION_ENGINE).SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store[sessions.SIGN_IN] = {
        "begun_at": timezone.now().isoformat(), "idle": 1800, "most": 43200,
        "shared": False, "way": "password", "agent": "", "address": None,
    }  # fmt: skip
    store.save()
    browser = WebClient()
    browser.cookies[settings.SESSION_COOKIE_NAME] = store.session_key
    return browser


def test_the_pages_of_a_session_have_pinned_costs(sign_in, thea, cleo, session):
    goals = [agreed_goal(cleo, thea, ratings=[3, 4, 5]) for _ in range(3)]
    browser = sign_in(thea)
    assert pinned(browser, f"/sessions/{session.pk}/") <= 20
    url = f"/sessions/{session.pk}/note/"
    typed = {k: v for k, v in said().items() if k != "act"}
    pinned(browser, url, **typed)  # the first one creates the row
    typed |= {f"rating-{goal.pk}": "6" for goal in goals}
    assert pinned(browser, url, **(typed | {"revision": "1"})) <= 3
    form = said(revision="2") | {f"rating-{goal.pk}": "6" for goal in goals}
    assert pinned(browser, f"/sessions/{session.pk}/", **form) <= 25


def test_the_clients_page_costs_the_same_after_two_years(sign_in, thea, cleo):
    browser = sign_in(thea)
    agreed_goal(cleo, thea, ratings=[3])
    hold(cleo, thea, at=timezone.now() - timedelta(days=800))
    one = pinned(browser, f"/clients/{cleo.pk}/")
    for _ in range(4):
        agreed_goal(cleo, thea, ratings=[3, 4, 5] * 5)
    for week in range(50):
        hold(cleo, thea, at=timezone.now() - timedelta(weeks=week, hours=1))
    assert pinned(browser, f"/clients/{cleo.pk}/") == one <= 14


def test_a_double_click_on_sign_signs_once(real_login, thea, cleo, session):
    """Twelve at once on real connections: one signed note, one audit row."""
    answers = []
    # one sign-in for all, as in a double click: an eleventh would end the oldest
    signed_in = WebClient()
    signed_in.force_login(thea, backend=BACKEND)

    def press():
        try:
            browser = WebClient()
            browser.cookies = signed_in.cookies
            answers.append(browser.post(f"/sessions/{session.pk}/", said()).status_code)
        finally:
            connections.close_all()

    with real_login("cairn_web"):
        connection.close()
        threads = [threading.Thread(target=press) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers.count(302) == 1, answers
    assert AuditEvent.objects.filter(verb="note signed").count() == 1
    assert Assignment.objects.count() == 1


BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


# -- booking --------------------------------------------------------------------------


def booking(day, **changes):
    form = {
        "day": "", "other_day": day.isoformat(), "time": "", "other_time": "11:30",
        "minutes": "50", "place": "Room 2", "video_link": "",
    }  # fmt: skip
    return form | changes


def test_thea_books_in_her_own_time_zone_and_cleo_sees_it(sign_in, thea, cleo):
    thea.time_zone = "Europe/Berlin"
    thea.save(update_fields=["time_zone"])
    day = timezone.localdate() + timedelta(days=7)
    url = f"/clients/{cleo.pk}/book/"
    page = sign_in(thea).post(url, booking(day), follow=True).content.decode()
    session = TherapySession.objects.get()
    assert f"Session booked for {day_words(day, begin=False)}, 11:30 am." in page
    assert session.starts_at.astimezone(thea.zone).strftime("%H:%M") == "11:30"
    assert session.minutes == 50
    assert "Room 2" in sign_in(cleo.user).get("/portal/").content.decode()


def next_change(zone, *, forward):
    """A naive time in the hour that the next clock change skips or repeats."""
    at = timezone.now() + timedelta(days=1)
    for _hour in range(24 * 400):
        later = at + timedelta(hours=1)
        change = later.astimezone(zone).utcoffset() - at.astimezone(zone).utcoffset()
        if change and (change > timedelta()) == forward:
            clock = at.astimezone(zone).replace(tzinfo=None, fold=0)
            hour = clock.replace(minute=30, second=0, microsecond=0)
            return hour + (timedelta(hours=1) if forward else timedelta())
        at = later
    raise AssertionError("no change within a year")


ZONES_THAT_CHANGE = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]


@pytest.mark.parametrize("zone", ZONES_THAT_CHANGE[:2])
def test_a_time_skipped_by_the_clock_change_is_not_booked_silently(
    sign_in, thea, cleo, zone
):
    thea.time_zone = zone
    thea.save(update_fields=["time_zone"])
    clock = next_change(thea.zone, forward=True)
    form = booking(clock.date(), other_time=f"{clock:%H:%M}")
    page = sign_in(thea).post(f"/clients/{cleo.pk}/book/", form).content.decode()
    assert f"so there is no {dates.clock(clock)}" in page
    assert f"for example {dates.clock(clock + timedelta(hours=1))}" in page
    assert not TherapySession.objects.exists()


@pytest.mark.parametrize("zone", ZONES_THAT_CHANGE)
@pytest.mark.parametrize("which", ["0", "1"])
def test_a_time_that_occurs_twice_is_asked_about(sign_in, thea, cleo, zone, which):
    thea.time_zone = zone
    thea.save(update_fields=["time_zone"])
    clock = next_change(thea.zone, forward=False)
    if zone.endswith("Howe"):  # only half an hour is repeated there
        clock = clock.replace(hour=1, minute=45)
    browser, url = sign_in(thea), f"/clients/{cleo.pk}/book/"
    form = booking(clock.date(), other_time=f"{clock:%H:%M}")
    page = browser.post(url, form).content.decode()
    assert f"{dates.clock(clock)} comes twice" in page
    assert 'name="which"' in page
    assert browser.post(url, form | {"which": which}).status_code == 302
    session = TherapySession.objects.get()
    assert session.starts_at.astimezone(thea.zone).fold == int(which)
    assert session.minutes == 50
    # Changing only the place does not make it the other one.
    moved = f"/sessions/{session.pk}/move/"
    assert 'name="which"' in browser.get(moved).content.decode()
    starts = session.starts_at
    browser.post(moved, form | {"which": which, "place": "Room 3"})
    session.refresh_from_db()
    assert (session.starts_at, session.place) == (starts, "Room 3")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"other_day": ""}, "Choose a day."),
        ({"other_time": ""}, "Choose a time."),
        ({"place": ""}, "Say where, or give a video link."),
        ({"video_link": "javascript:alert(1)"}, "Enter a full web address"),
        ({"other_day": "31.2.2026"}, "Enter a date"),
    ],
)
def test_an_incomplete_booking_says_what_is_missing_and_keeps_the_rest(
    sign_in, thea, cleo, changes, words
):
    day = timezone.localdate() + timedelta(days=7)
    form = booking(day, **changes)
    page = sign_in(thea).post(f"/clients/{cleo.pk}/book/", form).content.decode()
    assert words in page
    assert not TherapySession.objects.exists()


def test_two_sessions_at_once_are_refused_by_name(sign_in, thea, cleo):
    day = timezone.localdate() + timedelta(days=7)
    browser = sign_in(thea)
    browser.post(f"/clients/{cleo.pk}/book/", booking(day))
    page = browser.post(
        f"/clients/{cleo.pk}/book/", booking(day, other_time="12:00")
    ).content.decode()
    assert "You see Cleo from" in page
    assert TherapySession.objects.count() == 1


def test_a_moved_session_raises_its_version_and_a_new_place_alone_does_not(
    sign_in, thea, cleo
):
    day = timezone.localdate() + timedelta(days=7)
    browser = sign_in(thea)
    browser.post(f"/clients/{cleo.pk}/book/", booking(day))
    session = TherapySession.objects.get()
    url = f"/sessions/{session.pk}/move/"
    page = browser.post(url, booking(day, place="Room 1"), follow=True)
    session.refresh_from_db()
    assert (session.place, session.schedule_version) == ("Room 1", 1)
    assert "Session saved." in page.content.decode()
    page = browser.post(url, booking(day, other_time="15:00"), follow=True)
    session.refresh_from_db()
    assert session.schedule_version == 2
    moved = f"Session moved to {day_words(day, begin=False)}, 3:00 pm."
    assert moved in page.content.decode()


def test_a_canceled_session_is_gone_from_everybodys_plans(sign_in, thea, cleo):
    session = book(cleo, thea, at=timezone.now() + timedelta(days=1))
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/cancel/")
    assert browser.post(f"/sessions/{session.pk}/cancel/").status_code == 302
    session.refresh_from_db()
    assert session.state == "cancelled"
    assert "Room 2" not in sign_in(cleo.user).get("/portal/").content.decode()


def test_a_session_across_the_clock_change_keeps_its_length(sign_in, thea, cleo):
    thea.time_zone = "Europe/Berlin"
    thea.save(update_fields=["time_zone"])
    form = booking(timezone.datetime(2027, 3, 28).date(), other_time="01:30")
    sign_in(thea).post(f"/clients/{cleo.pk}/book/", form)
    assert TherapySession.objects.get().minutes == 50


def test_a_missed_session_is_recorded_as_missed(sign_in, thea, cleo, session):
    sign_in(thea).post(f"/sessions/{session.pk}/missed/")
    page = sign_in(thea).get(f"/sessions/{session.pk}/").content.decode()
    assert "Session not held." in page


def test_two_tabs_begin_a_note_at_once(sign_in, thea, session):
    """The note's row is created once; the later tab is shown the other text."""
    with acting_as(thea.pk), transaction.atomic():
        ProgressNote.begin(session, by=thea)
    assert kept(sign_in(thea), session).status_code == 200
    assert ProgressNote.objects.count() == 1


def test_a_cancellation_can_be_undone_and_reminds_again(sign_in, thea, cleo):
    session = book(cleo, thea, at=timezone.now() + timedelta(days=1))
    browser = sign_in(thea)
    page = browser.post(f"/sessions/{session.pk}/cancel/", follow=True)
    assert f"/sessions/{session.pk}/restore/" in page.content.decode()
    browser.post(f"/sessions/{session.pk}/restore/")
    session.refresh_from_db()
    assert (session.state, session.schedule_version) == ("planned", 2)


def test_a_cancellation_cannot_be_undone_if_the_time_is_taken(sign_in, thea, cleo):
    session = book(cleo, thea, at=timezone.now() + timedelta(days=1))
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/cancel/")
    book(cleo, thea, at=session.starts_at)
    page = browser.post(f"/sessions/{session.pk}/restore/", follow=True)
    assert "Another session is booked" in page.content.decode()
    session.refresh_from_db()
    assert session.state == "cancelled"


def test_the_session_screen_costs_the_same_after_fifty_sessions(
    sign_in, thea, cleo, session
):
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    goal = agreed_goal(cleo, thea, ratings=[3])
    hold(cleo, thea, at=timezone.now() - timedelta(days=400))
    one = pinned(browser, url)
    agreed_goal(cleo, thea, goal=goal, ratings=[4, 5] * 25)
    for week in range(50):
        hold(cleo, thea, at=timezone.now() - timedelta(weeks=week + 1))
    assert pinned(browser, url) == one <= 20


def test_the_goal_page_costs_the_same_with_forty_versions(sign_in, thea, cleo):
    browser = sign_in(thea)
    goal = agreed_goal(cleo, thea, ratings=[3])
    url = f"/goals/{goal.pk}/"
    one = pinned(browser, url)
    with acting_as(thea.pk), transaction.atomic():
        for number in range(40):
            goal.propose_version({"own_words": f"Bus {number}"}, by=thea)
    agreed_goal(cleo, thea, goal=goal, ratings=[4, 5, 6, 5] * 50)
    with acting_as(thea.pk), transaction.atomic():
        for _ in range(50):
            Comment.say(goal, "My hands shook and I stayed on", by=thea)
    assert pinned(browser, url) == one <= 15


def test_the_programs_own_rule_hides_withheld_and_unsigned_notes(thea, cleo):
    """As the superuser, so that row-level security does not help."""
    shown = hold(cleo, thea, at=timezone.now() - timedelta(days=3))
    kept_back = hold(cleo, thea, at=timezone.now() - timedelta(days=2))
    hold(cleo, thea, at=timezone.now() - timedelta(days=1), sign=False)
    with acting_as(thea.pk), transaction.atomic():
        NoteHold.place(kept_back.note, "To talk about first", by=thea)
    rows = ProgressNote.objects.visible_to(cleo.user)
    assert [note.pk for note in rows] == [shown.pk]
