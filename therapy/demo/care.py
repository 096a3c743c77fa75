"""The demo's care roles: supervision, cover, an emergency, a correction, a farewell."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import connection
from django.db.models import F
from django.utils import timezone

from clients.models import (
    CareRole,
    Client,
    Correction,
    EmergencyReason,
    SupervisionComment,
)
from clients.models.care import tell_again
from database.identity import acting_as
from notes.models import NoteAddition, ProgressNote

SAID = (
    "Three rides in a row where she stayed on. Ask what she did differently on the "
    "second one: it is her own method, and she has not noticed it yet."
)
ALSO = "The wording about Jo may be a safety behavior. Worth a question, no more."
WHY = (
    "He rang the practice at 19:40, in tears, and hung up. Theo is on a train without "
    "signal. I wanted to see whom he named before I rang back."
)
SAYS = "Rode on Tuesday and Friday."  # in the note that Cleo asks to have corrected
WRONG = (
    "The days of two rides",
    "The note says that I rode on Tuesday and Friday. It was Tuesday and Saturday.",
)
ANSWER = (
    "Thank you, that was my mistake. The note is signed and stays as it is; I added a "
    "correction below it: Tuesday and Saturday."
)
CORRECTED = "The two rides were on Tuesday and Saturday. “Friday” above is my mistake."
LATE = "At the door he said that he slept at his brother’s twice that week."
FORGOTTEN = "Not written down on the day."
ADDED = "Cleo called to say that the appointment with her doctor is on Thursday."


class Care:
    def __init__(self, demo):
        self.demo, self.now, self.staff = demo, demo.now, demo.staff
        self.practice = demo.practice

    def make(self) -> None:
        self.begin_with_the_client()
        cleo, beth, carl = map(self.client, ("Cleo", "Beth", "Carl"))
        self.supervision(cleo)
        self.cover(cleo)
        self.ended(beth)
        self.emergency(carl)
        self.correction(cleo)
        self.late_entry(carl)
        self.farewell(self.client("Oskar"))

    def begin_with_the_client(self) -> None:
        """They were admitted long ago, which no role of the program could write."""
        self.rewrite(
            "UPDATE clients_carerole r SET starts_at = c.created_at"
            " FROM clients_client c"
            " WHERE c.id = r.client_id AND c.practice_id = %s",
            [self.practice.pk],
        )

    def rewrite(self, statement: str, values: list) -> None:
        """As the owner, past row security: when a role began, which has passed."""
        tables = ("clients_carerole", "clients_client")
        with connection.cursor() as cursor:
            # No table is altered while its foreign keys wait to be checked.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
            cursor.execute(statement, values)
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def client(self, first) -> Client:
        return self.demo.clients[first]

    def role(self, client, who, kind, starts, ends, *, by) -> CareRole:
        role = CareRole(
            practice=self.practice, client=client, user=who, kind=kind, given_by=by,
            starts_at=starts, ends_at=ends,
        )  # fmt: skip
        CareRole.objects.bulk_create([role])
        return role

    def at(self, days, hour="09:00") -> datetime:
        """So many days from today, at an hour of the practice."""
        day = self.demo.today + timedelta(days=days)
        return datetime.combine(day, time.fromisoformat(hour), self.practice.zone)

    def midnight(self, days) -> datetime:
        return self.at(days, "00:00")

    def supervision(self, cleo) -> None:
        thea, iris = self.staff["thea"], self.staff["iris"]
        with acting_as(thea.pk):
            began, ends = self.midnight(-79), self.midnight(38)
            self.role(cleo, iris, "supervisor", began, ends, by=thea)
        with acting_as(iris.pk):
            said = ((ALSO, self.at(-21, "17:20")), (SAID, self.at(-2, "08:40")))
            for words, at in said:
                SupervisionComment(
                    practice=self.practice, client=cleo, by=iris, words=words, at=at
                ).save(force_insert=True)
        with acting_as(thea.pk):
            read = SupervisionComment.objects.filter(at__lt=self.at(-10))
            read.update(read_at=self.at(-20), read_by=thea)
        looked = (self.at(-21, "17:10"), iris, cleo, "client", "supervisor")
        self.demo.looks.append(looked)

    def cover(self, cleo) -> None:
        thea, theo = self.staff["thea"], self.staff["theo"]
        with acting_as(thea.pk):
            began, ends = self.midnight(28), self.midnight(42)
            self.role(cleo, theo, "cover", began, ends, by=thea)

    def ended(self, beth) -> None:
        thea, theo = self.staff["thea"], self.staff["theo"]
        with acting_as(thea.pk):
            began, ends = self.midnight(-60), self.midnight(-46)
            self.role(beth, theo, "cover", began, ends, by=thea)

    def emergency(self, carl) -> None:
        """Long over; it could only begin, and its reason be sealed, while it ran."""
        theo, iris = self.staff["theo"], self.staff["iris"]
        began = self.at(-9, "19:53")
        with acting_as(theo.pk):
            key = self.role(carl, iris, "supervisor", timezone.now(), None, by=theo)
        with acting_as(iris.pk):
            now = timezone.now()
            ends = now + timedelta(minutes=50)
            role = self.role(carl, iris, "emergency", now, ends, by=iris)
            tell_again(iris)
            EmergencyReason(
                practice=self.practice, client=carl, role=role, by=iris, at=began,
                words=WHY,
            ).save(force_insert=True)  # fmt: skip
        with acting_as(theo.pk):
            EmergencyReason.objects.update(seen_at=self.at(-8), seen_by=theo)
            CareRole.objects.filter(pk=key.pk).update(ends_at=F("starts_at"))
        self.rewrite(
            "UPDATE clients_carerole SET starts_at = %s, ends_at = %s WHERE id = %s",
            [began, began + timedelta(minutes=50), role.pk],
        )
        self.demo.looks.append((began, iris, carl, "client", "emergency"))

    def correction(self, cleo) -> None:
        thea = self.staff["thea"]
        about, words = WRONG
        with acting_as(cleo.user_id):
            asked = Correction(
                practice=self.practice, client=cleo, by=cleo.user, about=about,
                words=words, at=self.at(-34, "21:10"),
            )  # fmt: skip
            asked.save(force_insert=True)
        with acting_as(thea.pk):
            sealed = Correction._meta.get_field("answer").seal(asked, ANSWER)
            Correction.objects.filter(pk=asked.pk).update(
                answer=sealed, answered_at=self.at(-32, "13:20"), answered_by=thea
            )
            self.additions(cleo, thea, asked)

    def additions(self, cleo, thea, asked) -> None:
        """A correction that Cleo asked for, and an addendum to last week's note."""
        notes = ProgressNote.objects.filter(client=cleo).signed().order_by("signed_at")
        at, last = self.at(-32, "13:20"), notes.defer("body").last()
        before = notes.filter(signed_at__lt=asked.at)
        wrong = next(note for note in before if SAYS in note.body)
        self.add(wrong, "correction", CORRECTED, at, thea, correction=asked)
        self.add(last, "addendum", ADDED, last.signed_at + timedelta(hours=3), thea)

    def late_entry(self, carl) -> None:
        theo = self.staff["theo"]
        with acting_as(theo.pk):
            notes = ProgressNote.objects.filter(client=carl).signed()
            note = notes.defer("body").earliest("signed_at")
            at = note.signed_at + timedelta(days=2)
            self.add(note, "late_entry", LATE, at, theo, reason=FORGOTTEN)

    def add(self, note, kind, text, at, by, **more) -> None:
        NoteAddition(
            practice=self.practice, client_id=note.client_id, note=note, kind=kind,
            text=text, by=by, at=min(at, self.now), **more,
        ).save(force_insert=True)  # fmt: skip

    def farewell(self, oskar) -> None:
        with acting_as(self.staff["theo"].pk):
            Client.objects.filter(pk=oskar.pk).update(
                state="discharged", discharged_at=self.at(-12, "16:00")
            )
