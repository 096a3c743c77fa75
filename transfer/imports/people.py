"""Turns lines into people, or into errors to be fixed first.

Lines with the same email are one person. Without one a person is identified by name,
and whether two lines with one name are two people must be answered by the user, unless
they share a phone number that nobody else in the file has, or one line repeats the
other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError

from appointments.models import MOST as MOST_SESSIONS
from clients.models import Client
from goals.models.goal import MOST_OPEN
from transfer.imports import cells, days, reasons
from transfer.imports.cells import name_key, phone_key
from transfer.imports.columns import DAYS, ONCE, Field
from transfer.imports.person import ImportedGoal, ImportedPerson, Problem, Reading
from transfer.imports.sheet import MOST_LETTERS, Sheet, SheetLine
from ui import email_addresses
from ui.names import clean

NOON = time(12)  # of a session without a time
A_MINUTE = timedelta(minutes=1)
EARLIEST = date(1970, 1, 1)
LONGEST = {
    Field.NAME: Client._meta.get_field("preferred_name").max_length,
    Field.FAMILY: Client._meta.get_field("family_name").max_length,
    Field.PRONOUNS: Client._meta.get_field("pronouns").max_length,
    Field.PHONE: Client._meta.get_field("phone").max_length,
    Field.GOAL: 500,
}
RATING = re.compile(r"(10|\d)(?:[.,]0)?(?:\s?/\s?10)?")
APART = re.compile(r"[;|\n]")
COMMA = re.compile(r",\s+|,(?=\d{1,4}[./-])")
MOST_MOMENTS = 50_000  # sessions, goals and ratings together


def read(sheet: Sheet, columns: list[str], order: str, now: datetime) -> Reading:
    """`columns` is the field of each column, `order` the date order, `now` the naive
    local time of the therapist."""
    return _Reader(sheet, columns, order, now).read()


def dates_in(sheet: Sheet, columns: list[str]) -> Iterable[str]:
    """Every text in a date column."""
    for at, said in enumerate(columns):
        if said in DAYS:
            for line in sheet.lines:
                yield from _parts(line.cells[at])


def same(text: str) -> str:
    """The key by which two spellings of the same text are equal."""
    return " ".join(text.casefold().split())


class _Reader:
    def __init__(self, sheet, columns, order, now):
        self.sheet, self.columns, self.order = sheet, columns, order
        self.now = now
        self.by_number = {line.number: line for line in sheet.lines}
        self.lines = [self._checked(line) for line in sheet.lines]
        self.people: dict[tuple, ImportedPerson] = {}
        self.seen: dict[tuple, tuple] = {}
        self.moments = 0  # so far, in all lines
        self.repeated: list[int] = []
        self.problems: list[Problem] = []
        self.bad: dict[tuple, int] = {}  # whose line cannot be imported, and which

    def read(self) -> Reading:
        self.shared = self._shared_phones()
        for line, faults in self.lines:
            self._line(line, faults)
        self._nameless()
        self._namesakes()
        self._too_full()
        have = {problem.line for problem in self.problems}
        for key, person in self.people.items():
            person.sessions = _once_a_day(person.sessions)
            if key in self.bad:
                self._hold_back(person, self.bad[key], have)
        found = [who for key, who in self.people.items() if key not in self.bad]
        problems = sorted(self.problems, key=lambda p: (p.line, p.column or 0))
        too_much = self.moments > MOST_MOMENTS
        return Reading(found, problems, self.repeated, too_much)

    # -- cells -------------------------------------------------------------------

    def _checked(self, line: SheetLine) -> tuple[SheetLine, list[tuple[int, object]]]:
        """The line with placeholders emptied, and its errors."""
        said, faults = list(line.cells), []
        for at, what in enumerate(self.columns):
            text = said[at] = cells.unquoted(said[at]) if what else ""
            fault = reasons.FAULTS.get(line.faults.get(at)) or (
                text and reasons.fault_of(what, text)
            )
            if fault and what:
                faults.append((at, fault))
            if fault or reasons.says_nothing(what, text):
                said[at] = ""
        return replace(line, cells=said), faults

    def _shared_phones(self) -> set[str]:
        """Phone numbers under different names, such as a household's or a school's.
        They identify nobody."""
        names = defaultdict(set)
        for line, _faults in self.lines:
            phone = phone_key(self._cell(line, Field.PHONE))
            names[phone].add(self._key_parts(line)[1])
        return {phone for phone, said in names.items() if len(said) > 1}

    def _totals(self, line: SheetLine) -> object:
        """Why this line is a totals line and not a person; None if it is a person."""
        if self._cell(line, Field.EMAIL) or phone_key(self._cell(line, Field.PHONE)):
            return None
        names = self._cell(line, Field.NAME), self._cell(line, Field.FAMILY)
        first = next((text for text in names if text), "")
        if cells.is_total(first) or cells.is_total(" ".join(names).strip()):
            return reasons.TOTALS
        last = self.sheet.lines[-1]
        if line.number != last.number:
            return None
        return reasons.SUMS if reasons.adds_up(self.sheet.lines[:-1], last) else None

    # -- one line ----------------------------------------------------------------

    def _line(self, line: SheetLine, faults) -> None:
        self.line, self.key, self.has_bad_day = line, self._whose(line), False
        total = self._totals(line)
        if total:
            self._problem(total, *self._named_at(line))
            return
        for at, reason in faults:
            said = self._as_written(line.number, at)
            self._problem(reason, at, said)
        if not any(self._key_parts(line)):
            if not faults and any(line.cells):
                self._problem(reasons.NO_NAME)
            return
        who = self.people.setdefault(self.key, ImportedPerson(line.number))
        who.lines.append(line.number)
        if line.is_long:
            self._problem(reasons.TOO_LONG)
        self._once(who)
        if self.moments <= MOST_MOMENTS:
            sessions = self._sessions(who)
            self._goals(who, sessions)

    def _cell(self, line: SheetLine, wanted: Field) -> str:
        at = self.columns.index(wanted) if wanted in self.columns else None
        return "" if at is None else line.cells[at]

    def _as_written(self, number: int, at: int) -> str:
        return self.by_number[number].cells[at]

    def _named_at(self, line: SheetLine) -> tuple[int | None, str]:
        """The column of the name, and its value."""
        for what in (Field.NAME, Field.FAMILY):
            if self._cell(line, what):
                return self.columns.index(what), self._cell(line, what)
        return None, ""

    def _key_parts(self, line: SheetLine) -> tuple[str, str]:
        names = self._cell(line, Field.NAME), self._cell(line, Field.FAMILY)
        email = email_addresses.normalize(self._cell(line, Field.EMAIL))
        return email, name_key(" ".join(names))

    def _whose(self, line: SheetLine) -> tuple:
        email, name = self._key_parts(line)
        if email:
            return ("e-mail", email)
        phone = phone_key(self._cell(line, Field.PHONE))
        if phone and phone not in self.shared:
            return ("name", name, phone)
        alone = ("name", name, line.number)
        found = self.seen.setdefault(tuple(self.by_number[line.number].cells), alone)
        if found != alone:
            self.repeated.append(line.number)
        return found

    def _problem(self, reason, column=None, said="", **told) -> None:
        line = self.line.number
        self.problems.append(Problem(line, str(reason) % told, column, said[:200]))
        self.bad.setdefault(self.key, line)

    def _once(self, who: ImportedPerson) -> None:
        """Unique fields: the same in each of a person's lines, or empty."""
        for at, said in enumerate(self.columns):
            text = self.line.cells[at]
            if said not in ONCE or said == Field.FIRST or not text:
                continue
            if said == Field.EMAIL:
                text = self._email(text, at)
            elif said != Field.CONCERN:
                text = clean(text[: MOST_LETTERS + 1])  # a name is one line
            most = LONGEST.get(said, MOST_LETTERS)
            if len(text) > most:
                self._problem(reasons.TOO_WORDY, at, text, most=most)
            before = who.said.setdefault(said, text)
            if _alike(said, before) != _alike(said, text):
                self._problem(reasons.OTHERWISE, at, text, line=who.line)

    def _email(self, text: str, at: int) -> str:
        try:
            email_addresses.validate(email_addresses.normalize(text))
        except ValidationError:
            self._problem(reasons.BAD_EMAIL, at, text)
        if len(text) > 254:
            self._problem(reasons.TOO_WORDY, at, text, most=254)
        return email_addresses.normalize(text)

    def _sessions(self, who: ImportedPerson) -> list[datetime]:
        """The sessions of this line, including the first session."""
        found = []
        for at, said in enumerate(self.columns):
            if said in (Field.FIRST, Field.SESSION):
                moments = self._moments(at)
                who.sessions.update(moments)
                self.moments += len(moments)
                found += moments if said == Field.SESSION else []
        return found

    def _moments(self, at: int) -> list[datetime]:
        found = []
        for text in _parts(self.line.cells[at]):
            try:
                day = days.read(text, self.order, from_1904=self.sheet.counts_from_1904)
            except days.NoDay as reason:
                self._problem(reason, at, text)
                self.has_bad_day = True
                break  # one error per cell: there may be thousands in it
            moment = datetime.combine(day.on, day.at or NOON)
            if day.on == self.now.date() and not day.at:
                # it was held, so it is not in the future
                moment = min(moment, self.now - A_MINUTE)
            if moment > self.now or day.on < EARLIEST:
                self._problem(
                    reasons.TO_COME if moment > self.now else reasons.LONG_AGO, at, text
                )
                self.has_bad_day = True
                break
            found.append(moment)
        return found

    # -- goals -------------------------------------------------------------------

    def _goals(self, who: ImportedPerson, sessions: list[datetime]) -> None:
        """A rating belongs to the goal on its left, its date to the rating on its
        left."""
        goal, slot = None, 0
        for at, said in enumerate(self.columns):
            if said == Field.GOAL:
                slot += 1
                goal = self._goal(who, at, slot)
            elif said == Field.RATING and self.line.cells[at]:
                goal = goal or self._goal(who, None, slot or 1)
                self._rate(goal, at, self._days_of(at), sessions)

    def _goal(
        self, who: ImportedPerson, at: int | None, slot: int
    ) -> ImportedGoal | None:
        """This cell's goal, or the nearest one above it for the same person."""
        words = self.line.cells[at] if at is not None else ""
        if not words:
            return who.goals.get(who.above.get(slot, ""))
        if len(words) > LONGEST[Field.GOAL]:
            self._problem(reasons.TOO_WORDY, at, words, most=LONGEST[Field.GOAL])
        self.moments += 1
        who.above[slot] = same(words)
        return who.goals.setdefault(same(words), ImportedGoal(words))

    def _days_of(self, at: int) -> int | None:
        """The column with a rating's dates: right of it, before another goal or
        rating."""
        for column in range(at + 1, len(self.columns)):
            if self.columns[column] == Field.RATED:
                return column
            if self.columns[column] in (Field.GOAL, Field.RATING):
                return None
        return None

    def _rate(self, goal, at, days_at, sessions) -> None:
        texts = _parts(self.line.cells[at])
        found = [RATING.fullmatch(text) for text in texts]
        if not all(found):
            self._problem(reasons.NO_RATING, at, texts[found.index(None)])
        elif goal is None:
            self._problem(reasons.NO_GOAL, at, self.line.cells[at])
        given = self._moments(days_at) if days_at is not None else []
        moments = given or sessions
        if self.has_bad_day:
            return  # reported, and enough
        if not moments:
            self._problem(reasons.NO_DAY, at, self.line.cells[at])
        elif len(moments) != len(texts):
            told = {"ratings": len(texts), "days": len(moments)}
            self._problem(reasons.NO_PAIRS, at, self.line.cells[at], **told)
        elif goal is not None and all(found):
            pairs = zip(moments, (int(one[1]) for one in found), strict=True)
            goal.ratings.update(dict.fromkeys(pairs))
            self.moments += len(moments)

    # -- all lines ---------------------------------------------------------------

    def _nameless(self) -> None:
        for key, who in self.people.items():
            if not who.said.get(Field.NAME):
                if who.said.get(Field.FAMILY):
                    who.said[Field.NAME] = who.said.pop(Field.FAMILY)
                    continue
                if key not in self.bad:
                    self.problems += [
                        Problem(at, str(reasons.NO_NAME)) for at in who.lines
                    ]
                self.bad.setdefault(key, who.line)

    def _too_full(self) -> None:
        """More than a record may have."""
        for key, who in self.people.items():
            for rows, most, reason in (
                (who.goals, MOST_OPEN, reasons.TOO_MANY_GOALS),
                (who.sessions, MOST_SESSIONS, reasons.TOO_MANY_SESSIONS),
            ):
                if len(rows) > most:
                    told = str(reason) % {"most": most}
                    self.problems += [Problem(at, told) for at in who.lines]
                    self.bad.setdefault(key, who.line)

    def _namesakes(self) -> None:
        """Two people with one name, one of whom is identified by name only."""
        first: dict[str, tuple] = {}
        confused: set[tuple] = set()
        for key, who in sorted(self.people.items(), key=lambda pair: pair[0][0]):
            name = name_key(who.name)
            other = first.setdefault(name, key)
            if not name or other == key or key[0] == "e-mail":
                continue
            self._confused(key, other)
            if other[0] == "name" and other not in confused:
                self._confused(other, key)
            confused |= {key, other}

    def _confused(self, key: tuple, other: tuple) -> None:
        reason = str(reasons.SAME_NAME) % {"line": self.people[other].line}
        who = self.people[key]
        self.problems += [Problem(at, reason) for at in who.lines]
        self.bad.setdefault(key, who.line)

    def _hold_back(self, who: ImportedPerson, line: int, have: set[int]) -> None:
        """A line with an error holds back all lines of its person: a half-imported
        person could not be completed by a second file."""
        for number in who.lines:
            if number not in have:
                self.problems.append(
                    Problem(number, str(reasons.WAITS) % {"line": line})
                )


def _parts(text: str) -> list[str]:
    """The values in a cell with several: 3; 4; 5, or one per line."""
    parts = APART.split(text)
    if len(parts) == 1 and not re.search(r"[^\W\d_]", text):
        parts = COMMA.split(text)
    return [part.strip() for part in parts if part.strip()]


def _alike(field: str, text: str) -> str:
    """The key by which two spellings are equal."""
    if field == Field.PHONE:
        return cells.digits(text)
    return name_key(text) if field in (Field.NAME, Field.FAMILY) else same(text)


def _once_a_day(moments: set[datetime]) -> set[datetime]:
    """A date with and without a time is one session."""
    timed = {m.date() for m in moments if m.time() != NOON}
    return {m for m in moments if m.time() != NOON or m.date() not in timed}
