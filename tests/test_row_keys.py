"""A row of one client never hangs on another client's, past the program too.

Each foreign key between tables of clients carries the client.  The catalog says so, and
then each of them is tried with a row of somebody else in the same practice.
"""

from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ForeignKey

from accounts.models import Practice
from clients.models import CareRoleRequest, Client, Draft, Notice
from conftest import admit, as_role, have_all_tables_alone, ten_seconds_pass
from database.identity import acting_as
from goals.models import Agreement, Goal, GoalMove, GoalVersion
from tests.cast import agreed_goal, hold
from tests.test_second_lock import record_of

KEYS = """
SELECT conname, conrelid::regclass::text, confrelid::regclass::text,
  (SELECT array_agg(attname::text ORDER BY place) FROM unnest(conkey)
     WITH ORDINALITY AS k(number, place)
     JOIN pg_attribute ON attrelid = conrelid AND attnum = number)
FROM pg_constraint
WHERE contype = 'f' AND connamespace = 'public'::regnamespace ORDER BY 1
"""
OF_CLIENTS = """
SELECT attrelid::regclass::text FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
WHERE attname = 'client_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
# Where the program would say no first.
UNIQUE = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname)
FROM pg_constraint c WHERE contype = 'u' AND connamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint f WHERE f.conindid = c.conindid
                  AND f.contype = 'f')
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index i
JOIN pg_class c ON c.oid = indrelid
WHERE indisunique AND relnamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
"""


def query(text, params=None):
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return cursor.fetchall() if cursor.description else []


def keys():
    """(name, table, other table, columns) of each between tables of clients."""
    of_clients = {name for (name,) in query(OF_CLIENTS)} | {"clients_client"}
    return [
        (name, table, other, columns)
        for name, table, other, columns in query(KEYS)
        if table in of_clients and other in of_clients
    ]


def test_every_key_between_rows_of_clients_carries_the_client(db):
    found = keys()
    assert len(found) > 60
    for name, _table, other, columns in found:
        if other == "clients_client":
            assert columns == ["client_id", "practice_id"], name
        else:
            assert len(columns) == 2, name
            assert columns[1] == "client_id", name


def test_every_field_that_leads_to_a_row_of_a_client_has_its_key(db):
    """From the models, so that none is missing from the catalog."""
    wanted = set()
    for model in apps.get_models():
        fields = {field.name: field for field in model._meta.local_fields}
        if not isinstance(fields.get("client"), ForeignKey):
            continue
        table = model._meta.db_table
        for field in fields.values():
            other = field.related_model
            if other is Client:
                wanted.add(f"{table}_client_id_practice_id")
            elif other and any(f.name == "client" for f in other._meta.local_fields):
                wanted.add(f"{table}_{field.column}_client_id")
    there = {name for name, *_key in keys()}
    assert wanted == there, "SecureRows makes them, in the migration of the table"


def test_no_key_can_be_given_a_row_of_somebody_else(thea, theo, cleo, carl):
    have_all_tables_alone()
    record_of(cleo, thea)
    record_of(carl, theo)
    query("SET CONSTRAINTS ALL IMMEDIATE")
    for (statement,) in query(UNIQUE):
        query(statement)
    tried = [name for name, *key in keys() if refuses(name, *key, cleo, carl)]
    assert len(tried) > 60
    untried = {name for name, *_key in keys()} - set(tried)
    assert not untried, "record_of() makes a row with each key filled"


