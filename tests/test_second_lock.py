"""PostgreSQL alone, against the rule in Python: what each kind of person reads, writes.

Each model with a `visible_to` is compared as soon as its table is guarded; the mutation
run (tests/mutants) shows that a weakened policy or rule fails here or in a neighbour.
"""

from datetime import timedelta
from functools import lru_cache
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import addresses, encryption
from accounts.models import (
    AuditEvent,
    Credential,
    Invitation,
    KnownDevice,
    OutgoingEmail,
    Practice,
    SignIn,
    User,
)
from clients import access
from clients.models import (
    CareRole,
    CareRoleRequest,
    Client,
    ClientRow,
    Correction,
    Draft,
    EmergencyReason,
    Notice,
    SupervisionComment,
)
from conftest import admit, person
from database.identity import acting_as
from digests.models import Digest
from goals.models import Comment, Goal, GoalLink, GoalScore, Review, Step
from notes.models import EarlierDraft, NoteAddition, NoteHold, ProgressNote, SessionGoal
from tests.cast import (
    add_to,
    agreed_goal,
    asides_of,
    book,
    copy_of,
    hold,
    list_of,
    people_named_to,
    strengths_of,
    wish,
)
from toolkit.models import Assignment
from transfer.models import RecordExport

pytestmark = [pytest.mark.requirement("R1"), pytest.mark.django_db]
NOW = timezone.now
REFUSED = "42501"  # insufficient_privilege: what a policy says


@lru_cache
def guarded_tables():
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relforcerowsecurity")
        return {name for (name,) in cursor.fetchall()}


def models():
    return [
        model
        for model in apps.get_models()
        if model._meta.db_table in guarded_tables()
        and hasattr(model.objects, "visible_to")
    ]


def care(client, who, kind, by, *, since=-9, until=None):
    begins, ends = NOW() + timedelta(days=since), None
    if until is not None:
        ends = NOW() + timedelta(days=until)
    CareRole.objects.create(
        practice_id=client.practice_id, client=client, user=who, kind=kind,
        given_by=by, starts_at=begins, ends_at=ends,
    )  # fmt: skip


def record_of(client, by):
    """A row of everything that is kept of a client."""
    signed = hold(client, by, at=NOW() - timedelta(days=7))
    held = hold(client, by, at=NOW() - timedelta(days=6))
    lifted = hold(client, by, at=NOW() - timedelta(days=5))
    hold(client, by, at=NOW() - timedelta(days=2), sign=False)
    EarlierDraft(
        practice_id=client.practice_id, client=client, author=by, by=by,
        note=ProgressNote(pk=signed.pk), body="Half a note", saved_at=NOW(),
    ).save(force_insert=True)  # fmt: skip
    for session in (signed, held):
        add_to(session, by=by, reason="Forgotten")
    book(client, by, at=NOW() + timedelta(days=1))
    goal = agreed_goal(client, by, ratings=[4, 5])
    with acting_as(by.pk), transaction.atomic():
        Step.add(goal, "One stop", by=by)
        both_speak_of(goal, by)
        Assignment.agree(client, "One stop on Friday", by=by)
        for held_back in (held, lifted):
            note = ProgressNote.objects.get(session=held_back)
            NoteHold(
                practice_id=client.practice_id, client=client, note=note, by=by,
                reason="Later",
            ).save(force_insert=True)  # fmt: skip
        Draft(
            practice_id=client.practice_id, client=client, author=by, kind="goal",
            target=goal.pk, body="Half a thought",
        ).save(force_insert=True)  # fmt: skip
    NoteHold.objects.filter(note__session=lifted).update(until=NOW())
    supervisor = person(client.practice, f"S{client.pk}", is_therapist=True)
    care(client, supervisor, "supervisor", by)
    asides_of(client, supervisor=supervisor)
    strengths_of(client, by, goal=goal)
    SessionGoal.objects.create(
        practice_id=client.practice_id, client=client, session=signed, goal=goal
    )
    list_of(by)
    wish(client, "reminder", lead_hours=2)
    wish(client, "client-digest", False)
    admin = person(client.practice, f"A{client.pk}", is_admin=True)
    with acting_as(admin.pk), transaction.atomic():
        CareRoleRequest.ask(client, by, "supervisor", by=admin)
    for who in (by, client.user):
        Notice.objects.create(
            practice_id=by.practice_id, recipient=who, kind="emergency", by=supervisor
        )
        copy_of(client, who, made=False)
        Digest.objects.create(
            practice_id=by.practice_id, recipient=who, period=f"W{uuid4()}"[:20],
            starts_at=NOW(), ends_at=NOW(),
        )  # fmt: skip
        OutgoingEmail.queue(
            who, "reminder", str(uuid4()), due_at=NOW(), not_after=NOW()
        )
        KnownDevice.objects.create(user=who, token_hash=str(uuid4()))
        SignIn.objects.create(user=who, key_hash=str(uuid4()), expire_date=NOW())
        with acting_as(who.pk), transaction.atomic():
            addresses.want(who, f"new.{who.email}")


