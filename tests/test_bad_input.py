"""What nobody types by accident, sent to every form and list: never a crash.

Each form is answered as the right person; what is refused leaves every row as it was.
"""

from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.tests.test_second_step import with_app
from clients.models import CareRoleRequest, Notice
from conftest import admit, in_care
from database.identity import acting_as
from goals.models import Comment, Goal, GoalLink, Step
from tests.cast import agreed_goal, asides_of, book, hold, list_of, strengths_of
from tests.test_walk import ALL, crisis_line, fingerprint_of_everything, made_up
from toolkit.models import Assignment

DAY = timezone.timedelta(days=1)
GOAL = {"own_words": "Take the bus", "low_end": "never", "high_end": "always"}
GOAL |= {"clinical_words": "Graded exposure", "review_on": "2027-03-01", "revision": ""}
GOAL |= {"why": "It is my town", "knowing": "I am on it", "first_step": "One stop"}
GOAL |= {"cue": "it comes", "plan": "I stay", "today": "2", "importance": "7"}
GOAL |= {"importance_why": "x", "confidence": "3", "confidence_raise": "x"}
RATED = {"value": "5", "word": "shaky", "context": "It rained"}
STEP = {"words": "One stop", "cue": "it comes", "plan": "I stay"}
REVIEW = {"goal_fits": "yes", "goal_words": "x", "size_fits": "partly"}
REVIEW |= {"size_words": "x", "way_fits": "no", "way_words": "x", "choice": "keep"}
NUMBERS = {"importance": "5", "importance_why": "x", "importance_raise": "x"}
NUMBERS |= {"confidence": "5", "confidence_why": "x", "confidence_raise": "x"}
BOOKING = {"day": "", "other_day": "2026-12-01", "time": "", "other_time": "10:00"}
BOOKING |= {"minutes": "50", "place": "Room 2", "video_link": ""}
PERSON = {"preferred_name": "Mara", "family_name": "Lind", "pronouns": "she/her"}
PERSON |= {"email": "mara@example.test", "phone": "1"}
DETAILS = {"emergency_name": "Jo", "emergency_phone": "2", "presenting_concern": "x"}
NOTE = {f"part{number}": "Words" for number in range(4)}
NOTE |= {"format": "dap", "revision": "0", "practice": "Walk", "take_away": "Slow"}
STRENGTH = {"moment": "Four buses went.", "name": "Patience", "setting": "The stop"}
STRENGTH |= {"happened_on": "2026-01-01", "goals": "", "once": ""}
PREFERENCES = {"reminders": "on", "reminder_lead_hours": "24", "weekly_digest": "on"}
OWN = {"name": "Thea", "pronouns": "", "language": "en", "time_zone": "Europe/Berlin"}
OWN |= {"phone": "1", "contact_hours": "mornings"}
SECRET = {"password": "the long way home at night", "time_zone": "UTC", "privacy": "on"}

CARE = {"person": "", "kind": "cover", "since": "", "until": "2030-01-01"}
OVER = {"over-person": "", "over-since": "", "over-sessions": "move"}

PRACTICE = {"name": "Quay", "time_zone": "Europe/Berlin", "session_minutes": "50"}
PRACTICE |= {"idle_minutes": "20", "sender_name": "Quay", "portal_days": "30"}
LINE = {"name": "Night line", "number": "116 123", "hours": "", "verified_on": ""}

COLUMNS = {"column-0": "preferred_name", "column-1": "email", "column-2": "goal"}
COLUMNS |= {"column-3": "rating", "column-4": "rated_on", "leave_out": ""}

