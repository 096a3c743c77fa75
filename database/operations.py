"""Migration operations for row-level security and rights in PostgreSQL.

`SecureRows` secures one table: row-level security (forced, so that it binds the owner
too), separation of practices, column rights of `cairn_web`, foreign keys that include
the client, and triggers for append-only rows. `AclFunctions` creates functions that run
with the rights of `cairn_acl`, a role without login.

Conditions are SQL. The constants below are the terms that policies use; their values
are set once per transaction by `app.login()`, and a subselect lets PostgreSQL evaluate
them once per statement instead of once per row. Changing a constant does not change a
migration that has run: write a new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import models
from django.db.migrations.operations.base import Operation

ME = "(SELECT app.user_id())"
# The user, or the person signing in (password verified, or holding a link).
MYSELF = "(SELECT app.me())"
PRACTICE = "(SELECT app.practice())"
ADMIN = "(SELECT app.is_admin())"
THERAPIST = "(SELECT app.is_therapist())"
# Clients whose records the user may read, may write, supervises, is primary of.
READS = "client_id = ANY ((SELECT app.reads())::uuid[])"
WRITES = "client_id = ANY ((SELECT app.writes())::uuid[])"
SUPERVISES = "client_id = ANY ((SELECT app.supervises())::uuid[])"
LEADS = "client_id = ANY ((SELECT app.leads())::uuid[])"
# The user's own client id: for reading, and while the portal is writable.
SELF = "client_id = (SELECT app.self())"
SELF_WRITES = "client_id = (SELECT app.self_writes())"
TEAM_OR_CLIENT = f"({READS} OR {SELF})"
EITHER_SIDE = f"({WRITES} OR {SELF_WRITES})"
# The user's side: the client's own, or the therapist's for clients they treat.
OWN_SIDE = (
    f"CASE side WHEN 'client' THEN {SELF_WRITES}"
    f" WHEN 'therapist' THEN {WRITES} ELSE false END"
)

ALL_OR_SOME = Sequence[str]  # fields; none means the whole table
TO_THE_WEB = "SELECT, INSERT, UPDATE, DELETE"  # by default: see database.0001


@dataclass(frozen=True)
class Update:
    """What `cairn_web` may change: only `fields`, of rows that satisfy `where`.

    `check` is the condition on the changed row; `where` by default.
    """

    fields: Sequence[str]
    where: str
    check: str = ""


@dataclass(frozen=True)
class Policy:
    """An additional policy, for another role or another reason.

    `rights` are privilege -> fields, granted with it: {"SELECT": ["id"], "DELETE": []}.
    """

    name: str
    command: str  # SELECT, INSERT, UPDATE, DELETE or ALL
    role: str
    where: str = "true"
    check: str = ""
    rights: Mapping[str, ALL_OR_SOME] = field(default_factory=dict)

    def sql(self, table: str) -> str:
        text = f"CREATE POLICY {self.name} ON {table} FOR {self.command} TO {self.role}"
        if self.command != "INSERT":
            text += f" USING ({self.where})"
        if self.command == "INSERT" or self.check:
            text += f" WITH CHECK ({self.check or self.where})"
        return text


class SecureRows(Operation):
    """Secure the table of `model_name` in the migration's app, or of another
    ("mfa.Authenticator"); reversible.

    `read`, `insert` and `delete` are conditions for `cairn_web`, or None: nobody. A
    mapping name -> condition makes several policies, of which one must allow it.
    `update` is an `Update`, or None. `also` holds additional policies.

    `wall` restricts each practice to its own rows; False only for a table that other
    practices or visitors must reach, or without a practice. `append_only`: no row can
    be changed or deleted by anyone; given as the name of a trigger function, that
    function decides instead of `app.refuse()`. `never_changes` is a condition on OLD
    under which a row cannot be changed or deleted; `but` a condition on OLD and NEW
    that is allowed anyway.

    If the model has a client, the database also keeps its rows with that client: each
    foreign key to another client table is (x_id, client_id), and the client's own is
    (client_id, practice_id). Such fields need `db_constraint=False`. Raises ValueError
    without it, for unknown fields, and for contradictory options.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        model_name: str,
        *,
        read: str | Mapping[str, str] | None,
        insert: str | Mapping[str, str] | None,
        update: Update | None = None,
        delete: str | None = None,
        wall: bool = True,
        append_only: bool | str = False,
        never_changes: str = "",
        but: str = "",
        also: Sequence[Policy] = (),
    ):
        if append_only and (update or delete or never_changes):
            raise ValueError(f"{model_name}: append-only, yet it may change")
        if but and not never_changes:
            raise ValueError(f"{model_name}: an exception to nothing")
        self.model_name = model_name
        self.named = {"read": read, "insert": insert, "delete": delete}
        self.update, self.wall, self.also = update, wall, also
        self.append_only, self.never_changes, self.but = append_only, never_changes, but

    def describe(self):
        return f"Secure the rows of {self.model_name}"

    @property
    def migration_name_fragment(self):
        return f"secure_{self.model_name.lower().replace('.', '_')}"

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = self._model(app_label, to_state)
        _run(schema_editor, self._forwards(model))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = self._model(app_label, from_state)
        _run(schema_editor, self._backwards(model))

    def _model(self, app_label, state):
        other_app, _dot, name = self.model_name.rpartition(".")
        return state.apps.get_model(other_app or app_label, name)

    # -- statements ----------------------------------------------------------------

    def _forwards(self, model) -> Iterator[str]:
        table = model._meta.db_table
        yield f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"
        if self._is_walled(model):
            yield (
                f"CREATE POLICY practice_wall ON {table} AS RESTRICTIVE TO cairn_web"
                f" USING (practice_id = {PRACTICE})"
            )
        yield f"REVOKE {TO_THE_WEB} ON {table} FROM cairn_web"
        for policy in self._policies():
            yield policy.sql(table)
            for right in _rights(model, policy.rights):
                yield f"GRANT {right} ON {table} TO {policy.role}"
        for name, words in self._triggers():
            yield f"CREATE TRIGGER {name} {words.format(table=table)}"
        for constraint in _keys(model):
            yield from constraint.made(table)

    def _backwards(self, model) -> Iterator[str]:
        table = model._meta.db_table
        for constraint in _keys(model):
            yield constraint.gone(table)
        for name, _words in self._triggers():
            yield f"DROP TRIGGER {name} ON {table}"
        for policy in self._policies():
            yield f"DROP POLICY {policy.name} ON {table}"
            for right in _rights(model, policy.rights):
                yield f"REVOKE {right} ON {table} FROM {policy.role}"
        if self._is_walled(model):
            yield f"DROP POLICY practice_wall ON {table}"
        yield f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY"
        yield f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        yield f"GRANT {TO_THE_WEB} ON {table} TO cairn_web"

    def _is_walled(self, model) -> bool:
        columns = {field.column for field in model._meta.local_fields}
        if self.wall and "practice_id" not in columns:
            raise ValueError(f"{model._meta.label}: no practice to build a wall from")
        return self.wall

    def _policies(self) -> Iterator[Policy]:
        commands = {"read": "SELECT", "insert": "INSERT", "delete": "DELETE"}
        for name, conditions in self.named.items():
            if conditions is None:
                continue
            if isinstance(conditions, str):
                conditions = {name: conditions}
            command = commands[name]
            for given, where in conditions.items():
                yield Policy(given, command, "cairn_web", where, rights={command: []})
        if self.update:
            yield Policy(
                "update", "UPDATE", "cairn_web", self.update.where, self.update.check,
                rights={"UPDATE": self.update.fields},
            )  # fmt: skip
        # Grants nothing itself: AclFunctions grants what a function needs.
        yield Policy("acl", "SELECT", "cairn_acl")
        yield from self.also

    def _triggers(self) -> Iterator[tuple[str, str]]:
        statement = "ON {table} FOR EACH STATEMENT EXECUTE FUNCTION"
        refuse = f"{statement} app.refuse()"
        if self.append_only:
            how = "app.refuse" if self.append_only is True else self.append_only
            yield (
                "append_only",
                f"BEFORE UPDATE OR DELETE OR TRUNCATE {statement} {how}()",
            )
        if self.never_changes:
            when = f"({self.never_changes})"
            row = "ON {table} FOR EACH ROW WHEN (%s) EXECUTE FUNCTION app.refuse()"
            unless = f" AND ({self.but}) IS NOT TRUE" if self.but else ""
            yield "never_changes", "BEFORE UPDATE " + row % (when + unless)
            yield "never_deleted", "BEFORE DELETE " + row % when
            yield "never_emptied", f"BEFORE TRUNCATE {refuse}"


