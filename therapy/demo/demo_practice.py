"""The demo practice: half a year of it, relative to today."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts import encryption
from accounts.models import CrisisLine, Practice, User
from appointments.models import TherapySession
from clients.models import Client
from database.identity import acting_as
from goals.models import GoalRating
from notes.models import ProgressNote, SessionGoal
from therapy.demo.care import Care
from therapy.demo.goals import Together
from therapy.demo.looks import write_looks
from therapy.demo.people import PASSWORD
from therapy.demo.proposed import Proposed
from therapy.demo.strengths import Strong
from therapy.demo.words import PEOPLE, PRIVACY, STAFF, WRITTEN
from therapy.seeds import (
    LENGTH,
    as_who_seeds,
    exercise_of,
    give_portal,
    note_of,
    rating_in,
    session_of,
)
from toolkit.models import Assignment

ZONE = ZoneInfo("Europe/London")
SLUG = "larch-street"
ROOMS = {"thea": "Room 2", "theo": "Room 1", "iris": "Room 3"}
CLEOS_BUS = [2, 2, 3, 2, 4, 4, 3, 4, 5, 5, 6, 5]


class Demo:
    def __init__(self):
        self.random = random.Random(20)  # the same people and words each time
        self.now = timezone.now()
        self.today = timezone.localdate(self.now, ZONE)
        self.password = make_password(PASSWORD)
        self.looks, self.clients, self.numbers = [], {}, 9

    def make(self) -> None:
        self.practice = Practice.objects.create(
            name="Larch Street Practice",
            slug=SLUG,
            time_zone="Europe/London",
            privacy_notice=PRIVACY,
        )
        self.staff = {key: self.colleague(key, *rest) for key, *rest in STAFF}
        with acting_as(self.staff["ada"].pk):
            encryption.make_practice_key(self.practice.pk)
            self.crisis_lines()
        for person in PEOPLE:
            self.life(person)
        Care(self).make()
        write_looks(self.practice, self.looks)

    def account(self, name, key, **fields) -> User:
        return User(
            practice=self.practice,
            name=name,
            email=f"{key}@cairn.example",
            password=self.password,
            time_zone="Europe/London",
            joined_at=self.now - timedelta(weeks=26),
            # Everybody's trail goes on until now, so everybody was here lately.
            last_login=self.now - timedelta(hours=1 + 5 * (len(key) % 7)),
            **fields,
        )

    def colleague(self, key, name, pronouns, therapist, admin) -> User:
        hours = "Mon to Fri 8:30-9:00 and 13:00-13:45; messages until 18:00"
        person = self.account(
            name,
            key,
            pronouns=pronouns,
            is_therapist=therapist,
            is_admin=admin,
            phone=self.number("020 7946 02") if therapist else "",
            contact_hours=hours if therapist else "",
        )
        person.save(force_insert=True)
        return person

    def number(self, begins) -> str:
        """Another one each time, of those that Ofcom keeps for invented people."""
        self.numbers += 1
        return f"{begins}{self.numbers:02}"

    def crisis_lines(self) -> None:
        lines = [
            ("Listening line of the demo", "020 7946 0111", "Day and night"),
            ("Crisis team of the demo", "020 7946 0122", "Every day, 8:00-22:00"),
        ]
        for position, (name, number, hours) in enumerate(lines):
            CrisisLine.objects.create(
                practice=self.practice,
                name=name,
                number=number,
                hours=hours,
                verified_on=self.today - timedelta(days=20),
                position=position,
            )

    # -- one client --------------------------------------------------------------

    def life(self, person) -> None:
        self.person, self.therapist = person, self.staff[person.therapist]
        self.turns, self.pace = Counter(), self.random.choice([0, 1, 2, 3])
        with acting_as(self.therapist.pk):
            self.admit()
            self.plan_sessions()
        self.proposed = Proposed(self)
        self.goals = [self.proposed.goal(key, n) for n, key in enumerate(person.themes)]
        with acting_as(self.therapist.pk):
            self.log_sessions()
        Strong(self).make()
        Together(self).make()
        self.look_back()

    def admit(self) -> None:
        person = self.person
        # Before the first session was booked.
        begun = self.now - timedelta(weeks=person.weeks, days=12)
        joined = person.kind != "new" or person.first == "Ewa"
        first, last = WRITTEN.get(person.first, (person.first, person.last))
        self.client = Client(
            preferred_name=first,
            family_name=last,
            pronouns=person.pronouns,
            phone=self.number("07700 9001"),
            emergency_name=self.random.choice(["a friend", "a sister", "a brother"]),
            emergency_phone=self.number("07700 9005"),
            email="" if joined else f"{_plain(person.first)}@mail.example",
            wants_portal=joined,  # nobody invited the others
            created_at=begun,
            state="paused" if person.kind == "paused" else "active",
        )
        self.client.admit(by=self.therapist, concern=person.concern)
        if joined:
            give_portal(self.client, self.account(first, _plain(person.first)))
        self.clients[person.first] = self.client

    # -- sessions ----------------------------------------------------------------

    def plan_sessions(self) -> None:
        """Weekly, with a few missed and two left out for a holiday."""
        offset, hour = self.person.slot
        first = self.today + timedelta(days=offset)
        # Today alone may be a Saturday, so that there is something to see.
        if first.weekday() > (4 if offset else 5):
            first += timedelta(days=7 - first.weekday())
        last = {"quiet": -5, "paused": -3, "gone": -1}.get(self.person.kind, 3)
        weeks = [n for n in range(-self.person.weeks, last) if n not in (-15, -14)]
        self.sessions = [self.session(first, week, hour) for week in weeks]
        TherapySession.objects.bulk_create(self.sessions)

    def session(self, first, week, hour) -> TherapySession:
        day = first + timedelta(weeks=week)
        starts = datetime.combine(day, time.fromisoformat(hour), ZONE)
        if self.person.first == "Cleo" and day == self.today:
            starts = self.soon(starts)
        past = starts + LENGTH < self.now
        missed = past and self.random.random() < 0.06
        state = "missed" if missed else "held" if past else "planned"
        remote = self.person.first in ("Carl", "Rowan")
        link = "https://video.example/room" if remote else ""
        return session_of(
            self.client,
            self.therapist,
            starts.astimezone(UTC),
            state=state,
            place="" if remote else ROOMS[self.person.therapist],
            video_link=link,
            booked_at=min(starts.astimezone(UTC) - timedelta(days=9), self.now),
        )

    def soon(self, starts):
        """The demo opens shortly before its best-known session, at any hour."""
        if starts > self.now:
            return starts
        minutes = 30 - self.now.minute % 30
        soon = self.now + timedelta(minutes=minutes)
        soon = soon.replace(second=0, microsecond=0)
        day = starts.date()
        taken = [
            datetime.combine(day, time.fromisoformat(one.slot[1]), ZONE)
            for one in PEOPLE
            if one.therapist == self.person.therapist and one.slot[0] == 0
        ]
        while any(abs(soon - other) < LENGTH for other in taken if other != starts):
            soon += timedelta(minutes=30)
        if soon.astimezone(ZONE).weekday() == 6:  # late on a Saturday
            return starts
        return soon

    @property
    def held(self) -> list[TherapySession]:
        return [session for session in self.sessions if session.state == "held"]

    # -- what was logged ---------------------------------------------------------

    def log_sessions(self) -> None:
        ratings, worked, notes, practice = [], [], [], []
        values = {goal.pk: self.random.randint(2, 3) for goal in self.goals}
        self.taken = set()
        held = self.held
        for number, session in enumerate(held):
            newest = number == len(held) - 1
            current = [g for g in self.goals if g.created_at < session.ends_at]
            rated = [g for g in current if self.is_rated(g, session, number)]
            for goal in rated:
                value = self.next_value(goal, values[goal.pk], number, len(held))
                values[goal.pk] = value
                ratings.append(rating_in(session, goal, value))
                worked.append(SessionGoal(
                    practice=self.practice, client=self.client, session=session,
                    goal=goal,
                ))  # fmt: skip
            theme = (rated or current or self.goals)[0].theme
            notes.append(self.note(session, theme, signed=not (newest and self.tired)))
            practice.append(self.assignment(session, theme, newest))
            if words := self.take_away(theme, len(held) - 1 - number):
                session.take_away = words
                session.save(update_fields=["take_away"])
        GoalRating.objects.bulk_create(ratings)
        SessionGoal.objects.bulk_create(worked)
        with as_who_seeds():
            ProgressNote.objects.bulk_create(notes)
        Assignment.objects.bulk_create(practice)

    @property
    def tired(self) -> bool:
        return self.person.first in ("Marcus", "Priya")

    def is_rated(self, goal, session, number) -> bool:
        if self.person.first == "Cleo" and goal is self.goals[-1]:
            return session in self.held[-2:]  # too early to say
        return self.random.random() < 0.75

    def turn(self, words: list[str]) -> str:
        """Each in turn, so that no two sessions in a row read alike."""
        self.turns[words[0]] += 1
        return words[self.turns[words[0]] % len(words)]

    def take_away(self, theme, ago) -> str:
        """One of the last session and of every fourth before it, none of them twice."""
        left = [words for words in theme.take_away if words not in self.taken]
        if ago % 4 or not left:
            return ""
        self.taken.add(left[0])
        return left[0]

    def walk(self, value, how_far) -> int:
        """Upwards more often than down, never beyond what is likely."""
        step = self.random.choice([-1, 0, 0, 1, 1] if how_far > 0.1 else [0, 0, 1])
        lowest = 1 + round(how_far * self.pace)
        return max(lowest, min(value + step, 3 + round(how_far * 5)))

    def next_value(self, goal, value, number, held) -> int:
        if self.person.first == "Cleo" and goal is self.goals[0]:
            return CLEOS_BUS[min(number * len(CLEOS_BUS) // held, len(CLEOS_BUS) - 1)]
        return self.walk(value, number / held)

    def note(self, session, theme, *, signed) -> ProgressNote:
        parts = [
            self.turn(words) for words in (theme.data, theme.assessment, theme.plan)
        ]
        signed_at = min(session.ends_at + timedelta(minutes=15), self.now)
        return note_of(
            session, parts, signed_at=signed_at if signed else None, revision=4
        )

    def assignment(self, session, theme, newest) -> Assignment:
        open_now = newest or self.random.random() < 0.1
        answer = "" if open_now else self.random.choice(["did", "did", "some", "not"])
        by = self.client.user or self.therapist
        return exercise_of(session, self.turn(theme.practice), answer=answer, by=by)

    # -- who looked --------------------------------------------------------------

    def look_back(self) -> None:
        for session in self.held[-12:]:
            for minutes in (-12, 52):
                at = session.starts_at + timedelta(minutes=minutes)
                self.look(min(at, self.now), "client")
            self.look(session.ends_at, "therapysession")

    def look(self, at, kind) -> None:
        self.looks.append((at, self.therapist, self.client, kind, "primary"))


def _plain(name: str) -> str:
    return name.lower().replace("á", "a")
