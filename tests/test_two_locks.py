"""Both locks answer the same for over two hundred people of every kind.

Two practices are made at random (always the same ones): therapists, admins, both,
clients of every state, closed accounts, and care roles of every kind that ran, run,
will run or were called off.  Then each person asks for each guarded table, by the rule
and past it.
"""

import random
from datetime import timedelta
from itertools import count

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Credential, Practice, User
from appointments.models import TherapySession
from clients.models import (
    CareRole,
    CareRoleRequest,
    Client,
    ClientBackground,
    ClientRow,
    ContactPreferences,
    ContactWish,
    Correction,
    Draft,
    EmergencyReason,
    Notice,
    Signal,
    SupervisionComment,
)
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
    Review,
    ReviewAnswer,
    Step,
    Strength,
    StrengthLink,
    Win,
)
from notes.models import EarlierDraft, NoteAddition, NoteHold, ProgressNote, SessionGoal
from tests.cast import people_named_to
from toolkit.models import Assignment
from transfer.models import CaseloadImport, ImportSheet, RecordExport

THERAPISTS, CLIENTS = 46, 62  # of each practice
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORDS = ""  # sealed, and no key is needed
# What the database promises of words, which here are none.
OF_WORDS = """
ALTER TABLE goals_strength DROP CONSTRAINT strength_has_its_moment;
ALTER TABLE goals_win DROP CONSTRAINT win_has_words;
ALTER TABLE clients_emergencyreason DROP CONSTRAINT emergency_reason_has_words;
"""
# Every table of clients' rows is compared, and these beside them.
GUARDED = [
    User, Credential, Notice, Client, ClientBackground, ContactPreferences,
    CaseloadImport, ImportSheet,
    *(model for model in apps.get_models() if issubclass(model, ClientRow)),
]  # fmt: skip
# What may be changed, and a column whose change to itself is one.
CHANGED = {
    Client: "version",
    ClientBackground: "presenting_concern",
    ContactPreferences: "celebrates",
    ContactWish: "allowed",
    Correction: "answered_at",
    Draft: "revision",
    EmergencyReason: "seen_at",
    SupervisionComment: "read_at",
    Goal: "closed_at",
    Step: "position",
    Comment: "changed",
    GoalLink: "ended_at",
    Review: "decision",
    Assignment: "answer",
    TherapySession: "place",
    ProgressNote: "revision",
    NoteHold: "until",
    Strength: "answered_at",
    StrengthLink: "ended_at",
    Win: "withdrawn_at",
    CaseloadImport: "percent",
    Signal: "closed_at",
}


