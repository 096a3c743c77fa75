"""The practice that bench/run measures.

Whoever is opened by a measured page is written through the models, with real
ciphertext.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import encryption
from accounts.models import Credential, Practice, User
from appointments.models import TherapySession
from clients.models import Client
from database.identity import acting_as
from digests.models import Digest
from goals.models import Comment, Goal, GoalRating, Step
from goals.models.content import Side
from notes.models import ProgressNote
from therapy.demo.people import PASSWORD
from therapy.seeds import (
    agree,
    as_who_seeds,
    exercise_of,
    give_portal,
    note_of,
    rating_in,
    session_of,
    write_version,
)  # fmt: skip
from toolkit.models import Assignment

SLUG = "bench"
THERAPIST, LOGGER, ADMIN = "tess@bench.test", "lou@bench.test", "ada@bench.test"
PORTAL = "portal@bench.test"
TEAM = 10  # colleagues who work at once, each with a client who looks in from home
COLLEAGUE, AT_THEIR_HOME = "colleague{}@bench.test", "portal{}@bench.test"
WAITS = "Waits to be logged"  # where those sessions take place
JOURNEY, GOALS, SESSION, AT_HOME = "Journey", "Goals", "Session", "Portal"
CASELOAD, LOGGED, TO_LOG, STAFF = 60, 20, 15, 500
TEAM_LOGGED = 6  # clients of each of the team
WEEK = timedelta(days=7)
WORDS = "Take the bus into town on my own twice a week, and stay on when it is full"
NOTE = "She told of the journey, and of what had helped on the way. " * 23


class Measured:
    portal = PORTAL

    def __init__(self):
        self.now = timezone.now()
        self.day = datetime.combine(self.now.date(), time(), UTC)
        self.password = make_password(PASSWORD)

    def make(self) -> None:
        self.practice = Practice.objects.create(name="Bench Practice", slug=SLUG)
        ada = self.works_here("Ada Admin", ADMIN, is_admin=True)
        with acting_as(ada.pk):
            encryption.make_practice_key(self.practice.pk)
        self.therapist = self.works_here("Tess Therapist", THERAPIST, is_therapist=True)
        self.staff()
        self.caseload()
        self.therapist = self.works_here("Lou Logger", LOGGER, is_therapist=True)
        for number in range(LOGGED):
            self.to_log(number)

    def caseload(self) -> None:
        for number in range(CASELOAD):
            self.life(number)
        self.week()

    def account(self, name, email, **fields) -> User:
        return User(
            practice=self.practice, name=name, email=email, password=self.password,
            joined_at=self.now, **fields,
        )  # fmt: skip

    def works_here(self, name, email, **fields) -> User:
        person = self.account(name, email, **fields)
        person.save(force_insert=True)
        return person

    def staff(self) -> None:
        made = User.objects.bulk_create(
            User(
                practice=self.practice, name=f"Colleague {number:03}", password="!",
                email=COLLEAGUE.format(number), is_therapist=True,
                joined_at=self.now,
            )
            for number in range(STAFF - 3)
        )  # fmt: skip
        Credential.objects.bulk_create(person.credential for person in made)

    # -- one client --------------------------------------------------------------

    def life(self, number: int) -> None:
        name = {0: JOURNEY, 1: GOALS, 2: SESSION, 3: AT_HOME}.get(number, "Person")
        self.admit(name, number)
        weeks = {0: 104, 2: 260}.get(number, 12)
        self.sessions(weeks, number)
        goals = {0: 5, 1: 1, 2: 3}.get(number, 2)
        ratings = {0: 100, 1: 200}.get(number, 12)
        for goal in self.goals(goals):
            self.rate(goal, ratings, weeks if number == 0 else 52)
        self.logged(number)
        if number == 1:
            self.versions(40)
            self.comments(100)
        if number == 3 or number % 10 == 5:
            self.proposal("therapist" if number == 3 else "client")

    def admit(self, name, number) -> None:
        email = f"{self.therapist.pk}{number}@bench.test"
        email = self.portal if name == AT_HOME else email
        with acting_as(self.therapist.pk):
            self.client = Client(
                preferred_name=name, family_name=f"Number{number}", pronouns="they",
                created_at=self.now - timedelta(weeks=260),
            )  # fmt: skip
            self.client.admit(by=self.therapist, concern=WORDS)
            give_portal(self.client, self.account(name, email))
        self.both = {"practice": self.practice, "client": self.client}

    def session(self, starts, state="held", place="Room 2") -> TherapySession:
        said = WORDS if state == "held" else ""
        return session_of(
            self.client, self.therapist, starts, state=state, place=place,
            booked_at=starts - WEEK, take_away=said,
        )  # fmt: skip

    def sessions(self, weeks: int, number: int) -> None:
        """Weekly until a week ago; then what Today is made of."""
        late = WEEK * 4 if number % 15 == 14 else timedelta()  # nothing booked since
        first = self.day + timedelta(hours=8 + number % 9) - late
        found = [self.session(first - WEEK * week) for week in range(weeks, 0, -1)]
        if number % 15 == 13:
            found.append(self.session(first - timedelta(days=1), "planned"))
        if 2 <= number < 10:
            found.append(self.session(todays(self.now, number - 2), "planned"))
        elif number % 15 != 14:
            found.append(
                self.session(first + timedelta(days=number % 6 + 1), "planned")
            )
        with acting_as(self.therapist.pk):
            TherapySession.objects.bulk_create(found)
        self.held = [session for session in found if session.state == "held"]
        self.open = [session for session in found if session.state == "planned"]

    def goals(self, many: int) -> list[Goal]:
        at = self.now - WEEK * 60
        with acting_as(self.therapist.pk):
            goals = [Goal(**self.both, created_at=at) for _ in range(many)]
            Goal.objects.bulk_create(goals)
            for goal in goals:
                self.version(goal, 1, self.therapist, at)
        self.client_agrees(goals)
        owner = self.client.user
        with acting_as(owner.pk):
            Step.objects.bulk_create(
                Step(
                    **self.both, goal=goal, words=f"Two stops, day {number}",
                    position=number, added_by=owner,
                    reached_at=self.now - WEEK * (8 - number) if number < 4 else None,
                    reached_by=owner if number < 4 else None,
                )
                for goal in goals
                for number in range(1, 6)
            )  # fmt: skip
        self.own_goals = goals
        return goals

    def version(self, goal, number, by, at) -> None:
        """A version with its proposer's key; the identity is already theirs."""
        version = write_version(
            goal, number, by=by, at=at, own_words=f"{WORDS}, {number}",
            clinical_words=WORDS, low_end="not at all", high_end="it is just a bus",
        )  # fmt: skip
        goal.latest, goal.waits_for = version, Side(version.side).other
        goal.save(update_fields=["latest", "waits_for"])

    def client_agrees(self, goals) -> None:
        with acting_as(self.client.user.pk):
            for goal in goals:
                version = goal.latest
                agree(version, by=self.client.user, at=version.proposed_at)
                goal.in_force, goal.in_force_at = goal.latest, goal.latest.proposed_at
                goal.waits_for = ""
                goal.save(update_fields=["in_force", "in_force_at", "waits_for"])

    def versions(self, many: int) -> None:
        goal = self.own_goals[0]
        for number in range(2, many + 1):
            at = self.now - timedelta(days=2 * (many - number))
            with acting_as(self.therapist.pk):
                self.version(goal, number, self.therapist, at)
            self.client_agrees([goal])

    def comments(self, many: int) -> None:
        goal, by = self.own_goals[0], self.client.user
        with acting_as(by.pk):
            for number in range(many):
                Comment(
                    **self.both, goal=goal, by=by, side="client", words=WORDS,
                    at=self.now - timedelta(hours=3 * (many - number)),
                ).save(force_insert=True)  # fmt: skip

    def proposal(self, side: str) -> None:
        by = self.therapist if side == "therapist" else self.client.user
        with acting_as(by.pk):
            at = self.now - timedelta(days=1)
            self.version(self.own_goals[0], 2, by, at)

    def rate(self, goal, many: int, weeks: int) -> None:
        gap = WEEK * weeks / many
        with acting_as(self.therapist.pk):
            GoalRating.objects.bulk_create(
                rating_in(
                    self.held[number % len(self.held)], goal, 2 + number * 7 % 6,
                    at=self.now - timedelta(days=3) - gap * (many - number),
                )
                for number in range(many)
            )  # fmt: skip

    def logged(self, number: int) -> None:
        with acting_as(self.therapist.pk):
            unsigned = self.held[-1] if number % 10 == 6 else None
            notes = [
                self.note(session, signed=session is not unsigned)
                for session in self.held
            ]
            with as_who_seeds():
                ProgressNote.objects.bulk_create(notes)
            if number == 2:
                self.note(self.open[0], signed=False).save(force_insert=True)
            Assignment.objects.bulk_create(
                self.practice_of(session, done=session != self.held[-1])
                for session in self.held[-6:]
            )

    def note(self, session, *, signed) -> ProgressNote:
        signed_at = session.ends_at if signed else None
        return note_of(session, [NOTE] * 3, signed_at=signed_at, revision=3)

    def practice_of(self, session, *, done) -> Assignment:
        answer = "did" if done else ""
        return exercise_of(session, WORDS, answer=answer, by=self.client.user)

    def week(self) -> None:
        """The therapist's digest of the week before."""
        monday = self.day - timedelta(days=self.day.weekday())
        year, week, _day = (monday - WEEK).isocalendar()
        with acting_as(self.therapist.pk):
            Digest(
                practice=self.practice, recipient=self.therapist,
                starts_at=monday - WEEK, ends_at=monday, made_at=monday,
                period=f"{year}-W{week:02}",
            ).save(force_insert=True)  # fmt: skip

    def to_log(self, number: int) -> None:
        """Somebody with three goals and many sessions to log and to sign."""
        self.admit("Logged", number)
        self.sessions(4, 0)
        for goal in self.goals(3):
            self.rate(goal, 5, 5)
        with acting_as(self.therapist.pk):
            TherapySession.objects.bulk_create(
                self.session(self.now - timedelta(hours=past + 1), "planned", WAITS)
                for past in range(TO_LOG)
            )


class Team(Measured):
    """Colleagues who have what Tess and Lou have, for a hundred people at once."""

    def make(self) -> None:
        self.practice = Practice.objects.get(slug=SLUG)
        for number in range(TEAM):
            self.therapist = User.objects.get(email=COLLEAGUE.format(number))
            self.portal = AT_THEIR_HOME.format(number)
            self.caseload()
            for to_log in range(TEAM_LOGGED):
                self.to_log(CASELOAD + to_log)


def todays(now: datetime, number: int) -> datetime:
    """Eight moments between now and midnight, whatever the hour."""
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
    return now + (midnight - now) * (number + 1) / 9
