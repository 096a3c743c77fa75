"""The second lock, from below: what each role of the database can and cannot do."""

from contextlib import nullcontext, suppress

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.utils import timezone

from accounts.encryption import EncryptedTextField
from accounts.models import AuditEvent, Heartbeat, User
from clients.models import Client
from conftest import as_role
from database.identity import acting_as
from goals.models import Goal
from notes.models import ProgressNote
from tests.cast import agreed_goal, hold, wish

# Tables that hold nothing about anybody.  A new table is a decision: guard it, or name
# it here.
OPEN_TABLES = {
    "account_emailconfirmation",
    "accounts_cacheentry",
    "accounts_heartbeat",
    "accounts_tries",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "digests_halt",
    "django_content_type",
    "django_migrations",
}
# What the web may do there; of the others it has no right at all.
RIGHTS = {
    "accounts_cacheentry": "DELETE INSERT SELECT UPDATE",
    "accounts_heartbeat": "SELECT",
    "accounts_tries": "INSERT SELECT UPDATE",
    "digests_halt": "SELECT",
    "django_migrations": "SELECT",
}
# Where there are words of people, and their keys.
NARRATIVE = ["accounts_datakey"] + [
    model._meta.db_table
    for model in apps.get_models()
    if any(isinstance(f, EncryptedTextField) for f in model._meta.local_fields)
]


def query(text):
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def execute(text):
    with connection.cursor() as cursor:
        cursor.execute(text)


def test_every_table_has_forced_row_security_or_is_listed_as_open(db):
    bare = query(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') "
        "AND relnamespace = 'public'::regnamespace AND NOT relforcerowsecurity"
    )
    assert {name for (name,) in bare} == OPEN_TABLES, "SecureRows, in its migration"


def test_what_the_web_may_do_with_open_tables_is_listed(db):
    found = query(
        "SELECT c.relname::text,"
        " string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)"
        " FROM pg_class c, aclexplode(c.relacl) a WHERE c.relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace AND NOT relforcerowsecurity"
        " AND a.grantee = 'cairn_web'::regrole GROUP BY 1"
    )
    assert dict(found) == RIGHTS


def test_every_guarded_table_keeps_the_wall_between_practices(db):
    walled = query(
        "SELECT DISTINCT polrelid::regclass::text FROM pg_policy"
        " WHERE NOT polpermissive AND polname = 'practice_wall'"
    )
    guarded = query(
        "SELECT relname FROM pg_class WHERE relforcerowsecurity AND relname IN"
        " (SELECT table_name FROM information_schema.columns"
        "  WHERE column_name = 'practice_id')"
    )
    # One's own email and one's own account are read before there is a practice.
    by_their_own_words = {"accounts_outgoingemail", "accounts_user"}
    assert {t for (t,) in guarded} - {t for (t,) in walled} == by_their_own_words


@pytest.mark.requirement("R58")
def test_nobody_who_logs_in_can_step_over_row_security(db):
    strong = "rolcanlogin AND (rolsuper OR rolbypassrls)"
    assert query(f"SELECT rolname FROM pg_roles WHERE {strong} ORDER BY 1") == [
        ("cairn_backup",),
        ("postgres",),
    ]
    assert not query(
        "SELECT relname FROM pg_class"
        " WHERE relowner IN ('cairn_web'::regrole, 'cairn_worker'::regrole)"
    )