class World:
    """Two practices full of people; only what the locks look at is made with care."""

    def __init__(self):
        self.random, self.now, self.numbers = random.Random(4), timezone.now(), count()
        self.roles, self.rows = [], []
        with connection.cursor() as cursor:
            cursor.execute(OF_WORDS)
        for slug in ("harbour", "elsewhere"):
            self.practice(slug)

    def practice(self, slug):
        self.home = Practice.objects.create(name=slug, slug=slug, portal_days=30)
        self.staff = [self.person(is_therapist=True) for _ in range(THERAPISTS)]
        self.staff += [self.person(is_therapist=True, is_admin=True) for _ in range(4)]
        gone = [self.person(is_therapist=True, is_active=False) for _ in range(4)]
        self.staff += gone
        self.admins = [self.person(is_admin=True) for _ in range(4)]
        self.person(is_admin=True, is_active=False)
        for _ in range(CLIENTS):
            self.life()

    def person(self, **fields) -> User:
        number = next(self.numbers)
        return User.objects.create(
            practice=self.home, name=f"P{number}", email=f"p{number}@x.test", **fields
        )

    def some(self, share) -> bool:
        return self.random.random() < share

    def life(self):
        user = self.person(is_active=not self.some(0.1)) if self.some(0.8) else None
        days = self.random.choice([None, None, None, 2, 29.9, 30.1, 200])
        state = self.random.choice(["active", "active", "paused"])
        client = Client.objects.create(
            practice=self.home, user=user, preferred_name=f"C{next(self.numbers)}",
            state=state if days is None else "discharged",
            discharged_at=None if days is None else self.now - days * DAY,
        )  # fmt: skip
        self.client, self.common = client, {"practice": self.home, "client": client}
        self.team = self.random.sample(self.staff, self.random.randint(1, 6))
        for number, member in enumerate(self.team):
            kind = self.random.choice(CareRole.Kind.values) if number else "primary"
            self.role(member, kind, leads=not number)
        self.record()

    def role(self, member, kind, *, leads):
        """Past, running, to come, or called off before it began."""
        begins = self.random.choice([-400, -30, -1, -0.05, 0.1, 5])
        lasts = self.random.choice([None, 0, 0.02, 0.9, 20, 500])
        if kind == "emergency":
            begins, lasts = self.random.choice([(-9, 0.1), (-0.1, 0.16), (-0.2, 0.15)])
        elif leads and self.some(0.8):
            begins, lasts = -30, None
        elif lasts is None and kind in ("cover", "primary"):
            lasts = 20
        starts = self.now + begins * DAY
        ends = None if lasts is None else starts + lasts * DAY
        found = CareRole.objects.create(
            **self.common, user=member, kind=kind, starts_at=starts, ends_at=ends,
            given_by=self.staff[0],
        )  # fmt: skip
        if kind == "emergency":
            EmergencyReason.objects.create(
                **self.common, role=found, by=member, words=WORDS
            )

    def record(self):
        """A row of each kind, by somebody of the team or by the client."""
        client, common, who = self.client, self.common, self.random.choice(self.team)
        writer = client.user or who
        ClientBackground.objects.create(**common, presenting_concern=WORDS)
        ContactPreferences.objects.create(**common)
        ContactWish.objects.create(**common, kind="reminder", allowed=True)
        answered = self.now if self.some(0.5) else None
        Correction.objects.create(
            **common, by=writer, about=WORDS, words=WORDS, answered_at=answered
        )
        for author in {who, writer}:
            Draft.objects.create(
                **common, author=author, kind="goal", target=client.pk, body=WORDS
            )
        SupervisionComment.objects.create(**common, by=who, words=WORDS)
        goal = Goal.objects.create(**common)
        version = GoalVersion.objects.create(
            **common, goal=goal, number=1, proposed_by=who, side="therapist",
            own_words=WORDS, fingerprint="x",
        )  # fmt: skip
        Agreement.objects.create(
            **common, version=version, side="therapist", by=who, fingerprint="x"
        )
        GoalRating.objects.create(
            **common, goal=goal, value=4, by=who, side="therapist"
        )
        Step.objects.create(**common, goal=goal, words=WORDS, position=1, added_by=who)
        self.both(goal, who)
        Assignment.objects.create(**common, words=WORDS, set_by=who)
        for side in ("client", "therapist"):
            Signal.objects.create(
                **common, kind="review", about=goal.pk, side=side, since=self.now
            )
        self.sessions(goal, who)
        self.strengths(goal, who)
        self.copies(who)
        self.lists(who)
        self.asked(who)

    def both(self, goal, who):
        """What two people say about a goal; of some reviews one side is in."""
        common, side = self.common, {"by": who, "side": "therapist"}
        other = Goal.objects.create(**common)
        GoalMove.objects.create(**common, **side, goal=goal, kind="taken_up")
        Comment.objects.create(**common, **side, goal=goal, words=WORDS)
        GoalLink.objects.create(**common, **side, goal=goal, other=other, kind="helps")
        GoalScore.objects.create(
            **common, **side, goal=goal, kind="importance", value=7
        )
        review = Review.objects.create(
            **common, goal=goal, opened_by=who,
            client_at=self.now if self.some(0.5) else None, therapist_at=self.now,
        )  # fmt: skip
        ReviewAnswer.objects.create(**common, **side, review=review)
        if self.client.user:
            ReviewAnswer.objects.create(
                **common, review=review, by=self.client.user, side="client"
            )

    def sessions(self, goal, who):
        for number in range(3):
            starts = self.now + (number - 2) * DAY
            session = TherapySession.objects.create(
                **self.common, therapist=who, starts_at=starts, ends_at=starts + HOUR
            )
            SessionGoal.objects.create(**self.common, session=session, goal=goal)
            note = ProgressNote.objects.create(
                **self.common, id=session.pk, session=session, author=who, body=WORDS,
                signed_at=self.now if number else None,
            )  # fmt: skip
            EarlierDraft.objects.create(
                **self.common, note=note, author=who, by=who, body=WORDS,
                saved_at=self.now,
            )  # fmt: skip
            NoteAddition.objects.create(
                **self.common, note=note, by=who, kind="addendum", text=WORDS
            )
            if number == 2:
                until = self.random.choice([None, self.now - HOUR, self.now + HOUR])
                NoteHold.objects.create(
                    **self.common, note=note, by=who, reason=WORDS, until=until
                )

    def lists(self, who):
        """One's own, an admin's for somebody, or a colleague's of before."""
        by = who if self.some(0.4) else self.random.choice(self.admins + self.staff)
        found = CaseloadImport.objects.create(practice=self.home, by=by, therapist=who)
        for part in ImportSheet.Part:
            ImportSheet.objects.create(
                practice=self.home, caseload_import=found, part=part, body=WORDS
            )

    def asked(self, who):
        """A role that an admin asks for, and the notices of it."""
        by = self.random.choice(self.admins)
        CareRoleRequest.objects.create(
            **self.common, user=who, kind="supervisor", asked_by=by
        )
        for reader in filter(None, (who, self.client.user)):
            Notice.objects.create(
                practice=self.home, recipient=reader, kind="role-asked", by=by,
                client=self.client,
            )  # fmt: skip

    def copies(self, who):
        """Of the client one is at, for them who asked."""
        for by in filter(None, (who, self.client.user)):
            RecordExport.objects.create(**self.common, by=by, archive=WORDS)

    def strengths(self, goal, who):
        client, common = self.client, self.common
        strength = Strength.objects.create(
            **common, name=WORDS, moment=WORDS, proposed_by=who, side="therapist"
        )
        StrengthLink.objects.create(
            **common, strength=strength, goal=goal, by=who, side="therapist"
        )
        by = {(who, "therapist")} | (
            {(client.user, "client")} if client.user else set()
        )
        for person, side in by:
            Win.objects.create(
                **common, words=WORDS, by=person, side=side, happened_on=self.now.date()
            )


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R1")]