def refuses(name, table, other, columns, cleo, carl):
    """Whether `name` itself says no to a row of Cleo's with a key to one of Carl's."""
    column, _beside = columns
    if other == "clients_client":
        foreign = Practice.objects.get_or_create(name="Elsewhere", slug="elsewhere")[
            0
        ].pk
        column, own = "practice_id", f"client_id = '{cleo.pk}'"
    else:
        rows = query(f"SELECT id FROM {other} WHERE client_id = %s LIMIT 1", [carl.pk])
        assert rows, f"{other} has no row: add one to record_of()"
        [foreign] = rows[0]
        own = f"ctid = (SELECT ctid FROM {table} WHERE client_id = '{cleo.pk}' LIMIT 1)"
    query(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    try:
        with transaction.atomic():
            query(f"UPDATE {table} SET {column} = %s WHERE {own}", [foreign])
            query("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as fault:
        return fault.__cause__.diag.constraint_name == name
    finally:
        query("SET CONSTRAINTS ALL DEFERRED")
        query(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    return False


def test_dora_cannot_agree_in_cleos_place(thea, cleo):
    """Both are Thea's; Dora writes an agreement of her own to Cleo's words."""
    dora = admit("Dora", by=thea)
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "One stop"}, by=thea)
    version = GoalVersion.objects.get(goal=goal)
    given = {
        "practice_id": cleo.practice_id, "version_id": version.pk, "side": "client",
        "by_id": dora.user_id, "fingerprint": version.fingerprint,
    }  # fmt: skip
    for whose in (dora, cleo):
        with (
            pytest.raises(DatabaseError),
            acting_as(dora.user_id),
            transaction.atomic(),
        ):
            Agreement(client_id=whose.pk, **given).save(force_insert=True)
            query("SET CONSTRAINTS ALL IMMEDIATE")
    assert Agreement.objects.filter(version=version).count() == 1


def test_agreements_of_another_client_put_nothing_into_effect(thea, cleo):
    """Even the owner, past every policy, is refused by the trigger."""
    dora = admit("Dora", by=thea)
    cleos, doras = agreed_goal(cleo, thea), agreed_goal(dora, thea)
    version = doras.in_force_id
    query("SET CONSTRAINTS ALL IMMEDIATE")
    query("SET CONSTRAINTS ALL DEFERRED")
    moved = "UPDATE goals_goalversion SET goal_id = %s, number = 9 WHERE id = %s"
    with (
        pytest.raises(IntegrityError, match="only with both keys"),
        transaction.atomic(),
    ):
        query("ALTER TABLE goals_goalversion DISABLE TRIGGER USER")
        query(moved, [cleos.pk, version])
        query(
            "UPDATE goals_goal SET in_force_id = %s WHERE id = %s", [version, cleos.pk]
        )


@pytest.mark.parametrize("role", ["cairn_web", "cairn_worker"])
def test_a_client_is_not_moved_to_another_practice(cleo, role):
    with pytest.raises(DatabaseError), as_role(role), transaction.atomic():
        query("UPDATE clients_client SET practice_id = %s", [uuid4()])
    assert Client.objects.get(pk=cleo.pk).practice_id == cleo.practice_id


def test_an_agreement_of_dora_is_not_taken_back_in_cleos_record(thea, cleo):
    dora = admit("Dora", by=thea)
    with acting_as(dora.user_id), transaction.atomic():
        goal = Goal.propose(dora, {"own_words": "Two stops"}, by=dora.user)
    agreement = Agreement.objects.get(version__goal=goal)
    with (
        pytest.raises(IntegrityError, match="taken back by its own side"),
        transaction.atomic(),
    ):
        GoalMove.objects.create(
            practice_id=cleo.practice_id, client=cleo, goal=goal, side="client",
            version_id=agreement.version_id, agreement=agreement, kind="key_withdrawn",
            by_id=cleo.user_id,
        )  # fmt: skip


def test_a_notice_about_a_request_says_whose_it_is(thea, cleo, ada):
    with acting_as(ada.pk), transaction.atomic():
        CareRoleRequest.ask(cleo, thea, "supervisor", by=ada)
    with pytest.raises(IntegrityError, match="request_id_client_id_too"):
        Notice.objects.create(
            practice_id=cleo.practice_id, recipient=thea, kind="emergency", by=ada,
            request=CareRoleRequest.objects.get(client=cleo),
        )  # fmt: skip


def test_who_deletes_drafts_unseen_deletes_their_own(thea, theo, cleo, carl):
    """A DELETE without conditions asks for no right to read."""
    for client, author in ((cleo, thea), (carl, theo)):
        with acting_as(author.pk), transaction.atomic():
            Draft(
                practice_id=client.practice_id, client=client, author=author,
                kind="goal", target=uuid4(), body="Half a thought",
            ).save(force_insert=True)  # fmt: skip
    with acting_as(thea.pk), transaction.atomic():
        query("DELETE FROM clients_draft")
    assert [draft.author for draft in Draft.objects.all()] == [theo]


@pytest.mark.parametrize("statement", [
    "DELETE FROM notes_progressnote", "TRUNCATE notes_progressnote CASCADE",
    "UPDATE notes_progressnote SET revision = revision + 1",
])  # fmt: skip
def test_a_signed_note_outlives_even_the_owner(thea, cleo, statement):
    hold(cleo, thea)
    ten_seconds_pass()
    query("SET CONSTRAINTS ALL IMMEDIATE")
    refused = f"{statement.split()[0]} on notes_progressnote is not allowed"
    with pytest.raises(DatabaseError, match=refused), transaction.atomic():
        query(statement)


def test_functions_pass_on_planned_sessions_alone(thea, theo, cleo):
    held = hold(cleo, thea)
    with as_role("cairn_acl"), transaction.atomic():
        query("UPDATE appointments_therapysession SET therapist_id = %s", [theo.pk])
    held.refresh_from_db()
    assert held.therapist == thea


# Whose, where and by whom a row is, never changes; what a page sets later is listed.
SET_LATER = {
    "accounts_cacheentry.key", "accounts_tries.key",  # HMACs: neither is anybody's
    "clients_carerolerequest.decided_by_id", "clients_correction.answered_by_id",
    "clients_emergencyreason.seen_by_id", "clients_supervisioncomment.read_by_id",
    "goals_comment.discussed_by_id", "goals_goal.in_force_id", "goals_goal.latest_id",
    "goals_goal.review_id", "goals_step.reached_by_id",
    "mfa_authenticator.user_id",  # allauth saves the whole row, to oneself alone
    "toolkit_assignment.answered_by_id", "toolkit_assignment.goal_id",
}  # fmt: skip


def test_keys_that_the_web_may_change_are_listed(db):
    keys = {
        f"{model._meta.db_table}.{field.column}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.remote_field or field.primary_key
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name || '.' || column_name"
            " FROM information_schema.column_privileges WHERE grantee = 'cairn_web'"
            " AND privilege_type = 'UPDATE' AND table_schema = 'public'"
        )
        changed = {name for (name,) in cursor.fetchall()}
    assert changed & keys == SET_LATER, "list it, if it is meant"