FORMS = {  # address: who fills it in, and what with
    "person-invite": ("ada", {"name": "N", "email": "n@example.test", "role": "both"}),
    "client-bring": ("ada", PERSON | {"therapist": "", "once": ""}),
    "client-care": ("ada", CARE),
    "client-hand-over": ("ada", OVER),
    "client-call-off": ("ada", {}),
    "care-role-end": ("ada", {}),
    "care-request-confirm": ("thea", {"confirm-clashing": "move"}),
    "care-request-refuse": ("thea", {}),
    "care-request-withdraw": ("ada", {}),
    "notice-seen": ("thea", {}),
    "person": ("ada", {"role": "both"}),
    "person-reopen": ("ada", {}),
    "person-leave": ("ada", {"sessions": "move", "to": ""}),
    "person-reinvite": ("ada", {}),
    "invitation-revoke": ("ada", {}),
    "sign-in-reset": ("ada", {}),
    "practice": ("ada", PRACTICE),
    "notice-write": ("ada", {"text": "What we keep"}),
    "line-add": ("ada", LINE),
    "line-edit": ("ada", LINE),
    "line-up": ("ada", {}),
    "line-remove": ("ada", {}),
    "client-record": ("thea", {}),
    "portal-record": ("cleo", {}),
    "caseload-import": ("thea", {"file": "no file"}),
    "caseload-import-look": ("thea", COLUMNS | {"act": "bring"}),
    "caseload-import-stop": ("thea", {}),
    "people-import": ("ada", {"file": "no file", "therapist": ""}),
    "people-import-look": ("ada", COLUMNS | {"act": "bring"}),
    "people-import-stop": ("ada", {}),
    "client-add": ("thea", PERSON | DETAILS | {"portal": "none", "once": ""}),
    "client-edit": ("thea", PERSON | DETAILS | {"version": "1"}),
    "client-invite": ("thea", {}),
    "client-comment": ("theo", {"words": "Ask why", "once": ""}),
    "client-discharge": ("thea", {"sessions": "cancel"}),
    "client-take-back": ("thea", {}),
    "session-comment": ("theo", {"words": "Ask why", "once": ""}),
    "comment-read": ("thea", {}),
    "correction-answer": ("thea", {"answer": "Thank you", "note": "", "text": ""}),
    "emergency": ("theo", {"name": "Cleo Hart", "reason": "Nobody answers here"}),
    "emergency-seen": ("thea", {}),
    "draft-keep": ("thea", GOAL),
    "goal-add": ("thea", GOAL | {"once": ""}),
    "goal-propose": ("thea", GOAL | {"seen": "1", "once": ""}),
    "goal-agree": ("thea", {}),
    "goal-decline": ("thea", {}),
    "goal-key-back": ("thea", {"reason": "Too much"}),
    "goal-differ": ("thea", {"words": "Slower", "wording": "One stop"}),
    "goal-differ-next": ("thea", {"choice": "talk"}),
    "goal-review-begin": ("thea", {}),
    "goal-review": ("thea", REVIEW),
    "goal-take-up": ("thea", {}),
    "goal-numbers": ("thea", NUMBERS),
    "goal-comment": ("thea", {"words": "It went well", "once": ""}),
    "comment-talked": ("thea", {"discussed_on": "2026-01-01", "changed": "Less"}),
    "goal-link": ("thea", {"kind": "helps", "other": ""}),
    "link-end": ("thea", {}),
    "step-up": ("thea", {}),
    "step-down": ("thea", {}),
    "step-drop": ("thea", {}),
    "goal-hand-over": ("thea", {}),
    "goal-rate": ("thea", RATED),
    "rating-withdraw": ("thea", {}),
    "step-add": ("thea", STEP),
    "step-reach": ("thea", {}),
    "step-undo": ("thea", {}),
    "strength-add": ("thea", STRENGTH),
    "strength-goals": ("thea", {"goals": ""}),
    "win-add": ("thea", {"words": "A stop", "happened_on": "2026-01-01", "once": ""}),
    "win-withdraw": ("thea", {}),
    "win-restore": ("thea", {}),
    "session-add": ("thea", BOOKING),
    "session-move": ("thea", BOOKING),
    "session": ("thea", NOTE | {"act": "sign"}),
    "note-keep": ("thea", NOTE),
    "session-cancel": ("thea", {}),
    "session-restore": ("thea", {}),
    "session-missed": ("thea", {}),
    "note-add": (
        "thea",
        {
            "kind_of_addition": "correction",
            "text": "A bus",
            "reason": "Mine",
            "once": str(uuid4()),
        },
    ),
    "note-hold": ("thea", {"reason": "Never"}),
    "note-show": ("thea", {}),
    "note-unsign": ("thea", {}),
    "note-take-over": ("thea", {}),
    "note-begin-anew": ("thea", {}),
    "settings": ("thea", OWN),
    "stay": ("thea", {}),
    "initials": ("thea", {"next": "/caseload/"}),
    "prove": ("thea", {"password": "x"}),
    "password-change": ("thea", {"new_password1": "x", "new_password2": "x"}),
    "address-change": ("thea", {"email": "new@example.test"}),
    "address-confirm": ("thea", {}),
    "second-step": ("thea", {"code": "123456"}),
    "passkey-add": ("thea", {"credential": "{}", "name": "", "passwordless": "on"}),
    "recovery-codes-anew": ("thea", {}),
    "way-remove": ("thea", {}),
    "sign-in-end": ("thea", {}),
    "sign-ins-end": ("thea", {}),
    "mfa_authenticate": ("nobody", {"code": "123456"}),
    "mfa_login_webauthn": ("nobody", {"credential": "{}"}),
    "sign-in-here": ("nobody", {"who": "", "password": "x", "code": ""}),
    "portal-practice-say": ("cleo", {"answer": "did", "from": "goals"}),
    "portal-goal-add": ("cleo", GOAL | {"once": ""}),
    "portal-goal-propose": ("cleo", GOAL | {"seen": "1", "once": ""}),
    "portal-goal-agree": ("cleo", {}),
    "portal-goal-decline": ("cleo", {}),
    "portal-goal-key-back": ("cleo", {"reason": "Too much"}),
    "portal-goal-differ": ("cleo", {"words": "Slower", "wording": "One stop"}),
    "portal-goal-differ-next": ("cleo", {"choice": "talk"}),
    "portal-goal-review-begin": ("cleo", {}),
    "portal-goal-review": ("cleo", REVIEW),
    "portal-goal-take-up": ("cleo", {}),
    "portal-goal-numbers": ("cleo", NUMBERS),
    "portal-goal-comment": ("cleo", {"words": "It went well", "once": ""}),
    "portal-comment-talked": (
        "cleo",
        {"discussed_on": "2026-01-01", "changed": "Less"},
    ),
    "portal-goal-link": ("cleo", {"kind": "helps", "other": ""}),
    "portal-link-end": ("cleo", {}),
    "portal-step-up": ("cleo", {}),
    "portal-step-down": ("cleo", {}),
    "portal-step-drop": ("cleo", {}),
    "portal-goal-reached": ("cleo", {"line": "You can ask"}),
    "portal-goal-here": ("cleo", {"choice": "agree", "words": "x"}),
    "portal-goal-rate": ("cleo", RATED),
    "portal-rating-withdraw": ("cleo", {}),
    "portal-step-add": ("cleo", STEP),
    "portal-step-reach": ("cleo", {}),
    "portal-step-undo": ("cleo", {}),
    "portal-strength-add": ("cleo", STRENGTH),
    "portal-strength-reword": ("cleo", STRENGTH),
    "portal-strength-answer": ("cleo", {"answer": "yes"}),
    "portal-strength-unanswer": ("cleo", {}),
    "portal-strength-goals": ("cleo", {"goals": ""}),
    "portal-win-add": ("cleo", {"words": "A stop", "happened_on": "", "once": ""}),
    "portal-win-withdraw": ("cleo", {}),
    "portal-win-restore": ("cleo", {}),
    "portal-celebration": ("cleo", {"celebrates": "ritual"}),
    "portal-corrections": ("cleo", {"about": "x", "words": "Mara", "once": ""}),
    "portal-account-close": ("cleo", {}),
    "portal-contact": ("cleo", PREFERENCES | {"paused_until": "2030-01-01"}),
    "account_login": ("nobody", {"login": "thea@example.test", "password": "x"}),
    "account_reset_password": ("nobody", {"email": "thea@example.test"}),
    "join": ("nobody", SECRET),
    "account_logout": ("thea", {}),
    "leave": ("cleo", {}),
}
# One is behind a link that these tests do not follow, two have no form.
ELSEWHERE = {
    "password-new",
    "healthz",
    "metrics",
    "caseload-import-undo",
    "people-import-undo",
}
# Answers that a script reads: 200 means that the words were kept.
KEPT = {"note-keep", "draft-keep"}
# What was refused is stored as a draft of whoever typed it.
GIVEN_BACK = {"session": "clients_draft"}

