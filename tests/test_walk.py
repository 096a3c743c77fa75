"""Every address and method as every stranger: 404 (or sign in), and nothing changes.

A new address fails here until it names its audience and, where it has an id, a stranger
has tried it.
"""

from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, CrisisLine, SignIn
from accounts.tests.test_second_step import with_app
from clients.models import CareRoleRequest, Client, Notice
from conftest import admit, in_care, person
from database.identity import acting_as
from goals.models import Comment, Goal, GoalLink, Step
from tests.cast import (
    add_to,
    agreed_goal,
    asides_of,
    book,
    copy_of,
    hold,
    list_of,
    strengths_of,
)
from toolkit.models import Assignment

AUDIENCES = {"everyone", "signed in", "staff", "therapist", "admin", "client"}


def patterns(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield entry


ALL = list(patterns())
WITH_IDS = [p for p in ALL if p.pattern.converters]
# Addresses whose id is no row of a client: a secret, a practice's public name.
NOT_ROWS = {"join-link", "address-link", "password-new", "help-now-of"}


@pytest.mark.requirement("R2", "R7")
@pytest.mark.parametrize("pattern", ALL, ids=lambda p: p.name)
def test_every_view_names_its_audience(pattern):
    assert getattr(pattern.callback, "audience", None) in AUDIENCES


@pytest.mark.requirement("R2")
@pytest.mark.parametrize("pattern", ALL, ids=lambda p: p.name)
def test_a_visitor_is_sent_to_sign_in(client, practice, pattern):
    if pattern.callback.audience == "everyone":
        return
    url = reverse(pattern.name, kwargs=made_up(pattern))
    for answer in (client.get(url), client.post(url)):
        assert answer.status_code == 302, url
        assert answer.url.startswith("/sign-in/")


# Whose pages are where, said apart from the decorators: first part of the address.
WHOSE = {
    "thea": {
        "today",
        "caseload",
        "clients",
        "goals",
        "sessions",
        "digest",
        "emergency",
        "strengths",
        "wins",
    },
    "ada": {"people", "care-roles", "audit", "deliveries", "practice"},
    "cleo": {"portal"},
}
FOR_ALL = {"", ".well-known", "healthz", "metrics", "sign-in", "sign-out", "prove",
           "reset", "join", "settings", "stay", "address", "help",
           "handed-over"}  # fmt: skip
# Leaving, and what whoever left may still read.
OUTSIDE = {"leave", "portal-account-closed"}


@pytest.mark.requirement("R2", "R7")
@pytest.mark.parametrize("who", WHOSE)
def test_everybody_finds_their_own_pages_and_no_others(request, sign_in, who, practice):
    person = request.getfixturevalue(who)
    browser = sign_in(getattr(person, "user", person))
    for pattern in ALL:
        if pattern.pattern.converters or pattern.name in OUTSIDE:
            continue
        url = reverse(pattern.name)
        part = url.split("/")[1]
        if part in FOR_ALL:
            continue
        assert part in set().union(*WHOSE.values()), f"say above whose {url} is"
        found = browser.get(url).status_code != 404
        assert found == (part in WHOSE[who]), url


def made_up(pattern):
    kinds = {"UUIDConverter": uuid4, "IntConverter": lambda: 1}
    return {
        name: kinds.get(type(converter).__name__, lambda: "x")()
        for name, converter in pattern.pattern.converters.items()
    }


@pytest.fixture
def rows(thea, cleo):
    """Cleo's rows, under the names that addresses give them."""
    signed = hold(cleo, thea, at=timezone.now() - timezone.timedelta(days=7))
    planned = book(cleo, thea, at=timezone.now() + timezone.timedelta(days=1))
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
    digest = digest_of(thea)
    app = Authenticator.objects.get(user=with_app(thea))
    sign_in = SignIn.objects.create(
        key_hash="x" * 64, user=thea, expire_date=timezone.now(), session_data=""
    )
    supervisor = person(thea.practice, "Ines", is_therapist=True)
    role = in_care(cleo, supervisor, "supervisor")
    asides = asides_of(cleo, supervisor=supervisor)
    asides |= strengths_of(cleo, thea, goal=goal)
    add_to(signed, by=thea)
    asked = CareRoleRequest.objects.create(
        practice=thea.practice, client=cleo, user=supervisor, kind="co_therapist",
        asked_by=thea,
    )  # fmt: skip
    notice = Notice.objects.create(
        practice=thea.practice, recipient=thea, kind="role-ended", by=thea, client=cleo
    )
    return {
        **{name: [row.pk] for name, row in asides.items()},
        "role_id": [role.pk],
        "request_id": [asked.pk],
        "notice_id": [notice.pk],
        "client_id": [cleo.pk, invited.pk],
        "goal_id": [goal.pk],
        "rating_id": [goal.ratings.first().pk],
        "step_id": [step.pk],
        "link_id": [link.pk],
        "said_id": [said.pk],
        "session_id": [signed.pk, planned.pk],
        "assignment_id": [practice.pk],
        "person_id": [invited.user_id],
        "invitation_id": [invited.user.invitations.get().pk],
        "digest_id": [digest.pk],
        "public_id": [sign_in.public_id],
        "factor_id": [app.pk],
        "target": [goal.pk],
        "line_id": [crisis_line(thea).pk],
        "import_id": [list_of(thea).pk],
        "export_id": [copy_of(cleo, thea).pk],
        "number": [1],
        "kind": ["goal"],
    }


def crisis_line(user):
    return CrisisLine.objects.create(
        practice_id=user.practice_id, name="Night line", number="116 123"
    )


def digest_of(user):
    from digests.models import Digest

    now = timezone.now()
    return Digest.objects.create(
        practice_id=user.practice_id,
        recipient=user,
        starts_at=now,
        ends_at=now,
        period="2026-W47",
    )


def other_practice():
    from accounts import encryption
    from accounts.models import Practice

    practice = Practice.objects.create(name="Elsewhere", slug="elsewhere")
    encryption.make_practice_key(practice.pk)
    return practice


@pytest.fixture
def strangers(practice, theo, ada, carl, cleo, thea):
    """Everybody who has no business with Cleo, by what they are."""
    elsewhere = other_practice()
    former = person(practice, "Former", is_therapist=True)
    in_care(cleo, former, "co_therapist", begins=-90, ends=-1)
    coming = person(practice, "Coming", is_therapist=True)
    in_care(cleo, coming, "cover", begins=1)
    closed = person(practice, "Closed", is_therapist=True, is_active=False)
    in_care(cleo, closed, "co_therapist")
    return {
        "another therapist": theo,
        "another client": carl.user,
        "the admin": ada,
        "a therapist of another practice": person(elsewhere, "Una", is_therapist=True),
        "an admin of another practice": person(elsewhere, "Olaf", is_admin=True),
        "a former co-therapist": former,
        "a cover from tomorrow on": coming,
        "a former supervisor": once(practice, cleo, "supervisor"),
        "a cover whose days are over": once(practice, cleo, "cover"),
        "an emergency that is over": once(practice, cleo, "emergency"),
        "a client whose portal closed": parted(theo),
        "a deactivated therapist": closed,
    }


def once(practice, client, kind):
    """Somebody who had this role for two hours, yesterday."""
    former = person(practice, f"Once{kind}", is_therapist=True)
    in_care(client, former, kind, begins=-1, ends=-0.9)
    return former


def parted(theo):
    """A client who was discharged long ago, and reads nothing any more."""
    pat = admit("Pat", by=theo)
    long_ago = timezone.now() - timezone.timedelta(days=90)
    Client.objects.filter(pk=pat.pk).update(state="discharged", discharged_at=long_ago)
    return pat.user


WHO = [
    "another therapist",
    "another client",
    "the admin",
    "a therapist of another practice",
    "an admin of another practice",
    "a former co-therapist",
    "a cover from tomorrow on",
    "a former supervisor",
    "a cover whose days are over",
    "an emergency that is over",
    "a client whose portal closed",
    "a deactivated therapist",
]
CLOSED = dict.fromkeys(WHO, (302, 404, 405))
# Signed out by it, so that their own words are given back to them.
CLOSED["a deactivated therapist"] = (302, 403, 404, 405)
CLOSED["a client whose portal closed"] = (302, 403, 404, 405)
# What an admin may do with a person's account and care roles, and nothing else.
ADMINS_OWN = {
    "person-reinvite",
    "invitation-revoke",
    "client-care",
    "client-hand-over",
    "client-call-off",
    "care-role-end",
    "care-request-withdraw",
    "sign-in-reset",
    "line-edit",
    "line-up",
    "line-remove",
}


@pytest.mark.requirement("R1", "R6")
@pytest.mark.parametrize("who", WHO)
def test_a_stranger_finds_nothing_at_any_address(sign_in, rows, strangers, who):
    browser = sign_in(strangers[who])
    before = fingerprint_of_everything()
    for pattern in WITH_IDS:
        if pattern.name in NOT_ROWS or (
            who == "the admin" and pattern.name in ADMINS_OWN
        ):
            continue
        for kwargs in combinations(pattern, rows):
            url = reverse(pattern.name, kwargs=kwargs)
            for answer in (browser.get(url), browser.post(url, bodies(rows))):
                assert answer.status_code in CLOSED[who], (url, answer.status_code)
                assert "Cleo" not in answer.content.decode(), (who, url)
    assert fingerprint_of_everything() == before


MAY_SAY = {"client-comment", "session-comment"}


@pytest.mark.requirement("R1")
@pytest.mark.parametrize("kind", ["supervisor", "emergency"])
def test_who_reads_alone_sends_every_form_and_changes_nothing(
    sign_in, practice, rows, cleo, kind
):
    reader = person(practice, "Reader", is_therapist=True)
    in_care(cleo, reader, kind, begins=0, ends=0.1)
    browser = sign_in(reader)
    before = fingerprint_of_everything()
    for pattern in WITH_IDS:
        says = kind == "supervisor" and pattern.name in MAY_SAY
        if pattern.name in NOT_ROWS or says:
            continue
        for kwargs in combinations(pattern, rows):
            url = reverse(pattern.name, kwargs=kwargs)
            answer = browser.post(url, bodies(rows))
            # A session is shown as it is, with what was sent beside it.
            shown = (409,) if pattern.name == "session" else ()
            assert answer.status_code in (404, 405, *shown), (url, answer.status_code)
    assert fingerprint_of_everything() == before


@pytest.mark.requirement("R1")
def test_who_was_discharged_sends_every_form_and_changes_nothing(
    sign_in, thea, rows, cleo
):
    Client.objects.filter(pk=cleo.pk).update(
        state="discharged", discharged_at=timezone.now()
    )
    browser, before = sign_in(cleo.user), fingerprint_of_everything()
    for pattern in WITH_IDS:
        if pattern.name in NOT_ROWS:
            continue
        for kwargs in combinations(pattern, rows):
            url = reverse(pattern.name, kwargs=kwargs)
            answer = browser.post(url, bodies(rows))
            assert answer.status_code in (403, 404, 405), (url, answer.status_code)
    assert fingerprint_of_everything() == before


def combinations(pattern, rows):
    """Each row of the first id; the rest as they belong together."""
    names = list(pattern.pattern.converters)
    for first in rows[names[0]]:
        yield {names[0]: first} | {name: rows[name][0] for name in names[1:]}


def bodies(rows):
    """A body with every id of Cleo's in it, under every name a form might use."""
    foreign = {name: str(values[0]) for name, values in rows.items()}
    return foreign | {
        "client": foreign["client_id"],
        "therapist": foreign["person_id"],
        "once": foreign["client_id"],
        "value": "5",
        "own_words": "Not mine",
        "words": "Not mine",
        "preferred_name": "Not mine",
        "portal": "none",
        "part0": "Not mine",
        "format": "dap",
        "revision": "1",
        "reason": "Not mine",
        "answer": "did",
        "act": "sign",
        "person": foreign["person_id"],
        "over-person": foreign["person_id"],
        "over-sessions": "move",
        "sessions": "cancel",
        "role": "both",
        "about": "Not mine",
        "name": "Not mine",
        "moment": "Not mine",
        "goals": foreign["goal_id"],
        "celebrates": "ritual",
    }


TABLES = [
    "clients_carerolerequest", "clients_notice",
    "clients_client", "clients_carerole", "clients_clientbackground",
    "clients_contactpreferences", "clients_contactwish", "clients_draft",
    "clients_emergencyreason", "clients_supervisioncomment", "clients_correction",
    "goals_strength", "accounts_user", "goals_goal", "goals_goalversion",
    "goals_agreement", "goals_goalrating", "goals_step", "goals_goalmove",
    "goals_review", "goals_reviewanswer", "goals_comment", "goals_goallink",
    "goals_goalscore", "goals_strengthlink", "toolkit_assignment",
    "appointments_therapysession", "notes_progressnote", "notes_notehold",
    "notes_noteaddition", "notes_earlierdraft",
    "goals_win", "transfer_caseloadimport", "transfer_importsheet",
    "transfer_recordexport",
    "accounts_invitation", "accounts_datakey", "accounts_practice",
    "accounts_crisisline",
]  # fmt: skip


def fingerprint_of_everything():
    """All rows of all tables, as the superuser of the test cluster sees them."""
    found = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text))"
                f" FROM {table} t"
            )
            found[table] = cursor.fetchone()
    return found


