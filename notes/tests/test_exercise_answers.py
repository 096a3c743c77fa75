"""Thea and Cleo both answer how an exercise went; no answer is lost silently."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.urls import reverse

from accounts.models import AuditEvent
from conftest import WebClient, somebody_waits
from database.identity import acting_as
from notes.models import ProgressNote
from notes.tests.test_session import BACKEND, said
from toolkit.models import Assignment


@pytest.fixture
def exercise(cleo, thea, session):
    with acting_as(thea.pk), transaction.atomic():
        row = Assignment.agree(cleo, "Two stops", by=thea)
    Assignment.objects.update(set_at=session.starts_at - timedelta(days=7))
    return row


def answering(exercise):
    return reverse("portal-practice-say", args=[exercise.pk])


def answered(exercise):
    exercise.refresh_from_db()
    return exercise.answer, exercise.answered_by.name.split()[0]


def test_cleos_answer_meanwhile_is_not_replaced_by_the_pages_old_value(
    sign_in, thea, cleo, session
):
    with acting_as(thea.pk), transaction.atomic():
        exercise = Assignment.agree(cleo, "Two stops", by=thea)
        exercise.say("not", by=thea, seen="")
    with acting_as(cleo.user.pk), transaction.atomic():
        exercise.say("did", by=cleo.user, seen="not")
    form = said() | {f"answer-{exercise.pk}": "not", f"was-{exercise.pk}": "not"}
    sign_in(thea).post(f"/sessions/{session.pk}/", form)
    exercise.refresh_from_db()
    assert exercise.answer == "did"


def test_cleos_answer_meanwhile_is_replaced_only_if_thea_intends_it(
    sign_in, thea, cleo, session
):
    with acting_as(thea.pk), transaction.atomic():
        exercise = Assignment.agree(cleo, "Two stops", by=thea)
    Assignment.objects.update(set_at=session.starts_at - timedelta(days=7))
    browser, url = sign_in(thea), f"/sessions/{session.pk}/"
    was = f'name="was-{exercise.pk}" value="%s"'
    assert was % "" in browser.get(url).content.decode()
    with acting_as(cleo.user.pk), transaction.atomic():
        exercise.say("did", by=cleo.user, seen="")
    pressed = {f"answer-{exercise.pk}": "some", f"was-{exercise.pk}": ""}
    page = browser.post(url, said(act="save") | pressed).content.decode()
    assert "already answered “Did it”. To replace" in page
    error = page.split(" already answered")[0][-40:]
    assert "Cleo" in error
    assert was % "did" in page and "Came in tired." in page
    exercise.refresh_from_db()
    assert exercise.answer == "did"
    assert not ProgressNote.objects.exists()
    pressed[f"was-{exercise.pk}"] = "did"
    assert browser.post(url, said(act="save") | pressed).status_code == 302
    exercise.refresh_from_db()
    assert (exercise.answer, exercise.answered_by) == ("some", thea)


def test_cleo_sees_theas_answer_before_replacing_it(sign_in, thea, cleo, exercise):
    browser, url = sign_in(cleo.user), answering(exercise)
    old = {"answer": "some", "was": "", "from": "home"}
    with acting_as(thea.pk), transaction.atomic():
        exercise.say("did", by=thea, seen="")
    page = browser.post(url, old, follow=True)
    told = page.content.decode()
    assert "already answered “Did it”. To replace that, answer again." in told
    assert page.redirect_chain[0][0] == reverse("portal-goals")
    assert "Thea answered " in told and "You answered " not in told
    assert 'name="was" value="did"' in told
    assert answered(exercise) == ("did", "Thea")
    browser.post(url, {"answer": "some", "was": "did"})
    assert answered(exercise) == ("some", "Cleo")
    assert "You answered " in browser.get(reverse("portal-goals")).content.decode()


def test_cleo_changes_her_own_answer_from_an_older_page(sign_in, cleo, exercise):
    browser, url = sign_in(cleo.user), answering(exercise)
    for answer in ("did", "not"):
        browser.post(url, {"answer": answer, "was": ""})
    assert answered(exercise) == ("not", "Cleo")


def test_the_same_answer_from_both_asks_nothing(sign_in, thea, cleo, exercise):
    with acting_as(thea.pk), transaction.atomic():
        exercise.say("did", by=thea, seen="")
    url = answering(exercise)
    page = sign_in(cleo.user).post(url, {"answer": "did", "was": ""}, follow=True)
    assert "Saved: you did it." in page.content.decode()


@pytest.mark.parametrize("late", ["thea", "cleo"])
def test_of_two_simultaneous_answers_the_later_sees_the_earlier(
    real_login, thea, cleo, session, exercise, late
):
    """The earlier one is written but not committed when the later one is sent."""
    at = {
        "thea": (thea, f"/sessions/{session.pk}/",
                 said(act="save") | {f"answer-{exercise.pk}": "some",
                                     f"was-{exercise.pk}": ""}),
        "cleo": (cleo.user, answering(exercise),
                 {"answer": "some", "was": ""}),
    }  # fmt: skip
    early = cleo.user if late == "thea" else thea
    who, url, form = at[late]
    told = []

    def press():
        try:
            browser = WebClient()
            browser.force_login(who, BACKEND)
            told.append(browser.post(url, form, follow=True).content.decode())
        finally:
            connections.close_all()

    waiting = threading.Thread(target=press)
    with acting_as(early.pk), transaction.atomic():
        exercise.say("did", by=early, seen="")
        waiting.start()
        with connection.cursor() as cursor:
            while waiting.is_alive() and not somebody_waits(cursor):
                time.sleep(0.01)
    waiting.join()
    assert answered(exercise) == ("did", early.name.split()[0])
    assert "already answered “Did it”" in told[0]
    assert AuditEvent.objects.filter(verb="practice answered").count() == 1
    assert not ProgressNote.objects.exists()