def everybody():
    return list(User.objects.select_related("practice").order_by("pk"))


def fresh(person):
    """As a request has it: nothing of an earlier look is remembered."""
    return User.objects.select_related("practice").get(pk=person.pk)


def test_there_are_over_two_hundred_people_of_every_kind(world):
    people = everybody()
    assert len(people) > 200
    kinds = {(p.is_therapist, p.is_admin, p.is_active) for p in people}
    assert len(kinds) >= 7
    for kind in CareRole.Kind.values:
        roles = CareRole.objects.filter(kind=kind)
        current = roles.current()
        assert current.exists(), kind
        assert roles.exclude(pk__in=current).exists(), kind


def by_the_rule(model, user) -> set:
    if model is User:
        return set(people_named_to(user).values_list("pk", flat=True))
    # Whose account is closed still is asked for the password.
    if not user.is_active and model is not Credential:
        return set()
    rows = set(model.objects.visible_to(user).values_list("pk", flat=True))
    if model is Client and user.is_active:
        rows |= set(Client.objects.directory_of(user).values_list("pk", flat=True))
    return rows


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model.__name__)
def test_both_locks_show_everybody_the_same_rows(world, model):
    many = model.objects.count()
    assert many >= CLIENTS / 3, f"{many} rows: World.record() makes some of each"
    seen = 0
    for person in everybody():
        user = fresh(person)
        expected = by_the_rule(model, user)
        with acting_as(user.pk):
            shown = set(model.objects.values_list("pk", flat=True))
        assert shown == expected, (person.name, len(shown), len(expected))
        seen += bool(shown)
    assert seen > 20


# An admin withdraws it, the primary therapist answers: test_care_requests.py.
TRIED_ELSEWHERE = {CareRoleRequest}


