"""A hundred signed-in people of one practice, and what each of them does."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from itertools import cycle

from bench.cases import (
    Autosave,
    Case,
    Desk,
    SaveAndSign,
    cookie_of,
    people,
    person_at,
    portal_home,
    to_log,
    undo,
)
from therapy.scale import measured as seeded

# So that each of the nine pages is read as often as every other.
THERAPISTS, AT_HOME, ADMINS = 82, 9, 9
EVERYBODY = THERAPISTS + AT_HOME + ADMINS
MOST = 9  # sign-ins of one person: the eleventh ends the first
AUTOSAVE, SIGN = "autosave, 4 KB", "save and sign"
WRITTEN = {AUTOSAVE: 0.15, SIGN: 0.05}  # of all requests; the others read
LOW = 0.4  # of a stock


@dataclass
class Person:
    """Reads one page after the other, and writes now and then.

    By chance, which is the same chance in every run.
    """

    number: int
    pages: list[Case]
    writes: list[Case] = field(default_factory=list)

    def __post_init__(self):
        self.random = random.Random(self.number)
        self.reads = cycle(self.random.sample(self.pages, len(self.pages)))
        for case in self.writes:
            case.renew()

    def next(self) -> Case:
        chance = self.random.random() * THERAPISTS / EVERYBODY
        for case in self.writes:
            if chance < WRITTEN[case.name]:
                return case
            chance -= WRITTEN[case.name]
        return next(self.reads)


class Typist(Person):
    def next(self) -> Case:
        return self.writes[0]


class Sign(SaveAndSign):
    def answered(self, number: int, text: bytes) -> None:
        self.sessions.signed.append(self.next[number])


class Stock:
    """Sessions of one therapist that wait to be signed; it is never used up."""

    def __init__(self, sessions: list):
        self.waiting, self.signed = deque(sessions), deque()
        self.low = LOW * len(sessions)

    def __iter__(self):
        while self.waiting:
            yield self.waiting.popleft()

    def refill(self, world) -> None:
        if len(self.waiting) < self.low:
            signed = [self.signed.popleft() for _one in range(len(self.signed))]
            undo(world, signed)
            self.waiting.extend(signed)


class Crew:
    """The team of seed_scale, its clients at home, and the practice's admin."""

    def __init__(self, world):
        self.world = world
        self.desks = [
            Desk(world, _user(seeded.COLLEAGUE, number))
            for number in range(seeded.TEAM)
        ]
        waiting = [to_log(desk.person) for desk in self.desks]
        self.sessions = [row for rows in waiting for row in rows]
        self.undo()
        for rows in waiting:  # so that nobody works on one client's alone
            random.Random(0).shuffle(rows)
        self.notes = [rows[:MOST] for rows in waiting]
        self.stocks = [Stock(rows[MOST:]) for rows in waiting]

    def undo(self) -> None:
        undo(self.world, self.sessions)

    def refill(self) -> None:
        for stock in self.stocks:
            stock.refill(self.world)

    def everybody(self) -> list[Person]:
        ada = person_at(seeded.ADMIN)
        found = [self.therapist(Person, number) for number in range(THERAPISTS)]
        for number in range(AT_HOME):
            cookie = cookie_of(_user(seeded.AT_THEIR_HOME, number))
            found.append(Person(len(found), [portal_home(cookie)]))
        for _number in range(ADMINS):
            found.append(Person(len(found), [people(cookie_of(ada))]))
        return found

    def typists(self, many: int) -> list[Person]:
        return [self.therapist(Typist, number) for number in range(many)]

    def therapist(self, kind: type[Person], number: int) -> Person:
        """One more sign-in of a therapist, with a note of its own to type into."""
        chair, place = divmod(number, seeded.TEAM)
        desk, note = self.desks[place], self.notes[place][chair]
        cookie = cookie_of(desk.person)
        writes = [
            Autosave(AUTOSAVE, "", cookie, sessions=[note], undo=_nothing),
            Sign(
                SIGN, "", cookie, status=302, sessions=self.stocks[place], undo=_nothing
            ),
        ]
        return kind(number, desk.pages(cookie), writes)


def _user(email: str, number: int):
    return person_at(email.format(number))


def _nothing() -> None:
    """The crew undoes for all its people together."""