@pytest.mark.requirement("R1", "R3")
def test_foreign_ids_in_a_forms_body_reach_nothing(sign_in, rows, theo, carl):
    """Theo adds his own client and goal, with Cleo's ids in every field."""
    browser = sign_in(theo)
    body = bodies(rows) | {"preferred_name": "Mara", "presenting_concern": "x"}
    answer = browser.post("/clients/add/", body | {"portal": "none"})
    assert answer.status_code in (200, 302)
    browser.post(
        f"/clients/{carl.pk}/goals/add/", body | {"once": str(rows["goal_id"][0])}
    )
    goal = Goal.objects.get(pk=rows["goal_id"][0])
    assert goal.client_id == rows["client_id"][0]
    assert goal.versions.count() == 1


@pytest.mark.requirement("R16")
def test_a_refused_opening_is_logged_once_without_content(sign_in, theo, cleo):
    sign_in(theo).get(f"/clients/{cleo.pk}/")
    event = AuditEvent.objects.get(verb="refused")
    assert event.actor_id == theo.pk
    assert event.detail == {"view": "client", "asked": {"client_id": str(cleo.pk)}}


def test_not_yours_and_not_there_look_the_same(sign_in, theo, cleo):
    browser = sign_in(theo)
    not_mine = browser.get(f"/clients/{cleo.pk}/")
    not_there = browser.get(f"/clients/{uuid4()}/")
    assert not_mine.status_code == not_there.status_code == 404
    assert not_mine.content == not_there.content