ODD = {
    "nothing": "",
    "a NUL byte": "a\x00b",
    "100 kB": "x" * 100_000,
    "a long address": "a@" + "b" * 60 + ("." + "c" * 60) * 4 + ".test",
    "emoji and right to left": "\U0001f9d7\U0001f3fd\u202eolleh\u202c \u05e9\u05dc",
    "separators and escapes": "\x1e\x1b[31m\x7f\u2028\r\nBcc: x@example.test",
    "markup": "\"><script>alert(1)</script>{{ 7*7 }}' OR 1=1 --",
    "a link that runs": "javascript:alert(1)",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "no day": "2026-02-30",
    "a negative number": "-1",
    "a huge number": "9" * 25,
    "a number too long to read": "9" * 5000,
    "another script's digits": "\u0664\u00b2",
    "not a number": "NaN",
    "an id of nobody": str(uuid4()),
    "half an id": "01234567-89ab",
}

ALONE = ["a NUL byte", "a long address", "a huge number", "a negative number"]


@pytest.fixture
def rows(thea, theo, ada, cleo):
    """Ids for the addresses, all of them Cleo's and Thea's to use."""
    signed = hold(cleo, thea, at=timezone.now() - 7 * DAY)
    planned = book(cleo, thea, at=timezone.now() + DAY)
    goal = agreed_goal(cleo, thea, ratings=[4, 5, 6])
    with acting_as(thea.pk), transaction.atomic():
        step = Step.add(goal, "One stop", by=thea)
        said = Comment.say(goal, "How was it?", by=thea)
        other = Goal.propose(cleo, {"own_words": "Sleep"}, by=thea)
        link = GoalLink.make(goal, other, "helps", by=thea)
        practice = Assignment.agree(cleo, "One stop on Friday", by=thea)
    invited = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    with acting_as(thea.pk), transaction.atomic():
        invited.invite(by=thea)
    app = Authenticator.objects.get(user=with_app(thea))
    role = in_care(cleo, theo, "supervisor")
    asides = asides_of(cleo, supervisor=theo)
    asides |= strengths_of(cleo, thea, goal=goal)
    adas = list_of(ada, therapist=thea)
    asked = CareRoleRequest.objects.create(
        practice=thea.practice, client=cleo, user=theo, kind="cover", asked_by=ada
    )
    notice = Notice.objects.create(
        practice=thea.practice, recipient=thea, kind="role-ended", by=ada, client=cleo
    )
    ids = {
        **{name: row.pk for name, row in asides.items()},
        "role_id": role.pk,
        "factor_id": app.pk,
        "request_id": asked.pk,
        "notice_id": notice.pk,
        "public_id": uuid4(),
        "client_id": cleo.pk,
        "person_id": invited.user_id,
        "invitation_id": invited.user.invitations.get().pk,
        "goal_id": goal.pk,
        "line_id": crisis_line(thea).pk,
        "import_id": list_of(thea).pk,
        "export_id": uuid4(),
        "number": 1,
        "rating_id": goal.ratings.first().pk,
        "step_id": step.pk,
        "said_id": said.pk,
        "link_id": link.pk,
        "session_id": planned.pk,
        "assignment_id": practice.pk,
        "kind": "goal",
        "target": goal.pk,
    }
    return ids, {
        "client-invite": invited.pk,
        "person": thea.pk,
        "person-reopen": thea.pk,
        "person-leave": thea.pk,
        "sign-in-reset": cleo.user_id,
        "note-add": signed.pk,
        "note-hold": signed.pk,
        "note-show": signed.pk,
        "note-unsign": signed.pk,
        "note-take-over": signed.pk,
        "note-begin-anew": signed.pk,
        "people-import-look": adas.pk,
        "people-import-lines": adas.pk,
        "people-import-stop": adas.pk,
        "portal-win-withdraw": asides["own_win_id"].pk,
        "portal-win-restore": asides["own_win_id"].pk,
    }