def both_speak_of(goal, by):
    """A row of everything that is said of a goal; the review has one side's answer."""
    other = Goal.propose(goal.client, {"own_words": "Sleep"}, by=by)
    Comment.say(goal, "How was it?", by=by)
    GoalLink.make(goal, other, "helps", by=by)
    GoalScore.give(goal, "confidence", 6, by=by)
    Review.begin(goal, by=by).answer({"goal_fits": "yes", "choice": "keep"}, by=by)
    other.latest.withdraw_key("Too much at once", by=by)


def house(name):
    practice = Practice.objects.create(name=name, slug=name.lower())
    encryption.make_practice_key(practice.pk)
    return practice


@pytest.fixture
def world(practice, thea, theo, ada, cleo, carl):
    """Everybody there can be, by what they are to Cleo."""
    elsewhere = house("Elsewhere")
    una = person(elsewhere, "Una", is_therapist=True)
    kai = admit("Kai", by=una)
    people = {
        "primary": thea,
        "another therapist": theo,
        "admin": ada,
        "herself": cleo.user,
        "another client": carl.user,
        "elsewhere": una,
        "admin elsewhere": person(elsewhere, "Olaf", is_admin=True),
        "client elsewhere": kai.user,
        "therapist and admin": person(practice, "Samir", is_therapist=True,
                                      is_admin=True),
    }  # fmt: skip
    roles = {
        "co-therapist": ("co_therapist", {}),
        "supervisor": ("supervisor", {}),
        "cover": ("cover", {"until": 3}),
        "former supervisor": ("supervisor", {"until": -1}),
        "former cover": ("cover", {"until": -1}),
        "cover to be": ("cover", {"since": 1, "until": 4}),
        "deactivated": ("co_therapist", {}),
        "no longer a therapist": ("co_therapist", {}),
    }
    for number, (what, (kind, times)) in enumerate(roles.items()):
        people[what] = person(practice, f"P{number}", is_therapist=True)
        care(cleo, people[what], kind, thea, **times)
    User.objects.filter(pk=people["deactivated"].pk).update(is_active=False)
    User.objects.filter(pk=people["no longer a therapist"].pk).update(
        is_therapist=False, is_admin=True
    )
    for client, by in ((cleo, thea), (carl, theo), (kai, una)):
        record_of(client, by)
    for by, name in ((thea, "Nadia"), (una, "Nils")):
        invited = admit(name, by=by, joined=False, email=f"{name}@example.test")
        with acting_as(by.pk), transaction.atomic():
            invited.invite(by=by)
    return {what: User.objects.get(pk=who.pk) for what, who in people.items()}


def by_the_rule(model, user):
    """What lock 1 lets somebody see; where lock 2 means something else, said here."""
    if model is User:
        return set(people_named_to(user).values_list("pk", flat=True))
    # Whose account is closed still is asked for the password.
    if not user.is_active and model is not Credential:
        return set()
    rows = model.objects.visible_to(user)
    found = set(rows.values_list("pk", flat=True))
    more = model.objects.none()
    if model is Client:
        more = Client.objects.directory_of(user)
    elif model is AuditEvent:
        mine = access.reach(user)
        more = AuditEvent.objects.filter(
            Q(client_id__in=mine.reads) | Q(client_id=mine.own, client_id__isnull=False)
        )
    elif model is Invitation:
        more = Invitation.objects.filter(user=user)
    return found | set(more.values_list("pk", flat=True))


