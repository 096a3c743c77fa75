"""The crowd around the measured practice: made by a few statements, without words."""

from __future__ import annotations

from time import monotonic

from django.db import connection, transaction

from accounts.models import AuditEvent, DataKey, Practice, User
from appointments.models import TherapySession
from clients.models import (
    CareRole,
    Client,
    ClientBackground,
    ContactPreferences,
    ContactWish,
)
from goals.models import Agreement, Goal, GoalRating, GoalVersion
from notes.models import ProgressNote
from therapy.scale.measured import CASELOAD, LOGGED
from therapy.scale.rows import insert_into
from toolkit.models import Assignment

BATCH = 3000
KINDS = (
    "practice", "user", "client", "role", "key", "goal", "version", "hers", "his",
    "rating", "session", "assignment", "wish",
)  # fmt: skip
FILLED = (
    Practice, Client, ClientBackground, CareRole, ContactPreferences, ContactWish,
    DataKey, Goal, GoalVersion, Agreement, GoalRating, TherapySession, ProgressNote,
    Assignment, AuditEvent,
)  # fmt: skip
PER_PRACTICE, PER_THERAPIST = 300, 60
GOALS_EACH, RATINGS_EACH, SESSIONS_EACH, PRACTICE_EACH, LOOKS_EACH = 2, 26, 53, 5, 10
ONE_SAYS_MORE = 5  # of so many clients, of when a reminder is sent
UNCHECKED = "session_replication_role"  # of a row's rules and its foreign keys


def key(kind: str, number: str) -> str:
    """A key in order of its number, as those are that the program makes."""
    begin = f"0190000000{KINDS.index(kind):02}70008000"
    return f"('{begin}' || lpad(to_hex(({number})::bigint), 12, '0'))::uuid"