def test_whose_rows_may_be_changed_is_compared_too():
    compared = {*CHANGED, *TRIED_ELSEWHERE}
    missing = [
        model.__name__
        for model in GUARDED
        if hasattr(model.objects, "editable_by")
        and getattr(model, "frozen", None) != "__all__"
        and model not in compared
    ]
    assert not missing, "name a column of each that may be changed, in CHANGED"


RECEIPTS = {EmergencyReason: "seen", SupervisionComment: "read"}


def changed_by(model, user) -> set:
    """The rows whose change PostgreSQL lets through, undone at once."""
    column = model._meta.get_field(CHANGED[model]).column
    table, key = model._meta.db_table, model._meta.pk.column
    signed = " WHERE signed_at IS NULL" if model is ProgressNote else ""
    with acting_as(user.pk), transaction.atomic(), connection.cursor() as cursor:
        change = f"{column} = {column}"
        if model in RECEIPTS:  # in one's own name
            what = RECEIPTS[model]
            change = f"{what}_at = now(), {what}_by_id = '{user.pk}'"
        elif model is Comment:  # who says that it was talked about signs it
            change += f", discussed_by_id = '{user.pk}'"
        said = f"UPDATE {table} SET {change}{signed} RETURNING {key}"
        try:
            with transaction.atomic():
                cursor.execute(said)
                return {pk for (pk,) in cursor.fetchall()}
        except DatabaseError:
            return set()


def editable_by_the_rule(model, user) -> set:
    if not user.is_active:
        return set()
    if model is Draft:
        return set(Draft.objects.visible_to(user).values_list("pk", flat=True))
    if model is ClientBackground:
        mine = Client.objects.editable_by(user).exclude(user=user)
        return set(mine.values_list("pk", flat=True))
    rows = model.objects.editable_by(user)
    if model is Client:  # nobody changes their own, and an admin the directory
        rows = rows.exclude(user=user) | Client.objects.directory_of(user)
    if model is ProgressNote:
        rows = rows.filter(author=user).unsigned()
    if model in RECEIPTS:  # given once
        rows = rows.filter(**{f"{RECEIPTS[model]}_at": None})
    return set(rows.values_list("pk", flat=True))


# A client has no business with these, though the rule for a client's rows says "own".
STAFFS = (TherapySession, ProgressNote, NoteHold, EmergencyReason, Correction)


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model.__name__)
def test_both_locks_let_everybody_change_the_same_rows(world, model):
    changed = 0
    for person in everybody():
        user = fresh(person)
        expected = editable_by_the_rule(model, user)
        if model in STAFFS and user.is_client:
            expected = set()
        if model is Correction:
            continue  # its change names who answers: below
        found = changed_by(model, user)
        assert found == expected, (person.name, len(found), len(expected))
        changed += bool(found)
    assert changed > 5 or model is Correction


def test_both_locks_let_the_same_people_rate_a_goal(world):
    """Everybody for a few clients each, some of them their own."""
    pick, tried, done = random.Random(9), 0, 0
    goals = list(Goal.objects.select_related("client").order_by("pk"))
    for person in everybody():
        user = fresh(person)
        near = [goal for goal in goals if goal.client.user_id == user.pk]
        team = CareRole.objects.filter(user=user).values_list("client_id", flat=True)
        near += [goal for goal in goals if goal.client_id in set(team)]
        for goal in near[:3] + pick.sample(goals, 2):
            allowed = user.is_active and (
                Goal.objects.editable_by(user).filter(pk=goal.pk).exists()
            )
            assert rates(goal, user) == allowed, (person.name, goal.client.state)
            tried, done = tried + 1, done + allowed
    assert tried > 500
    assert done > 100


def rates(goal, user) -> bool:
    row = GoalRating(
        practice_id=goal.practice_id, client_id=goal.client_id, goal=goal, value=5,
        by=user, side="client" if user.is_client else "therapist",
    )  # fmt: skip
    try:
        with acting_as(user.pk), transaction.atomic():
            GoalRating.objects.bulk_create([row])
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return True