def shown_by_postgres(model, user):
    with acting_as(user.pk if user else None):
        return set(model.objects.values_list("pk", flat=True))


def test_both_locks_show_everybody_the_same_rows(world):
    compared = models()
    assert len(compared) >= 17
    for model in compared:
        total = model.objects.count()
        assert total, f"{model.__name__} has no row here: add one to record_of()"
        for what, user in world.items():
            expected = by_the_rule(model, user)
            assert shown_by_postgres(model, user) == expected, (model.__name__, what)
            assert len(expected) < total, (model.__name__, what)
        assert not shown_by_postgres(model, None), model.__name__


# What the rules above agree on, said once more in words: they might be wrong together.
READERS = {"primary", "co-therapist", "supervisor", "cover", "herself"}


def test_who_reads_cleos_goals_is_whom_we_mean(world, cleo):
    goals = [m for m in models() if m.__name__ in ("Goal", "GoalRating", "Assignment")]
    assert len(goals) == 3
    for model in goals:
        hers = set(model.objects.filter(client=cleo).values_list("pk", flat=True))
        for what, user in world.items():
            seen = shown_by_postgres(model, user) & hers
            assert bool(seen) == (what in READERS), (model.__name__, what)


WRITERS = {"primary", "co-therapist", "cover", "herself"}


def test_who_writes_cleos_goals_is_whom_we_mean(world, cleo):
    for what, user in world.items():
        may = Goal.objects.editable_by(user).filter(client=cleo).exists()
        assert may == (what in WRITERS), what


def test_who_is_deactivated_reaches_nobody(world):
    assert access.reach(world["deactivated"]) == access.NOTHING


def test_cleo_reads_her_signed_notes_and_no_held_or_open_one(world, cleo):
    seen = shown_by_postgres(ProgressNote, world["herself"])
    mine = ProgressNote.objects.filter(client=cleo).exclude(signed_at=None)
    held = NoteHold.objects.filter(until=None).values("note_id")
    assert seen == set(mine.exclude(pk__in=held).values_list("pk", flat=True))
    assert len(seen) == 2


def test_cleo_reads_what_was_added_to_the_notes_that_she_reads(world, cleo):
    seen = shown_by_postgres(NoteAddition, world["herself"])
    notes = shown_by_postgres(ProgressNote, world["herself"])
    mine = NoteAddition.objects.filter(client=cleo)
    assert seen == set(mine.filter(note__in=notes).values_list("pk", flat=True))
    assert 0 < len(seen) < mine.count()


# -- writing --------------------------------------------------------------------------

# Written by others too, each with tests of its own: a supervisor comments, an admin
# asks for a role, emergency access has a reason; a client who was discharged asks for a
# correction, and for a copy.
BY_OTHERS_TOO = {
    CareRoleRequest, Correction, EmergencyReason, RecordExport, SupervisionComment,
}  # fmt: skip
CLINICAL = ["clients_clientbackground"] + [
    model._meta.db_table
    for model in apps.get_models()
    if issubclass(model, ClientRow) and model not in BY_OTHERS_TOO
]
OUTSIDERS = [
    "another therapist", "admin", "another client", "elsewhere", "admin elsewhere",
    "client elsewhere", "supervisor", "former supervisor", "former cover",
    "cover to be", "deactivated", "no longer a therapist", "therapist and admin",
]  # fmt: skip
NOT_THE_CLIENTS = ["appointments_therapysession", "notes_progressnote",
                   "notes_notehold", "notes_noteaddition",
                   "notes_earlierdraft", "clients_clientbackground",
                   "clients_carerole"]  # fmt: skip


def model_of(table):
    return next(m for m in apps.get_models() if m._meta.db_table == table)