@pytest.mark.requirement("R4")
def test_an_ended_care_role_closes_the_record_at_the_next_request(
    sign_in, ada, thea, theo, cleo
):
    browser = sign_in(thea)
    assert browser.get(f"/clients/{cleo.pk}/").status_code == 200
    said = {"over-person": str(theo.pk), "over-sessions": "move"}
    browser.post(f"/care-roles/{cleo.pk}/hand-over/", said)
    assert browser.get(f"/clients/{cleo.pk}/").status_code == 404
    assert sign_in(theo).get(f"/clients/{cleo.pk}/").status_code == 200


@pytest.mark.requirement("R4")
def test_a_deactivated_therapist_is_out_at_the_next_request(sign_in, thea, cleo):
    browser = sign_in(thea)
    thea.is_active = False
    thea.save(update_fields=["is_active"])
    assert browser.get(f"/clients/{cleo.pk}/").status_code == 302


def test_a_visitor_cannot_use_an_invitation_twice(client, thea, practice):
    nadia = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    with acting_as(thea.pk), transaction.atomic():
        nadia.invite(by=thea)
    secret = invitations.token(nadia.user.invitations.get().pk)
    said = {"password": "the long way home at night", "time_zone": "Europe/Berlin"}
    assert invitations.accept(secret, **said).pk == nadia.user_id
    assert invitations.accept(secret, **said) is None


