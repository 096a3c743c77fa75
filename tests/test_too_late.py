"""Whatever happened to a record while somebody typed, their words come back.

Each form of the program is sent after the state has changed under it.  Either it is
saved, or the answer holds every text that was typed.
"""

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from appointments.models import TherapySession
from clients.models import CareRole, Client, Correction
from conftest import in_care
from database.identity import acting_as
from goals.models import Comment, Goal, Review, Strength
from goals.proposal_form import ONLY_NEW
from notes.models import ProgressNote
from tests.test_bad_input import FORMS, address, browser_of, rows  # noqa: F401
from tests.test_walk import fingerprint_of_everything

# What a person writes in words, and its longest; the rest is chosen.
TEXTS = {
    "words", "wording", "reason", "own_words", "clinical_words", "why", "knowing",
    "low_end", "high_end", "first_step", "cue", "plan", "importance_why",
    "importance_raise", "confidence_raise", "word", "context", "goal_words",
    "size_words", "way_words", "part0", "part1", "part2", "part3", "practice",
    "take_away", "moment", "setting", "changed", "line", "about",
    "presenting_concern", "place",
}  # fmt: skip
ANSWERED = {"correction-answer": "answer", "portal-strength-reword": "name"}
# Rows that a look or a sign-in writes.
ASIDE = {"accounts_auditevent", "accounts_signin", "accounts_device", "clients_draft"}


def texts_of(name, good):
    wanted = TEXTS | {ANSWERED.get(name, "")}
    if name.endswith("goal-propose"):  # a goal that is there has its steps
        wanted -= set(ONLY_NEW)
    if name.startswith("portal-"):
        wanted -= {"clinical_words"}
    return {field: f"My {field[:30]}!" for field in good if field in wanted}


WITH_TEXT = [name for name, (_who, good) in FORMS.items() if texts_of(name, good)]


def roles_end(thea, theo, cleo):
    roles = CareRole.objects.filter(client=cleo).exclude(kind="emergency")
    roles.update(ends_at=timezone.now())


def therapy_ends(thea, theo, cleo):
    now = timezone.now()
    Client.objects.filter(pk=cleo.pk).update(state="discharged", discharged_at=now)


def portal_closes(thea, theo, cleo):
    long_ago = timezone.now() - timezone.timedelta(days=900)
    Client.objects.filter(pk=cleo.pk).update(state="discharged", discharged_at=long_ago)


def goal_is_set_aside(thea, theo, cleo):
    Goal.objects.update(closed_at=timezone.now(), ended_as="aside")


def goal_is_reached(thea, theo, cleo):
    Goal.objects.update(closed_at=timezone.now(), ended_as="reached")


def session_is_missed(thea, theo, cleo):
    TherapySession.objects.update(state="missed")


def session_is_canceled(thea, theo, cleo):
    TherapySession.objects.update(state="cancelled")


def colleague_signs(thea, theo, cleo):
    in_care(cleo, theo, "co_therapist")
    with acting_as(theo.pk), transaction.atomic():
        begun = TherapySession.objects.filter(starts_at__lt=timezone.now())
        for session in begun.filter(note=None):
            note = ProgressNote.begin(session, by=theo)
            note.revision = note.keep("Theo's", "dap", by=theo, base=0)
            assert note.sign(by=theo, base=note.revision)


def other_words_are_proposed(thea, theo, cleo):
    with acting_as(cleo.user.pk), transaction.atomic():
        for goal in Goal.objects.visible_to(cleo.user):
            goal.propose_version({"own_words": "Newer"}, by=cleo.user)


def review_is_decided(thea, theo, cleo):
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.objects.exclude(in_force=None).first()
        Review.begin(goal, by=thea)
    Goal.objects.update(review=None)


def all_is_answered(thea, theo, cleo):
    now = timezone.now()
    for comment in Comment.objects.all():
        with acting_as(cleo.user.pk), transaction.atomic():
            mine = Comment.objects.select_related("goal__client").get(pk=comment.pk)
            mine.talked_about(cleo.user.today(), "", by=cleo.user)
    Correction.objects.update(answered_at=now, answered_by=thea)
    Strength.objects.update(state="reworded", answered_at=now)


HAPPENS = [
    roles_end, therapy_ends, portal_closes, goal_is_set_aside, goal_is_reached,
    session_is_missed, session_is_canceled, colleague_signs, other_words_are_proposed,
    review_is_decided, all_is_answered,
]  # fmt: skip


@pytest.mark.parametrize("happens", HAPPENS, ids=lambda change: change.__name__)
def test_no_form_loses_a_word_to_what_happened_meanwhile(
    happens,
    rows,  # noqa: F811
    browser_of,  # noqa: F811
    thea,
    theo,
    cleo,
):
    browsers = {who: browser_of(who) for who in ("thea", "theo", "cleo", "ada")}
    for browser in browsers.values():
        browser.get("/")
    as_superuser(happens, thea, theo, cleo)
    lost = []
    for name in WITH_TEXT:
        who, good = FORMS[name]
        texts = texts_of(name, good)
        before = shape()
        answer = browsers[who].post(address(name, rows), good | texts)
        page = answer.content.decode()
        if answer.status_code == 200 and name in ("note-keep", "draft-keep"):
            continue
        if answer.status_code == 302:
            if shape() == before:
                lost.append((name, "redirected, and nothing was saved", answer.url))
        elif name not in ("note-keep", "draft-keep"):  # those stay on their page
            missing = [f for f, text in texts.items() if escape(text) not in page]
            if missing:
                lost.append((name, answer.status_code, missing))
    assert not lost, "\n".join(map(str, lost))


def as_superuser(change, *cast):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    change(*cast)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = origin")


def shape():
    return {k: v for k, v in fingerprint_of_everything().items() if k not in ASIDE}


def test_every_form_with_a_text_is_tried(db):
    assert len(WITH_TEXT) >= 40
    assert reverse("start")