def people_columns(table):
    return [
        field.column
        for field in model_of(table)._meta.local_fields
        if field.remote_field and field.remote_field.model is User
    ]


def copied(table, client, **changed):
    """An INSERT of a row like one of Cleo's, with other values for some columns."""
    fields = [field.column for field in model_of(table)._meta.local_fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(fields)} FROM {table} WHERE client_id = %s LIMIT 1",
            [client.pk],
        )
        row = dict(zip(fields, cursor.fetchone(), strict=True))
    if "id" in row:
        row["id"] = uuid4()
    if row.get("agreement_id"):
        row["agreement_id"] = None
    if "in_force_id" in row:  # the trigger would speak before the policy
        row["in_force_id"] = row["in_force_at"] = None
    row |= changed
    marks = ", ".join(["%s"] * len(row))
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(
        row.values()
    )


def is_refused(user, statement, values=()):
    """Whether a policy or a privilege, not some later constraint, said no."""
    try:
        with acting_as(user.pk if user else None), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                touched = cursor.rowcount
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error.__cause__.pgcode == REFUSED
    return touched == 0


def own_row(table, user, client):
    return copied(table, client, **dict.fromkeys(people_columns(table), user.pk))


@pytest.mark.parametrize("table", CLINICAL)
def test_no_outsider_writes_into_cleos_record(world, cleo, table):
    updatable = {
        column: f"UPDATE {table} SET {column} = {column} WHERE client_id = %s"
        for column in updatable_columns(table)
    }
    for what in OUTSIDERS:
        user = world[what]
        assert is_refused(user, *own_row(table, user, cleo)), (what, "insert")
        for column, statement in updatable.items():
            if table == "clients_carerole" and user.is_admin and user.is_active:
                continue  # an admin ends care roles; see test_roles
            assert is_refused(user, statement, [cleo.pk]), (what, column)
        if table != "clients_draft":
            gone = f"DELETE FROM {table} WHERE client_id = %s"
            assert is_refused(user, gone, [cleo.pk]), (what, "delete")


