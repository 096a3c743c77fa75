"""The import itself: one transaction for everything, with progress reported outside it.

A worker claims an import in a committed row with a lease, which it renews each second
on a separate connection, together with its progress, since nothing is visible from the
main transaction yet. The last statement of that transaction marks it done if the claim
is still valid; else nothing is imported.
"""

from __future__ import annotations

import logging
import threading
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from accounts import audit, encryption
from accounts.models import User
from appointments.models import TherapySession
from clients.assigning import note_first_role
from clients.models import Client, ClientBackground, care
from database import claims
from database.claims import Claim, TakenAway
from database.identity import acting_as
from database.locks import lock
from goals.models.brought import import_goals
from goals.models.rating import GoalRating
from transfer.imports import crash
from transfer.imports.columns import Field
from transfer.imports.person import ImportedPerson
from transfer.imports.review import ImportReview
from transfer.models import CaseloadImport, ImportSheet
from transfer.models.caseload_import import KEPT_FOR

log = logging.getLogger(__name__)
State = CaseloadImport.State
LEASE = timedelta(seconds=30)  # renewed each second by a live worker
# before the periodic run picks up an unstarted import
FIRST_WAIT = timedelta(seconds=20)

# Retention: a day's for lines, then those of finished or dropped imports, then those
# never started.
SWEEP = """
DELETE FROM transfer_importsheet WHERE made_at < clock_timestamp() - %(kept)s
  OR caseload_import_id IN (SELECT id FROM transfer_caseloadimport
    WHERE state IN ('done', 'dropped', 'refused', 'undoing', 'undone'))
"""
LEAVE = """
UPDATE transfer_caseloadimport SET state = 'dropped', claim = NULL, lease_until = NULL
WHERE state IN ('ready', 'failed', 'reading', 'refused')
  AND made_at < clock_timestamp() - %(kept)s
"""


def bring_in(import_id: UUID | str) -> str:
    """Run the import; safe to call repeatedly. Return the resulting state."""
    claim = claims.claim(
        CaseloadImport,
        import_id,
        waits=State.WAITING,
        works=State.RUNNING,
        lease=LEASE,
        percent=0,
    )
    if claim is None:
        return "not now"
    return claims.work_on(claim, _bring_in, otherwise={"state": State.FAILED})


def _bring_in(claim: Claim) -> str:
    crash.here("import_claimed")
    with Telling(claim) as telling:
        write(claim, telling)
    crash.here("import_done")
    return "done"


def waiting() -> list[tuple[UUID, str]]:
    """Imports that nobody started or whose worker died, with state; for the periodic
    run."""
    early = Q(made_at__lt=Now() - FIRST_WAIT)
    nobody = early & (
        Q(state=State.WAITING) | Q(state__in=[State.READING, State.UNDOING], claim=None)
    )
    left = Q(
        state__in=[State.RUNNING, State.READING, State.UNDOING], lease_until__lt=Now()
    )
    rows = CaseloadImport.objects.filter(nobody | left)
    return list(rows.order_by("made_at", "pk").values_list("pk", "state"))