def test_functions_that_run_with_other_rights_are_known_and_pinned(db):
    found = query(
        "SELECT proname, proconfig FROM pg_proc WHERE prosecdef"
        " AND pronamespace = 'app'::regnamespace ORDER BY 1"
    )
    names = [name for name, _config in found]
    assert names == [
        "account_at", "admin_may_give", "audit", "audit_fault",
        "cancel_clashing_sessions", "caseload_counts", "change_address",
        "changed_since_import", "clients_named", "clients_named", "close_account",
        "close_signals", "correct_address", "destroy_key", "emails", "emergencies_from",
        "emergency_has_reason", "forget_sheet", "forget_ways", "give_account", "help",
        "import_ended", "imported_clients", "invitation", "is_held", "is_new",
        "is_ours", "join", "knows_device_of", "login", "made_by_import", "manages",
        "named_in_record", "oldest_unsent", "open_account", "operator_did",
        "pass_on_sessions", "practice_keys", "primary_is_here", "primary_stays",
        "record_is_empty", "refused_by_relay", "rewrap_key", "seal", "session_clashes",
        "session_delete", "session_exists", "session_read", "session_touch",
        "session_write", "set_roles", "sign_ins_active", "still_writes",
        "take_over_note", "tell_owner", "time_zones_used", "treats_here", "undo_import",
        "ways_changed", "wrapped_keys",
    ]  # fmt: skip
    assert all("search_path=pg_catalog, pg_temp" in config for _n, config in found)
    assert not query(
        "SELECT viewname FROM pg_views WHERE schemaname IN ('public', 'app')"
    )


def test_nobodys_identity_sees_nothing(cleo, thea):
    agreed_goal(cleo, thea, ratings=[4])
    User.objects.filter(pk=thea.pk).update(is_active=False)
    unknown = "00000000-0000-7000-8000-000000000000"
    for who in (None, thea.pk, unknown):
        with acting_as(who):
            assert not Client.objects.exists()
            assert not Goal.objects.exists()
            assert not AuditEvent.objects.exists()


