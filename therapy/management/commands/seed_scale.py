"""Makes the practice that bench/run measures, and other clients up to --clients.

Whoever is opened by a measured page is written through the models, with real
ciphertext; the crowd around them comes from a few statements, without words.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from time import monotonic

from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.utils import timezone

from accounts import encryption
from accounts.models import Practice, User
from appointments.models import TherapySession
from clients.models import Client
from clients.models.draft import PART
from database.identity import acting_as
from digests.models import Digest
from goals.models import Agreement, Comment, Goal, GoalRating, GoalVersion, Step
from goals.models.content import Side
from notes.models import ProgressNote
from therapy import demo
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
LENGTH, WEEK = timedelta(minutes=50), timedelta(days=7)
WORDS = "Take the bus into town on my own twice a week, and stay on when it is full"
NOTE = "She told of the journey, and of what had helped on the way. " * 23
BATCH = 3000


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--clients", type=int, default=100)
        parser.add_argument(
            "--team", action="store_true", help=f"words for {TEAM} colleagues more"
        )

    def handle(self, clients, team, **options):
        if not Practice.objects.filter(slug=SLUG).exists():
            with transaction.atomic():
                Measured().make()
            self.stdout.write(f"{CASELOAD + LOGGED} clients with words")
        if team and not User.objects.filter(email=AT_THEIR_HOME.format(0)).exists():
            with transaction.atomic():
                Team().make()
            self.stdout.write(f"{TEAM * (CASELOAD + TEAM_LOGGED)} more, of the team")
        Crowd(self.stdout).fill(clients)


class Measured:
    portal = PORTAL

    def __init__(self):
        self.now = timezone.now()
        self.day = datetime.combine(self.now.date(), time(), UTC)
        self.password = make_password(demo.PASSWORD)

    def make(self) -> None:
        self.practice = Practice.objects.create(name="Bench Practice", slug=SLUG)
        ada = self.account("Ada Admin", ADMIN, is_admin=True)
        with acting_as(ada.pk):
            encryption.make_practice_key(self.practice.pk)
        self.therapist = self.account("Tess Therapist", THERAPIST, is_therapist=True)
        self.staff()
        self.caseload()
        self.therapist = self.account("Lou Logger", LOGGER, is_therapist=True)
        for number in range(LOGGED):
            self.to_log(number)

    def caseload(self) -> None:
        for number in range(CASELOAD):
            self.life(number)
        self.week()

    def account(self, name, email, **fields) -> User:
        person = User(
            practice=self.practice, name=name, email=email, password=self.password,
            joined_at=self.now, **fields,
        )  # fmt: skip
        person.save(force_insert=True)
        return person

    def staff(self) -> None:
        User.objects.bulk_create(
            User(
                practice=self.practice, name=f"Colleague {number:03}", password="!",
                email=COLLEAGUE.format(number), is_therapist=True,
                joined_at=self.now,
            )
            for number in range(STAFF - 3)
        )  # fmt: skip

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
                user=self.account(name, email),
                created_at=self.now - timedelta(weeks=260),
            )  # fmt: skip
            self.client.admit(by=self.therapist, concern=WORDS)
        self.both = {"practice": self.practice, "client": self.client}

    def session(self, starts, state="held", place="Room 2") -> TherapySession:
        held = state == "held"
        return TherapySession(
            **self.both, therapist=self.therapist, starts_at=starts,
            ends_at=starts + LENGTH, place=place, state=state,
            booked_at=starts - WEEK, logged_at=starts + LENGTH if held else None,
            take_away=WORDS if held else "",
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
        side = "therapist" if by == self.therapist else "client"
        version = GoalVersion(
            **self.both, goal=goal, number=number, proposed_by=by, side=side,
            proposed_at=at, own_words=f"{WORDS}, {number}", clinical_words=WORDS,
            low_end="not at all", high_end="it is just a bus",
        )  # fmt: skip
        version.fingerprint = version.compute_fingerprint()
        version.save(force_insert=True)
        self.key(version, by, side)
        goal.latest, goal.waits_for = version, Side(side).other
        goal.save(update_fields=["latest", "waits_for"])

    def key(self, version, by, side) -> None:
        Agreement(
            **self.both, version=version, by=by, side=side,
            at=version.proposed_at, fingerprint=version.fingerprint,
        ).save(force_insert=True)  # fmt: skip

    def client_agrees(self, goals) -> None:
        with acting_as(self.client.user.pk):
            for goal in goals:
                self.key(goal.latest, self.client.user, "client")
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
                GoalRating(
                    **self.both, goal=goal, value=2 + number * 7 % 6,
                    by=self.therapist, side="therapist",
                    at=self.now - timedelta(days=3) - gap * (many - number),
                    session_id=self.held[number % len(self.held)].pk,
                )
                for number in range(many)
            )  # fmt: skip

    def logged(self, number: int) -> None:
        with acting_as(self.therapist.pk):
            unsigned = self.held[-1] if number % 10 == 6 else None
            ProgressNote.objects.bulk_create(
                self.note(session, signed=session is not unsigned)
                for session in self.held
            )
            if number == 2:
                self.note(self.open[0], signed=False).save(force_insert=True)
            Assignment.objects.bulk_create(
                self.practice_of(session, done=session != self.held[-1])
                for session in self.held[-6:]
            )

    def note(self, session, *, signed) -> ProgressNote:
        note = ProgressNote(
            id=session.pk, **self.both, session=session, author=self.therapist,
            body=PART.join([NOTE] * 3), revision=3, saved_at=session.ends_at,
        )  # fmt: skip
        if signed:
            note.signed_at = session.ends_at
            note.content_hash = note.compute_hash(session.ends_at)
        return note

    def practice_of(self, session, *, done) -> Assignment:
        answered = session.starts_at + timedelta(days=6)
        return Assignment(
            **self.both, session_id=session.pk, words=WORDS, set_by=self.therapist,
            set_at=session.ends_at, due_on=(session.starts_at + WEEK).date(),
            answer="did" if done else "", answered_at=answered if done else None,
            answered_by=self.client.user if done else None,
        )  # fmt: skip

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


# -- the crowd ------------------------------------------------------------------------

KINDS = (
    "practice", "user", "client", "role", "key", "goal", "version", "hers", "his",
    "rating", "session", "assignment",
)  # fmt: skip
FORCED = (
    "accounts_practice", "clients_client", "clients_clientbackground",
    "clients_carerole", "clients_contactcharter", "accounts_datakey", "goals_goal",
    "goals_goalversion", "goals_agreement", "goals_goalrating",
    "appointments_therapysession", "notes_progressnote", "toolkit_assignment",
    "accounts_auditevent",
)  # fmt: skip
PER_PRACTICE, PER_THERAPIST = 300, 60
GOALS_EACH, RATINGS_EACH, SESSIONS_EACH, PRACTICE_EACH, LOOKS_EACH = 2, 26, 53, 5, 10
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
        for table in FORCED:
            self.cursor.execute(f"ALTER TABLE {table} {how} ROW LEVEL SECURITY")
        self.cursor.execute("SET CONSTRAINTS ALL DEFERRED")

    def insert(self, table: str, source: str, **columns: str) -> None:
        self.cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) "
            f"SELECT {', '.join(columns.values())} FROM {source} ON CONFLICT DO NOTHING"
        )

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
            "accounts_practice", f"{practices} p", id=key("practice", "p"),
            name="'Practice ' || p", slug="'practice-' || p", time_zone="'UTC'",
            session_minutes="50", privacy_notice="''", privacy_version="1",
            created_at="now()", idle_minutes="30", sender_name="''", portal_days="30",
        )  # fmt: skip
        ratio = PER_PRACTICE // PER_THERAPIST
        users = f"generate_series({first // PER_THERAPIST}, {last // PER_THERAPIST})"
        self.insert(
            "accounts_user", f"{users} u", id=key("user", "u"),
            practice_id=key("practice", f"u / {ratio}"), password="'!'",
            email="'t' || u || '@crowd.test'", name="'Therapist ' || u",
            name_key="'therapist ' || u",
            pronouns="''", time_zone="'UTC'", language="'en'", is_active="true",
            is_therapist="true", is_admin="false", phone="''", contact_hours="''",
            joined_at="now()",
        )  # fmt: skip

    def records(self, clients: str, whose: dict, by: str) -> None:
        practice, client = whose["practice_id"], whose["client_id"]
        names = "(ARRAY['Ana','Ben','Cem','Dee','Eli','Fay','Gus','Hal'])[n % 8 + 1]"
        self.insert(
            "clients_client", clients, id=client, practice_id=practice,
            preferred_name=names, family_name="'Number' || n", pronouns="''",
            name_key=f"lower({names} || ' number' || n)",
            email="''", phone="''", emergency_name="''", emergency_phone="''",
            wants_portal="true", state="'active'", version="1", created_at="now()",
        )  # fmt: skip
        self.insert(
            "clients_clientbackground", clients, **whose, presenting_concern="''"
        )
        self.insert(
            "clients_carerole", clients, **whose, id=key("role", "n"), user_id=by,
            given_by_id=by, kind="'primary'", starts_at="now()",
        )  # fmt: skip
        self.insert(
            "clients_contactcharter", clients, **whose, reminders="true",
            reminder_lead_hours="24", weekly_digest="true",
        )  # fmt: skip
        self.insert(
            "accounts_datakey", clients, **whose, id=key("key", "n"),
            wrapped="'\\x00'::bytea", master_version="1", created_at="now()",
        )  # fmt: skip
        self.insert(
            "accounts_auditevent", f"{clients}, generate_series(1, {LOOKS_EACH}) i",
            **whose, at="now() - i * interval '7 days'", actor_id=by,
            role="'primary'", verb="'opened'", kind="'client'", reason="''",
            detail="'{}'",
        )  # fmt: skip

    def all_goals(self, first, last, clients: str, whose: dict, by: str) -> None:
        goals = f"{clients}, generate_series(0, {GOALS_EACH - 1}) i"
        goal, version = (
            key(kind, f"n * {GOALS_EACH} + i") for kind in ("goal", "version")
        )
        begun = "now() - interval '1 year'"
        self.insert("goals_goal", goals, **whose, id=goal, created_at=begun)
        self.insert(
            "goals_goalversion", goals, **whose, id=version, goal_id=goal, number="1",
            proposed_by_id=by, side="'therapist'", proposed_at=begun,
            own_words="''", clinical_words="''", low_end="''", high_end="''",
            fingerprint="''",
        )  # fmt: skip
        for kind, side in (("hers", "client"), ("his", "therapist")):
            self.insert(
                "goals_agreement", goals, **whose, version_id=version, by_id=by,
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
            "goals_goalrating", f"{goals}, generate_series(0, {RATINGS_EACH - 1}) r",
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
            "appointments_therapysession",
            f"{clients}, generate_series(0, {SESSIONS_EACH - 1}) w", **whose,
            id=session, therapist_id=by, starts_at=starts,
            ends_at=f"{starts} + interval '50 minutes'", place="''", video_link="''",
            state="CASE w WHEN 0 THEN 'planned' ELSE 'held' END",
            schedule_version="1", booked_at=starts, take_away="''",
            logged_at=f"CASE w WHEN 0 THEN NULL ELSE {starts} END",
        )  # fmt: skip
        self.insert(
            "notes_progressnote", held, **whose, id=session, session_id=session,
            author_id=by, format="'dap'", body="''", revision="1", saved_at=starts,
            signed_at=starts, content_hash="''",
        )  # fmt: skip
        self.insert(
            "toolkit_assignment", f"{clients}, generate_series(1, {PRACTICE_EACH}) w",
            **whose, id=key("assignment", f"n * {PRACTICE_EACH} + w - 1"),
            session_id=session, words="''", set_by_id=by, set_at=starts,
            answer="'did'", answered_at=starts, answered_by_id=by,
        )  # fmt: skip