@pytest.fixture
def browser_of(client, sign_in, thea, theo, ada, cleo):
    people = {"thea": thea, "theo": theo, "ada": ada, "cleo": cleo.user}

    def browser(who):
        found = sign_in(people[who]) if who in people else client
        found.raise_request_exception = False
        return found

    return browser


def address(name, rows):
    ids, instead = rows
    converters = next(p for p in ALL if p.name == name).pattern.converters
    wanted = {key: ids[key] for key in converters}
    if name in instead:
        wanted[next(iter(wanted))] = instead[name]
    return reverse(name, kwargs=wanted)


def bodies(good):
    """All fields odd at once, then each alone among good ones; missing; twice.

    Alone, a field is sent what breaks most: all of it takes too long.
    """
    yield "nothing sent", {}
    yield "each twice", {name: [text, "5"] for name, text in good.items()}
    for what, text in ODD.items():
        yield what, dict.fromkeys(good or {"once": ""}, text)
    for name in good:
        for what in ALONE:
            yield f"{what} as {name}", good | {name: ODD[what]}
    for name in good:
        yield f"no {name}", {other: good[other] for other in good if other != name}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_refuses_what_it_cannot_use_and_writes_nothing(name, rows, browser_of):
    who, good = FORMS[name]
    browser, url = browser_of(who), address(name, rows)
    before = fingerprint_but(GIVEN_BACK.get(name))
    for what, body in bodies(good):
        with transaction.atomic():
            answer = browser.post(url, body)
            assert answer.status_code < 500, (name, what)
            refused = answer.status_code >= 400 or (
                answer.status_code == 200 and name not in KEPT
            )
            if refused:
                assert fingerprint_but(GIVEN_BACK.get(name)) == before, (name, what)
            transaction.set_rollback(True)
        if answer.status_code == 302 and answer.url.startswith("/sign-in/"):
            browser = browser_of(who)
            before = fingerprint_but(GIVEN_BACK.get(name))