@pytest.mark.requirement("R5", "R58")
@pytest.mark.parametrize("table", NARRATIVE)
def test_the_worker_may_read_no_narrative(db, table):
    with (
        as_role("cairn_worker"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        query(f"SELECT * FROM {table}")


@pytest.mark.parametrize("column", ["preferred_name", "family_name", "phone", "email"])
def test_the_worker_reads_no_name_of_a_client(cleo, column):
    with (
        as_role("cairn_worker"),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        query(f"SELECT {column} FROM clients_client")


@pytest.mark.parametrize(
    ("column", "may"),
    [
        ("clients_contactwish.lead_hours", True),
        ("clients_contactwish.allowed", False),
        ("clients_contactpreferences.paused_until", False),
        ("clients_contactpreferences.client_id", False),
    ],
)
def test_of_what_a_client_wishes_the_worker_reads_the_lead_alone(cleo, column, may):
    wish(cleo, "reminder", lead_hours=2)
    said = f"SELECT {column} FROM {column.split('.')[0]}"
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with as_role("cairn_worker"), nullcontext() if may else refused:
        assert query(said) == [(2,)]


@pytest.mark.parametrize("table", [t for t in NARRATIVE if "datakey" not in t])
def test_an_admin_finds_no_clinical_row(cleo, thea, ada, table):
    agreed_goal(cleo, thea, ratings=[4])
    hold(cleo, thea, at=timezone.now())
    with acting_as(ada.pk):
        assert query(f"SELECT count(*) FROM {table}") == [(0,)]
        assert Client.objects.directory_of(ada).count() == 1


def test_an_admin_cannot_read_a_clients_key(cleo, ada):
    with acting_as(ada.pk):
        keys = query(
            "SELECT count(*) FROM accounts_datakey WHERE client_id IS NOT NULL"
        )
    assert keys == [(0,)]


def test_web_cannot_change_the_schema(db):
    for statement in (
        "CREATE TABLE x ()",
        "DROP TABLE goals_goal",
        "TRUNCATE goals_goal",
        "DELETE FROM django_migrations",
        "DELETE FROM clients_client",
        "UPDATE accounts_outgoingemail SET state = 'sent'",
    ):
        with (
            as_role("cairn_web"),
            pytest.raises(ProgrammingError),
            transaction.atomic(),
        ):
            execute(statement)


@pytest.mark.requirement("R17")
@pytest.mark.parametrize("role", ["cairn_web", "cairn_owner", "postgres"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditevent SET verb = 'x'",
        "DELETE FROM accounts_auditevent",
        "TRUNCATE accounts_auditevent",
        "UPDATE accounts_auditseal SET events = 0",
        "DELETE FROM accounts_auditseal",
        "TRUNCATE accounts_auditseal",
    ],
)
def test_an_audit_row_stays_as_it_is(cleo, role, statement):
    with as_role(role), pytest.raises(ProgrammingError), transaction.atomic():
        execute(statement)


def test_the_actor_of_an_audit_row_is_who_asks_whatever_is_said(cleo, thea, theo):
    with (
        acting_as(theo.pk),
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
    ):
        AuditEvent.objects.create(actor_id=thea.pk, verb="opened")


@pytest.mark.parametrize("role", ["cairn_web", "cairn_owner", "postgres"])
def test_a_signed_note_never_changes_whoever_asks(cleo, thea, role):
    hold(cleo, thea, at=timezone.now())
    for statement in (
        "UPDATE notes_progressnote SET body = ''",
        "DELETE FROM notes_progressnote",
    ):
        before = ProgressNote.objects.get().content_hash
        who = thea.pk if role == "cairn_web" else None
        with suppress(DatabaseError), acting_as(who, role=role), transaction.atomic():
            execute(statement)
        note = ProgressNote.objects.get()
        assert note.content_hash == before
        with acting_as(thea.pk):
            assert ProgressNote.objects.get().body == "She came in tired."


def test_nobody_gives_themselves_a_care_role(cleo, theo, ada, practice):
    from clients.models import CareRole

    for person, by in ((theo, theo), (ada, ada)):
        row = CareRole(
            practice=practice, client=cleo, user=person, kind="primary", given_by=by
        )
        with (
            pytest.raises(DatabaseError),
            acting_as(person.pk),
            transaction.atomic(),
        ):
            CareRole.objects.bulk_create([row])


@pytest.mark.requirement("R21")
def test_outside_a_transaction_the_web_sees_nothing(real_login, thea, cleo):
    with real_login("cairn_web"), acting_as(thea.pk):
        assert not Client.objects.exists()
        with transaction.atomic():
            assert Client.objects.count() == 1
        assert not Client.objects.exists()


def test_two_people_on_one_connection_never_mix(real_login, thea, theo, cleo, carl):
    with real_login("cairn_web"):
        for person, client in ((thea, cleo), (theo, carl), (thea, cleo)):
            with acting_as(person.pk), transaction.atomic():
                pid = query("SELECT pg_backend_pid()")
                assert Client.objects.get().pk == client.pk
            assert pid


def test_a_failing_identity_leaves_the_connection_usable(real_login, thea, cleo):
    with real_login("cairn_web"):
        with (
            pytest.raises(DatabaseError),
            acting_as(thea.pk, role="cairn_owner"),
            transaction.atomic(),
        ):
            pass
        with acting_as(thea.pk), transaction.atomic():
            assert Client.objects.count() == 1


def test_the_worker_really_logs_in_and_beats(real_login, thea, cleo):
    with real_login("cairn_worker"):
        Heartbeat.beat()
        with acting_as(thea.pk), transaction.atomic():
            assert Client.objects.count() == 1
        assert query("SELECT session_user, current_user") == [
            ("cairn_worker", "cairn_worker")
        ]
    assert Heartbeat.is_recent()


IDENTITY = (
    "user_id",
    "practice",
    "is_therapist",
    "is_admin",
    "reads",
    "writes",
    "self",
)


def test_nothing_of_an_identity_outlives_its_transaction(real_login, thea, cleo):
    told = ", ".join(
        f"coalesce(current_setting('app.{n}', true), '')" for n in IDENTITY
    )
    with real_login("cairn_web"), acting_as(thea.pk):
        with transaction.atomic():
            assert query(f"SELECT {told}")[0][0] == str(thea.pk)
        assert query(f"SELECT {told}") == [("",) * len(IDENTITY)]
        assert query("SELECT current_user") == [("cairn_web",)]