class Crowd:
    """Other practices, 300 clients and five therapists each, as the tables' owner.

    A year of weekly sessions, of two goals rated in turn.  Where the owner may set
    session_replication_role (bench/run grants it), no foreign key is checked row by
    row, which is most of the time that this takes.
    """

    def __init__(self, out):
        self.out = out

    def fill(self, wanted: int) -> None:
        began, first, done = monotonic(), None, -1
        while done < wanted:
            with transaction.atomic(), connection.cursor() as self.cursor:
                self.cursor.execute("SET LOCAL synchronous_commit = off")
                done = self.batch(wanted)
            first = done if first is None else first
            spent, made = monotonic() - began, done - first
            left = f", {spent / made * (wanted - done):.0f} s left" if made else ""
            bar = "#" * (20 * done // max(wanted, done))
            self.out.write(f"[{bar:20}] {done:,} of {wanted:,} clients{left}")
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")

    def batch(self, wanted: int) -> int:
        self.force("NO FORCE")
        crowd = f"{key('client', '0')} AND {key('client', '(1::bigint << 48) - 1')}"
        self.cursor.execute(
            f"SELECT count(*) FROM clients_client WHERE id BETWEEN {crowd}"
        )
        [first] = self.cursor.fetchone()
        there = first + CASELOAD + LOGGED
        many = max(0, min(wanted - there, BATCH))
        if many:
            self.insert_all(first, first + many - 1)
        self.force("FORCE")
        return there + many

    def check_rows(self, yes: bool) -> None:
        self.cursor.execute("SELECT has_parameter_privilege(%s, 'SET')", [UNCHECKED])
        if self.cursor.fetchone()[0]:
            role = "origin" if yes else "replica"
            self.cursor.execute(f"SET LOCAL {UNCHECKED} = {role}")

    def force(self, how: str) -> None:
        self.cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in FILLED:
            table = model._meta.db_table
            self.cursor.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")
        self.cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def insert(self, model, source: str, **columns: str) -> None:
        rows = insert_into(model, source, **columns)
        self.cursor.execute(f"{rows} ON CONFLICT DO NOTHING")

    def insert_all(self, first: int, last: int) -> None:
        self.people(first, last)
        clients = f"generate_series({first}, {last}) n"
        whose = {
            "practice_id": key("practice", f"n / {PER_PRACTICE}"),
            "client_id": key("client", "n"),
        }
        by = key("user", f"n / {PER_THERAPIST}")
        self.records(clients, whose, by)
        self.check_rows(False)
        self.all_goals(first, last, clients, whose, by)
        self.all_sessions(clients, whose, by)
        self.check_rows(True)

    def people(self, first: int, last: int) -> None:
        practices = f"generate_series({first // PER_PRACTICE}, {last // PER_PRACTICE})"
        self.insert(
            Practice, f"{practices} p", id=key("practice", "p"),
            name="'Practice ' || p", slug="'practice-' || p", time_zone="'UTC'",
        )  # fmt: skip
        ratio = PER_PRACTICE // PER_THERAPIST
        users = f"generate_series({first // PER_THERAPIST}, {last // PER_THERAPIST})"
        self.insert(
            User, f"{users} u", id=key("user", "u"),
            practice_id=key("practice", f"u / {ratio}"),
            email="'t' || u || '@crowd.test'", name="'Therapist ' || u",
            name_key="'therapist ' || u", is_therapist="true", joined_at="now()",
        )  # fmt: skip

    def records(self, clients: str, whose: dict, by: str) -> None:
        practice, client = whose["practice_id"], whose["client_id"]
        names = "(ARRAY['Ana','Ben','Cem','Dee','Eli','Fay','Gus','Hal'])[n % 8 + 1]"
        self.insert(
            Client, clients, id=client, practice_id=practice,
            preferred_name=names, family_name="'Number' || n",
            name_key=f"lower({names} || ' number' || n)", wants_portal="true",
        )  # fmt: skip
        self.insert(ClientBackground, clients, **whose)
        self.insert(
            CareRole, clients, **whose, id=key("role", "n"), user_id=by,
            given_by_id=by, kind="'primary'", starts_at="now()",
        )  # fmt: skip
        self.insert(ContactPreferences, clients, **whose)
        self.insert(
            ContactWish, f"{clients} WHERE n % {ONE_SAYS_MORE} = 0", **whose,
            id=key("wish", "n"), kind="'reminder'", allowed="true", lead_hours="48",
        )  # fmt: skip
        self.insert(
            DataKey, clients, **whose, id=key("key", "n"),
            wrapped="'\\x00'::bytea", master_version="1",
        )  # fmt: skip
        self.insert(
            AuditEvent, f"{clients}, generate_series(1, {LOOKS_EACH}) i",
            **whose, at="now() - i * interval '7 days'", actor_id=by,
            role="'primary'", verb="'opened'", kind="'client'", detail="'{}'",
        )  # fmt: skip

    def all_goals(self, first, last, clients: str, whose: dict, by: str) -> None:
        goals = f"{clients}, generate_series(0, {GOALS_EACH - 1}) i"
        goal, version = (
            key(kind, f"n * {GOALS_EACH} + i") for kind in ("goal", "version")
        )
        begun = "now() - interval '1 year'"
        self.insert(Goal, goals, **whose, id=goal, created_at=begun)
        self.insert(
            GoalVersion, goals, **whose, id=version, goal_id=goal, number="1",
            proposed_by_id=by, side="'therapist'", proposed_at=begun, fingerprint="''",
        )  # fmt: skip
        for kind, side in (("hers", "client"), ("his", "therapist")):
            self.insert(
                Agreement, goals, **whose, version_id=version, by_id=by,
                id=key(kind, f"n * {GOALS_EACH} + i"), side=f"'{side}'", at=begun,
                fingerprint="''",
            )  # fmt: skip
        self.cursor.execute(
            "UPDATE goals_goal SET latest_id = v.id, in_force_id = v.id,"
            " in_force_at = v.proposed_at FROM goals_goalversion v"
            f" WHERE v.goal_id = goals_goal.id AND goals_goal.id BETWEEN"
            f" {key('goal', f'{first} * {GOALS_EACH}')}"
            f" AND {key('goal', f'{last + 1} * {GOALS_EACH} - 1')}"
        )
        number = f"(n * {GOALS_EACH} + i) * {RATINGS_EACH} + r"
        self.insert(
            GoalRating, f"{goals}, generate_series(0, {RATINGS_EACH - 1}) r",
            **whose, id=key("rating", number), goal_id=goal, value="(n + i + r) % 11",
            by_id=by, side="'therapist'", at="now() - r * interval '7 days'",
        )  # fmt: skip

    def all_sessions(self, clients: str, whose: dict, by: str) -> None:
        """The last one is to come, the others were held and are signed."""
        session = key("session", f"n * {SESSIONS_EACH} + w")
        starts = "now() + interval '1 day' - w * interval '7 days'"
        starts += " + n % 480 * interval '1 minute'"
        held = f"{clients}, generate_series(1, {SESSIONS_EACH - 1}) w"
        self.insert(
            TherapySession,
            f"{clients}, generate_series(0, {SESSIONS_EACH - 1}) w", **whose,
            id=session, therapist_id=by, starts_at=starts,
            ends_at=f"{starts} + interval '50 minutes'",
            state="CASE w WHEN 0 THEN 'planned' ELSE 'held' END",
            booked_at=starts,
            logged_at=f"CASE w WHEN 0 THEN NULL ELSE {starts} END",
        )  # fmt: skip
        self.insert(
            ProgressNote, held, **whose, id=session, session_id=session,
            author_id=by, revision="1", saved_at=starts, signed_at=starts,
        )  # fmt: skip
        self.insert(
            Assignment, f"{clients}, generate_series(1, {PRACTICE_EACH}) w",
            **whose, id=key("assignment", f"n * {PRACTICE_EACH} + w - 1"),
            session_id=session, set_by_id=by, set_at=starts,
            answer="'did'", answered_at=starts, answered_by_id=by,
        )  # fmt: skip