def sweep() -> None:
    """Delete lines that are no longer needed, at the latest after a day."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LEAVE, {"kept": KEPT_FOR})
        cursor.execute(SWEEP, {"kept": KEPT_FOR})


class Telling:
    """Reports progress each second and renews the lease."""

    EACH = 1.0

    def __init__(self, claim: Claim):
        self.claim, self.percent, self.is_lost = claim, 0, False
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Telling:
        self._thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.stop()

    def say(self, done: int, of: int) -> None:
        """Raise TakenAway if the claim is no longer ours."""
        self.percent = 100 * done // max(of, 1)
        if self.is_lost:
            raise TakenAway

    def stop(self) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._end.wait(self.EACH):
                if not self.claim.renew(LEASE, percent=self.percent):
                    self.is_lost = True
                    return
        except DatabaseError as error:
            log.warning("not told how far (%s)", type(error).__name__)
        finally:
            connection.close()


def write(claim: Claim, telling: Telling) -> None:
    """Save everyone and all their data, as the importing user and as the therapist."""
    with acting_as(claim.by_id), transaction.atomic(durable=True):
        by = User.objects.select_related("practice").get(pk=claim.by_id)
        # a concurrent import waits, then sees these people
        lock("import", by.practice_id)
        care.tell_again(by)  # clients from an import committed just before
        rows = CaseloadImport.objects.editable_by(by).select_related("therapist")
        imported = rows.get(pk=claim.pk, claim=claim.token)
        review = ImportReview(imported, by=by)
        Writing(imported, by, review, telling).all()
        with acting_as(imported.therapist_id):
            ImportSheet.objects.filter(caseload_import_id=imported.pk).delete()
        crash.here("import_written")
        telling.stop()
        finish(imported, claim, review)


def finish(imported: CaseloadImport, claim: Claim, review: ImportReview) -> None:
    done = claim.end(
        State.DONE,
        percent=100,
        people=len(review.new),
        sessions=review.sessions,
        goals=review.goals,
        finished_at=Now(),
    )
    if not done:
        raise TakenAway
    said = {"clients": len(review.new), "therapist": imported.therapist_id}
    audit.record("caseload imported", about=imported, **said)


class Writing:
    """Saves people and keys in batches, then their data as the therapist, who alone may
    write it."""

    SOME = 50

    def __init__(self, imported, by: User, review: ImportReview, telling: Telling):
        self.imported, self.by, self.telling = imported, by, telling
        self.therapist = imported.therapist
        self.new = review.new

    def all(self) -> None:
        for begin in range(0, len(self.new), self.SOME):
            self.telling.say(begin, len(self.new))
            some = self.new[begin : begin + self.SOME]
            clients = [self._client(person) for person in some]
            self._admit(clients, some)
            with acting_as(self.therapist.pk):
                pairs = list(zip(clients, some, strict=True))
                self._records(pairs)
            if 2 * (begin + len(some)) >= len(self.new):
                crash.here("import_half_way")

    def _client(self, person: ImportedPerson) -> Client:
        said = person.said
        return Client(
            pk=self.imported.key_of(person.line),
            practice=self.by.practice,
            preferred_name=said[Field.NAME],
            family_name=said.get(Field.FAMILY, ""),
            pronouns=said.get(Field.PRONOUNS, ""),
            email=person.email,
            phone=said.get(Field.PHONE, ""),
            wants_portal=False,  # like a client added by hand who was not invited
        )

    def _admit(self, clients: list[Client], some: list[ImportedPerson]) -> None:
        concerns = [self._concern(person) for person in some]
        note_first_role(self.therapist, clients[0], by=self.by)
        Client.admit_all(clients, by=self.by, primary=self.therapist, concerns=concerns)
        said = {"therapist": self.therapist.pk, "caseload_import": self.imported.pk}
        pairs = zip(clients, some, strict=True)
        rows = [(client, said | {"line": who.line}) for client, who in pairs]
        audit.record_each("client imported", rows)

    def _concern(self, person: ImportedPerson) -> str:
        return person.said.get(Field.CONCERN, "")

    def _records(self, pairs: list[tuple[Client, ImportedPerson]]) -> None:
        encryption.expect(self.imported.practice_id, [who.pk for who, _said in pairs])
        if not self.imported.is_own:
            concerns = {client: self._concern(person) for client, person in pairs}
            ClientBackground.import_many(concerns, by=self.therapist)
        sessions = self._sessions(pairs)
        said = [(client, goal) for client, who in pairs for goal in who.goals.values()]
        words = [(client, goal.words) for client, goal in said]
        goals = import_goals(words, by=self.therapist)
        rated = [(goal, one) for goal, (_who, one) in zip(goals, said, strict=True)]
        self._ratings(rated, sessions)

    def _moment(self, naive: datetime) -> datetime:
        return naive.replace(tzinfo=self.therapist.zone)

    def _sessions(self, pairs) -> dict[tuple[UUID, date], UUID]:
        """The first session of each day, by client: a rating of that day was given in
        it."""
        held = [
            (client, self._moment(naive))
            for client, person in pairs
            for naive in sorted(person.sessions)
        ]
        length = timedelta(minutes=self.by.practice.session_minutes)
        found = TherapySession.import_many(held, length, by=self.therapist)
        by_day = {}
        for (client, moment), session in zip(held, found, strict=True):
            by_day.setdefault((client.pk, moment.date()), session.pk)
        return by_day

    def _ratings(self, goals, sessions) -> None:
        ratings = []
        for goal, said in goals:
            for naive, value in sorted(said.ratings):
                at = self._moment(naive)
                session_id = sessions.get((goal.client_id, naive.date()))
                ratings.append((goal, value, at, session_id))
        GoalRating.import_many(ratings, by=self.therapist)