class AclFunctions(Operation):
    """Functions that run as `cairn_acl`, past the policies; reversible.

    `sql` creates them with `CREATE FUNCTION` (or replaces a placeholder of an earlier
    migration). `may` maps each function's signature to the roles that may execute it,
    "" for `cairn_acl` only. `rights` maps a table to what the functions need there:
    {"goals_goal": ["SELECT (id)"]}.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        sql: str,
        *,
        may: Mapping[str, str],
        rights: Mapping[str, Sequence[str]] | None = None,
    ):
        self.sql, self.may, self.rights = sql, may, rights or {}

    def describe(self):
        return f"Functions that run as cairn_acl: {', '.join(self.may)}"

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _run(schema_editor, self._forwards())

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        _run(schema_editor, self._backwards())

    def _forwards(self) -> Iterator[str]:
        for table, rights in self.rights.items():
            yield f"GRANT {', '.join(rights)} ON {table} TO cairn_acl"
        yield "GRANT CREATE ON SCHEMA app TO cairn_acl"
        yield "SET LOCAL ROLE cairn_acl"
        yield self.sql
        for function, roles in self.may.items():
            yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
            if roles:
                yield f"GRANT EXECUTE ON FUNCTION {function} TO {roles}"
        yield "SET LOCAL ROLE NONE"
        yield "REVOKE CREATE ON SCHEMA app FROM cairn_acl"

    def _backwards(self) -> Iterator[str]:
        for function in reversed(self.may):
            yield f"DROP FUNCTION {function}"
        for table, rights in self.rights.items():
            yield f"REVOKE {', '.join(rights)} ON {table} FROM cairn_acl"


def _run(schema_editor, statements: Iterator[str]) -> None:
    for statement in statements:
        schema_editor.execute(statement, params=None)


@dataclass(frozen=True)
class _Key:
    """A foreign key of two columns, (column, beside), to (id, beside) of `other`."""

    column: str
    beside: str
    other: str
    checks: bool = False  # `beside` may be null, and then `column` must be, too

    def made(self, table: str) -> Iterator[str]:
        unique = f"{self.other}_id_{self.beside}"
        yield (
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname ="
            f" '{unique}') THEN ALTER TABLE {self.other} ADD CONSTRAINT {unique}"
            f" UNIQUE (id, {self.beside}); END IF; END $$"
        )
        yield (
            f"ALTER TABLE {table} ADD CONSTRAINT {self._name(table)} FOREIGN KEY"
            f" ({self.column}, {self.beside}) REFERENCES {self.other}"
            f" (id, {self.beside}) DEFERRABLE INITIALLY DEFERRED"
        )
        if self.checks:
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {self._name(table)}_too CHECK"
                f" ({self.column} IS NULL OR {self.beside} IS NOT NULL)"
            )

    def gone(self, table: str) -> str:
        # The unique key stays: other tables may depend on it.
        also = f", DROP CONSTRAINT {self._name(table)}_too" if self.checks else ""
        return f"ALTER TABLE {table} DROP CONSTRAINT {self._name(table)}{also}"

    def _name(self, table: str) -> str:
        return f"{table}_{self.column}_{self.beside}"


def _fields(model) -> dict[str, models.Field]:
    return {field.name: field for field in model._meta.local_fields}


def _rights(model, rights: Mapping[str, ALL_OR_SOME]) -> Iterator[str]:
    """In GRANT syntax; ValueError for a field that the model does not have."""
    known = _fields(model)
    for right, names in rights.items():
        if missing := [name for name in names if name not in known]:
            raise ValueError(f"{model._meta.label} has no {', '.join(missing)}")
        columns = ", ".join(known[name].column for name in names)
        yield f"{right} ({columns})" if columns else right


def _keys(model) -> Iterator[_Key]:
    """The keys of a model with a client; empty for others."""
    client = _fields(model).get("client")
    if not isinstance(client, models.ForeignKey):
        return
    for each in model._meta.local_fields:
        if not isinstance(each, models.ForeignKey) or each.name == "practice":
            continue
        if each is client:
            key = _Key(each.column, "practice_id", each.related_model._meta.db_table)
        elif "client" in _fields(each.related_model):
            other = each.related_model._meta.db_table
            key = _Key(each.column, client.column, other, checks=client.null)
        else:
            continue  # a user, not a client
        if each.db_constraint:
            raise ValueError(f"{model._meta.label}.{each.name}: db_constraint=False")
        yield key