def test_both_locks_let_the_same_people_comment_answer_and_ask(world):
    pick, clients = random.Random(11), list(Client.objects.order_by("pk"))
    done = {"comment": 0, "answer": 0, "ask": 0}
    for person in everybody():
        user = fresh(person)
        team = CareRole.objects.filter(user=user).values_list("client_id", flat=True)
        near = [one for one in clients if one.pk in set(team) or one.user_id == user.pk]
        for client in near[:3] + pick.sample(clients, 1):
            for what, allowed, found in (
                ("comment", supervises(user, client), comments(user, client)),
                ("answer", answers_by_rule(user, client), answers(user, client)),
                ("ask", asks_by_rule(user, client), asks(user, client)),
            ):
                assert found == allowed, (what, person.name, client.state)
                done[what] += found
    assert all(many > 5 for many in done.values()), done


def supervises(user, client) -> bool:
    mine = Client.objects.supervised_by(user).filter(pk=client.pk)
    return user.is_active and mine.exists()


def answers_by_rule(user, client) -> bool:
    rows = Correction.objects.editable_by(user).filter(client=client).open()
    return user.is_active and not user.is_client and rows.exists()


def asks_by_rule(user, client) -> bool:
    mine = Client.objects.visible_to(user).filter(pk=client.pk)
    return user.is_active and user.is_client and mine.exists()


def tries(user, verb) -> bool:
    try:
        with acting_as(user.pk), transaction.atomic():
            done = verb()
            transaction.set_rollback(True)
    except DatabaseError:
        return False
    return done is None or bool(done)


def comments(user, client) -> bool:
    row = SupervisionComment(
        practice_id=client.practice_id, client=client, by=user, words=WORDS
    )
    return tries(user, lambda: row.save(force_insert=True))


def answers(user, client) -> bool:
    rows = Correction.objects.filter(client_id=client.pk, answered_at=None)
    said = {"answered_at": timezone.now(), "answered_by": user}
    return tries(user, lambda: rows.update(**said))


def asks(user, client) -> bool:
    row = Correction(
        practice_id=client.practice_id, client=client, by=user, about=WORDS, words=WORDS
    )
    return tries(user, lambda: row.save(force_insert=True))


def test_both_locks_let_the_same_people_give_a_role(world):
    """Who leads at once; admins a day later where nobody leads or a cover is there;
    never to oneself, never to another practice."""
    pick, clients = random.Random(13), list(Client.objects.order_by("pk"))
    treat = User.objects.filter(is_therapist=True, is_active=True)
    therapists = list(treat.order_by("pk"))
    given = {False: 0, True: 0}
    for person in everybody():
        user = fresh(person)
        team = CareRole.objects.filter(user=user).values_list("client_id", flat=True)
        near = [one for one in clients if one.pk in set(team)]
        many = 6 if user.is_admin else 2
        for client in near[:3] + pick.sample(clients, many):
            for whom in (pick.choice(therapists), user):
                held = CareRole.objects.filter(client=client, user=whom)
                if held.filter(kind="supervisor").exists():
                    continue  # a second one is refused whoever gives it
                for later in (False, True):
                    allowed = gives_by_rule(user, client, whom, later)
                    found = gives(user, client, whom, later)
                    assert found == allowed, (person.name, whom.name, later)
                    given[later and not leads(user, client)] += allowed
    assert given[False] > 50
    assert given[True] > 10, given


def leads(user, client) -> bool:
    held = CareRole.objects.filter(client=client, user=user, kind="primary").current()
    return user.is_therapist and held.exists()


def is_away(client) -> bool:
    """Nobody leads who works here, or somebody covers now."""
    running = CareRole.objects.filter(client=client).current()
    running = running.filter(user__is_active=True, user__is_therapist=True)
    kinds = set(running.values_list("kind", flat=True))
    return "primary" not in kinds or "cover" in kinds


def gives_by_rule(user, client, whom, later) -> bool:
    if not user.is_active or whom == user or whom.practice_id != user.practice_id:
        return False
    if client.practice_id != user.practice_id:
        return False
    return leads(user, client) or (user.is_admin and later and is_away(client))


def gives(user, client, whom, later) -> bool:
    row = CareRole(
        practice_id=client.practice_id, client=client, user=whom, given_by=user,
        kind="supervisor", starts_at=Now() + DAY if later else Now(),
    )  # fmt: skip
    return tries(user, lambda: CareRole.objects.bulk_create([row]) and None)