def fingerprint_but(table):
    found = fingerprint_of_everything()
    found.pop(table, None)
    return found


@pytest.mark.parametrize("pattern", ALL, ids=lambda p: p.name)
def test_whatever_takes_a_form_stands_above(pattern, browser_of):
    if pattern.name in FORMS or pattern.name in ELSEWHERE:
        return
    of = {"admin": "ada", "client": "cleo", "everyone": "nobody"}
    who = of.get(pattern.callback.audience, "thea")
    answer = browser_of(who).post(reverse(pattern.name, kwargs=made_up(pattern)))
    assert answer.status_code == 405


LISTS = {  # address: who reads it, and what it looks for behind the question mark
    "people": ("ada", ["q", "page", "state"]),
    "audit": ("ada", ["who", "sort", "client", "since", "until", "page"]),
    "audit-csv": ("ada", ["who", "sort", "client", "since", "until"]),
    "deliveries": ("ada", ["state", "kind", "page"]),
    "care-roles": ("ada", ["q", "page"]),
    "caseload": ("thea", ["q", "show", "sort", "page"]),
    "client-sessions": ("thea", ["page"]),
    "client-strengths": ("thea", ["page"]),
    "client-journey": ("thea", ["since"]),
    "client-journey-print": ("thea", ["since"]),
    "session-add": ("thea", ["week"]),
    "session-move": ("thea", ["week"]),
    "goal": ("thea", ["all"]),
    "portal-goal": ("cleo", ["all"]),
    "portal-corrections": ("cleo", ["page"]),
    "portal-looked": ("cleo", ["page"]),
    "portal-strengths": ("cleo", ["page", "later"]),
    "portal-journey": ("cleo", ["since"]),
    "portal-journey-print": ("cleo", ["since"]),
    "portal-sessions": ("cleo", ["page"]),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_reads_nonsense_in_its_address_as_nothing(name, rows, browser_of):
    who, keys = LISTS[name]
    browser, url = browser_of(who), address(name, rows)
    for key in keys:
        for what, text in ODD.items():
            answer = browser.get(url, {key: text[:5000]})
            assert answer.status_code in (200, 302), (name, key, what)


def test_a_session_is_booked_between_a_year_ago_and_two_years_ahead(
    sign_in, thea, cleo
):
    thea.time_zone = "Asia/Tokyo"
    thea.save(update_fields=["time_zone"])
    for day in ("0001-01-01", "1900-01-01", "2400-01-01", "9999-12-31"):
        body = BOOKING | {"other_day": day, "other_time": "23:55"}
        answer = sign_in(thea).post(f"/clients/{cleo.pk}/book/", body)
        assert "Choose a date within" in answer.content.decode()
    assert not cleo.sessions.exists()


def test_a_refused_address_with_a_nul_byte_in_it_is_logged(sign_in, thea, cleo):
    address = f"/drafts/{cleo.pk}/go%00al/{cleo.pk}/"
    assert sign_in(thea).post(address).status_code == 404
    assert AuditEvent.objects.get(verb="refused").actor_id == thea.pk


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options", "trace"])
def test_a_page_is_asked_for_with_get_and_post_alone(method, rows, browser_of):
    browser = browser_of("thea")
    for name in ("session", "goal-propose", "client-edit", "session-move"):
        assert getattr(browser, method)(address(name, rows)).status_code == 405


def test_a_page_shown_again_after_a_refused_form_was_looked_at_too(
    sign_in, thea, cleo, rows
):
    """Nobody reads a record by sending a form that cannot be saved."""
    browser = sign_in(thea)
    for name in ("session", "note-hold", "goal-propose"):
        url = address(name, rows).replace("/hold/", "/")
        looks = AuditEvent.objects.filter(verb="opened", actor_id=thea.pk)
        before = looks.count()
        assert browser.post(url, {}).status_code == 200
        assert looks.count() == before + 1