def updatable_columns(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.column_privileges WHERE"
            " table_name = %s AND grantee = 'cairn_web' AND privilege_type = 'UPDATE'",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize("table", NOT_THE_CLIENTS)
def test_cleo_writes_nothing_that_is_her_therapists(world, cleo, table):
    herself = world["herself"]
    assert is_refused(herself, *own_row(table, herself, cleo))
    for column in updatable_columns(table):
        statement = f"UPDATE {table} SET {column} = {column} WHERE client_id = %s"
        assert is_refused(herself, statement, [cleo.pk]), column


def test_only_cleo_says_which_emails_she_wants(world, cleo):
    changed = "UPDATE clients_contactwish SET allowed = allowed WHERE client_id = %s"
    for what in ("primary", "co-therapist", "cover", "herself"):
        new = copied("clients_contactwish", cleo, kind="exercise")
        refused = what != "herself"
        assert is_refused(world[what], *new) == refused, what
        assert is_refused(world[what], changed, [cleo.pk]) == refused, what


# Whom a session or a care role names is not who wrote it.
NAMES_ANOTHER = {"appointments_therapysession", "clients_carerole"}


@pytest.mark.parametrize(
    "table",
    [one for one in CLINICAL if people_columns(one) and one not in NAMES_ANOTHER],
)
def test_thea_writes_nothing_in_somebody_elses_name(world, cleo, table):
    thea, theo = world["primary"], world["another therapist"]
    assert is_refused(thea, *own_row(table, theo, cleo))


def test_neither_side_turns_the_others_key(world, cleo):
    signed = ("agreement", "goalrating", "goalmove", "reviewanswer", "comment",
              "goallink", "goalscore")  # fmt: skip
    columns = {f"goals_{table}": "by_id" for table in signed}
    for table, column in (columns | {"goals_goalversion": "proposed_by_id"}).items():
        for what, side in (("primary", "client"), ("herself", "therapist")):
            user = world[what]
            wrong = copied(table, cleo, side=side, **{column: user.pk})
            assert is_refused(user, *wrong), (table, what)


def test_no_row_is_moved_to_another_client_or_practice(world, cleo, carl):
    with acting_as(world["primary"].pk):
        for table in CLINICAL:
            columns = set(updatable_columns(table))
            if table in ("clients_draft", "clients_clientbackground"):
                continue  # held by the policy alone, see above
            assert not columns & {"client_id", "practice_id", "id"}, table
    moved = "UPDATE clients_draft SET client_id = %s WHERE client_id = %s"
    assert is_refused(world["primary"], moved, [carl.pk, cleo.pk])
    moved = "UPDATE clients_clientbackground SET client_id = %s WHERE client_id = %s"
    assert is_refused(world["primary"], moved, [carl.pk, cleo.pk])


def test_a_therapist_admits_nobody_who_has_a_therapist(world, cleo):
    theo = world["another therapist"]
    row = copied("clients_carerole", cleo, user_id=theo.pk, given_by_id=theo.pk)
    assert is_refused(theo, *row)


def test_an_admin_gives_no_role_to_themselves_or_to_who_treats_nobody(world, cleo):
    ada = world["admin"]
    for what in ("admin", "herself", "elsewhere", "deactivated"):
        row = copied(
            "clients_carerole", cleo, user_id=world[what].pk, given_by_id=ada.pk
        )
        assert is_refused(ada, *row), what


# -- care roles, past the program ------------------------------------------------------

ROLES_OF_CLEO = ("co-therapist", "supervisor", "cover", "cover to be", "primary")
END = "UPDATE clients_carerole SET ends_at = {} WHERE client_id = %s AND user_id = %s"
IN_A_WEEK = "clock_timestamp() + interval '7 days'"
WHO_ENDS = ("admin", "therapist and admin", "primary")


def test_of_a_care_role_the_web_changes_the_end_alone(world):
    assert updatable_columns("clients_carerole") == ["ends_at"]
    no_words = {"clients_emergencyreason": {"seen_at", "seen_by_id"},
                "clients_supervisioncomment": {"read_at", "read_by_id"},
                "clients_carerolerequest": {"outcome", "decided_at", "decided_by_id"},
                "clients_notice": {"seen_at"}}  # fmt: skip
    for table, columns in no_words.items():
        assert set(updatable_columns(table)) == columns, table


@pytest.mark.parametrize("by", WHO_ENDS)
@pytest.mark.parametrize("what", ROLES_OF_CLEO)
def test_a_care_role_is_never_lengthened_or_opened_for_good(world, cleo, by, what):
    """By hand-written SQL, whoever may end it; not of the primary therapist either."""
    whose = world[what]
    if what in ("primary", "supervisor", "co-therapist"):
        rows = CareRole.objects.filter(client=cleo, user=whose)
        rows.update(ends_at=NOW() + timedelta(days=3))
    for longer in ("ends_at + interval '1 second'", IN_A_WEEK, "NULL",
                   "'infinity'"):  # fmt: skip
        said = END.format(longer)
        assert is_refused(world[by], said, [cleo.pk, whose.pk]), longer


@pytest.mark.parametrize("by", WHO_ENDS)
def test_a_care_role_is_not_ended_in_the_past(world, cleo, by):
    whose = world["co-therapist"]
    for past in ("starts_at", "clock_timestamp() - interval '1 day'"):
        said = END.format(past)
        assert is_refused(world[by], said, [cleo.pk, whose.pk]), past


@pytest.mark.parametrize("by", WHO_ENDS)
def test_a_care_role_is_shortened_and_ended(world, cleo, by):
    whose = world["cover"]
    for sooner in ("ends_at - interval '1 day'", "statement_timestamp()"):
        said = END.format(sooner)
        assert not is_refused(world[by], said, [cleo.pk, whose.pk]), sooner


def stays(user, client):
    with acting_as(user.pk), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT app.primary_stays(%s)", [client.pk])
        return cursor.fetchone()[0]


def test_the_primary_therapist_gets_time_back_when_nobody_follows_any_more(world, cleo):
    """The one way in which an end moves on; by the admin and the primary therapist."""
    mine = CareRole.objects.filter(client=cleo, user=world["primary"])
    outsiders = set(world) - set(WHO_ENDS) - {"no longer a therapist"}
    for by in ("primary", "admin"):
        mine.update(ends_at=NOW() + timedelta(days=2))
        follows = world["another therapist"]
        care(cleo, follows, "primary", world["primary"], since=2)
        for what in outsiders:
            assert not stays(world[what], cleo), what
        assert stays(world[by], cleo)
        assert mine.get().ends_at is None
        after = CareRole.objects.filter(client=cleo, user=follows)
        assert all(role.ends_at == role.starts_at for role in after)
    ended = CareRole.objects.get(client=cleo, user=world["former cover"])
    assert ended.ends_at < NOW()  # of other kinds it changes nothing


def test_a_receipt_is_ones_own_and_given_once(world, cleo):
    thea, theo = world["primary"], world["co-therapist"]
    for table, at, who in (
        ("clients_emergencyreason", "seen_at", "seen_by_id"),
        ("clients_supervisioncomment", "read_at", "read_by_id"),
    ):
        model_of(table).objects.update(**{at: None, who: None})
        said = f"UPDATE {table} SET {at} = now(), {who} = %s WHERE client_id = %s"
        assert is_refused(thea, said, [theo.pk, cleo.pk]), table
        assert not is_refused(thea, said, [thea.pk, cleo.pk]), table
        model_of(table).objects.update(**{at: NOW(), who: theo.pk})
        for anew in (f"{at} = NULL, {who} = NULL", f"{at} = now(), {who} = {who}"):
            again = f"UPDATE {table} SET {anew} WHERE client_id = %s"
            assert is_refused(thea, again, [cleo.pk]), (table, anew)


def test_a_reason_hangs_on_an_emergency_of_ones_own(world, cleo):
    thea = world["primary"]
    roles = CareRole.objects.filter(client=cleo).exclude(kind="emergency")
    for role in roles.exclude(emergency__isnull=False):
        row = copied(
            "clients_emergencyreason", cleo, role_id=role.pk, by_id=thea.pk,
            seen_at=None, seen_by_id=None,
        )  # fmt: skip
        assert is_refused(thea, *row), role.kind


def test_web_posts_no_email_as_sent_and_none_for_another_practice(world):
    columns = "id, practice_id, recipient_id, kind, period, due_at, not_after, state,"
    columns += " reason, attempts, message_id, created_at"
    una, thea = world["elsewhere"], world["primary"]
    for to, state in ((una, "waiting"), (thea, "sent")):
        values = [uuid4(), to.practice_id, to.pk, "reminder", "x", NOW(), NOW(), state,
                  "", 0, "", NOW()]  # fmt: skip
        marks = ", ".join(["%s"] * len(values))
        statement = f"INSERT INTO accounts_outgoingemail ({columns}) VALUES ({marks})"
        assert is_refused(thea, statement, values), state


def test_only_an_admin_changes_practice_and_crisis_lines(world, practice):
    from accounts.models import CrisisLine

    CrisisLine.objects.create(practice=practice, name="Night line", number="116 123")
    for what in world:
        if what in ("admin", "therapist and admin", "no longer a therapist"):
            continue
        for table, column in (("accounts_practice", "id"),
                              ("accounts_crisisline", "practice_id")):  # fmt: skip
            statement = f"UPDATE {table} SET name = name WHERE {column} = %s"
            assert is_refused(world[what], statement, [practice.pk]), (what, table)


def test_the_rule_alone_lets_admins_change_crisis_lines_of_their_own_practice(world):
    """Asked as the superuser, whom no policy keeps from anything."""
    from accounts.models import CrisisLine

    for one in Practice.objects.all():
        CrisisLine.objects.create(practice=one, name="Night line", number="116 123")
    for what, user in world.items():
        found = CrisisLine.objects.editable_by(user)
        allowed = {user.practice_id} if user.is_admin else set()
        assert set(found.values_list("practice_id", flat=True)) == allowed, what