# -- signed in, but without the second step that work here needs ----------------------

# What leads to the second step, or out; and help.
BEFORE_THE_STEP = {
    "second-step",
    "passkey-add",
    "recovery-codes",
    "prove",
    "stay",
    "help-now",
    "help-now-of",
    "account_logout",
}


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("who", ["thea", "ada"])
def test_without_the_second_step_that_is_needed_no_address_opens(
    request, sign_in, rows, cleo, settings, who
):
    """It was switched on while they were signed in with a password alone."""
    somebody = request.getfixturevalue(who)
    Authenticator.objects.filter(user=somebody).delete()
    browser = sign_in(somebody)
    assert browser.get("/settings/").status_code == 200
    settings.SECOND_STEP_REQUIRED = True
    before = fingerprint_of_everything()
    for pattern in ALL:
        if pattern.callback.audience == "everyone" or pattern.name in BEFORE_THE_STEP:
            continue
        is_row = pattern.pattern.converters and pattern.name not in NOT_ROWS
        kwargs = next(combinations(pattern, rows)) if is_row else made_up(pattern)
        url = reverse(pattern.name, kwargs=kwargs)
        by_script = {"headers": {"Accept": "application/json"}}
        for answer in (
            browser.get(url),
            browser.get(url, **by_script),
            browser.post(url, bodies(rows)),
            browser.post(url, b"{}", "application/json", **by_script),
        ):
            assert answer.status_code in (302, 401, 403), url
            if answer.status_code == 302:
                assert answer.url.startswith("/settings/second-step/"), url
            assert "Cleo" not in answer.content.decode(), url
    assert fingerprint_of_everything() == before


@pytest.mark.requirement("R31")
def test_what_is_open_before_the_second_step_shows_nothing_of_a_record(
    sign_in, rows, thea, cleo, settings
):
    Authenticator.objects.filter(user=thea).delete()
    browser = sign_in(thea)
    settings.SECOND_STEP_REQUIRED = True
    for pattern in ALL:
        is_open = pattern.callback.audience == "everyone"
        assert is_open or getattr(pattern.callback, "before_second_step", False) == (
            pattern.name in BEFORE_THE_STEP
        ), pattern.name
        if is_open or pattern.name in BEFORE_THE_STEP:
            answer = browser.get(reverse(pattern.name, kwargs=made_up(pattern)))
            assert "Cleo" not in answer.content.decode(), pattern.name
            if pattern.name == "account_logout":
                browser = sign_in(thea)
