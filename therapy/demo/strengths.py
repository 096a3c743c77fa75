"""Invented strengths with their moments, and wins, for the demo alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from clients.models import ContactPreferences
from database.identity import acting_as
from goals.models import Strength, StrengthLink, Win


@dataclass(frozen=True)
class Shown:
    """A strength, so many days ago; `helps` is a number among the client's goals."""

    name: str
    moment: str
    setting: str
    days: int
    helps: int | None = None
    offered: bool = False  # by the therapist
    answer: str = "accepted"
    instead: str = ""  # what it was called in the client's own words


STRENGTHS = {
    "Cleo": [
        Shown("Patience with fear", "Four buses went. I let them.",
              "Ten minutes at the stop", 112, 0, offered=True),
        Shown("Dry honesty", "“I’d like to, and I won’t.”",
              "On the phone, to her sister", 18, 1),
        Shown("Planning ahead", "A timetable with three ways home, for one ride.",
              "Brought to the session", 61, offered=True, answer="declined"),
        Shown("You say what you need",
              "“Can we talk about December. Everyone will be at mum’s.”",
              "Written on Thursday, before anybody asked", 2, 2, offered=True,
              answer="proposed"),
    ],
    "Marcus": [
        Shown("Stays for the others", "My chest was tight for four minutes. I took the "
              "minutes of the meeting, and then it was over.", "Monday round", 33, 0),
    ],
    "Noor": [
        Shown("An eye for what matters", "I crossed out two pages and nobody missed "
              "them.", "The report in October", 41, 0, offered=True),
    ],
    "Mina": [
        Shown("Comes back", "I knocked after ten minutes, as I had said.",
              "Friday evening, in the hallway", 24, 0, offered=True,
              instead="I keep the time I said"),
    ],
    "Beth": [
        Shown("Notices light", "I stood on the bridge because of the sky. Only a "
              "minute.", "On the way back from the bakery", 12, 0),
        Shown("Loyal", "You wrote to Ruth every week, also in the weeks without words.",
              "Since the move", 5, 1, offered=True, answer="proposed"),
    ],
    "Rowan": [
        Shown("Asks the second question", "“And what did you do then?”",
              "The lift, to somebody from accounts", 20, 0),
    ],
    "Aisha": [
        Shown("Hands over well", "I said all of it at the door of the ward and left it "
              "there.", "After a late shift", 29, 0),
    ],
    "Daniel": [
        Shown("Plain about it", "“Two on Saturday. Planned, and kept to.”",
              "At the beginning of the session", 15, 0, offered=True),
    ],
    "Grace": [
        Shown("Keeps somebody present", "I cooked his soup and told the children why "
              "it has too much pepper.", "A Sunday in October", 36, 0),
    ],
    "Carl": [
        Shown("Turns up", "I had not slept. I came anyway, and said so.",
              "A Tuesday, by video", 50, 0, offered=True),
    ],
    "Hana": [
        Shown("Says when she does not know", "“I’ll find out and tell you on "
              "Thursday.”", "To the whole team", 22, 1),
    ],
}  # fmt: skip
# What went a little better: days ago, whose words, the words.
WINS = {
    "Cleo": [
        (80, "own", "Told Jo I would walk home alone from the library. I did."),
        (46, "own", "A plain no, without an excuse. She said: fine."),
        (17, "theirs", "Came without checking the way first, and only noticed here."),
        (4, "own", "My hands shook and I stayed on."),
    ],
    "Marcus": [(9, "own", "Bought milk without the water bottle.")],
    "Noor": [(13, "own", "Asleep before one, twice.")],
    "Beth": [(6, "own", "One song, standing up, after breakfast.")],
    "Rowan": [(8, "theirs", "Stayed for the tea, and told it as if it were nothing.")],
    "Daniel": [(11, "own", "Walked round the house twice. Then it was seven.")],
    "Carl": [(10, "own", "Had breakfast in daylight.")],
}
CELEBRATES = {"Cleo": "quiet", "Marcus": "talk", "Noor": "nobody", "Beth": "ritual",
              "Rowan": "nobody", "Grace": "ritual", "Carl": "talk"}  # fmt: skip


class Strong:
    """Writes them as the two sides would have, each in their own name."""

    def __init__(self, demo):
        self.demo, self.practice = demo, demo.practice

    def make(self) -> None:
        client, therapist = self.demo.client, self.demo.therapist
        name, own = client.preferred_name, client.user
        shown = STRENGTHS.get(name, ())
        said = WINS.get(name, ())
        with acting_as(therapist.pk):
            offered = [self.strength(one, therapist) for one in shown if one.offered]
            self.wins(therapist, [win for win in said if win[1] == "theirs"])
        if own is None:
            return
        with acting_as(own.pk):
            for one, row in offered:
                self.answer(one, row)
            for one in shown:
                if not one.offered:
                    self.strength(one, own)
            self.wins(own, [win for win in said if win[1] == "own"])
            if name in CELEBRATES:
                preferences = ContactPreferences.objects.filter(pk=client.pk)
                preferences.update(celebrates=CELEBRATES[name])

    def day(self, days) -> date:
        return self.demo.today - timedelta(days=days)

    def strength(self, one: Shown, by, **fields) -> tuple[Shown, Strength]:
        client, is_own = self.demo.client, by == self.demo.client.user
        at = self.demo.now - timedelta(days=max(one.days - 1, 0), hours=2)
        row = Strength(
            practice=self.practice, client=client, name=one.name, moment=one.moment,
            setting=one.setting, happened_on=self.day(one.days), proposed_by=by,
            side="client" if is_own else "therapist", at=at,
            state="accepted" if is_own else "proposed",
            answered_at=at if is_own else None,
        )  # fmt: skip
        for name, value in fields.items():
            setattr(row, name, value)
        row.save(force_insert=True)
        if one.helps is not None:
            StrengthLink(
                practice=self.practice, client=client, strength=row, by=by, at=at,
                goal=self.demo.goals[one.helps], side=row.side,
            ).save(force_insert=True)  # fmt: skip
        return one, row

    def answer(self, one: Shown, row: Strength) -> None:
        state = "reworded" if one.instead else one.answer
        if state != "proposed":
            answered = row.at + timedelta(hours=1)
            Strength.objects.filter(pk=row.pk).update(state=state, answered_at=answered)
        if one.instead:
            by = self.demo.client.user
            self.strength(one, by, name=one.instead, rewords=row)

    def wins(self, by, said) -> None:
        side = "client" if by == self.demo.client.user else "therapist"
        rows = [
            Win(
                practice=self.practice,
                client=self.demo.client,
                words=words,
                by=by,
                side=side,
                happened_on=self.day(days),
                at=self.demo.now - timedelta(days=days, hours=1),
            )
            for days, _whose, words in said
        ]
        Win.objects.bulk_create(rows)
