"""SecureRows: its effect in the database, and the options it rejects."""

import re

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from clients.models import ClientRow
from conftest import have_all_tables_alone
from database.operations import Policy, SecureRows, Update
from therapy import schema

OURS = [app.label for app in apps.get_app_configs() if app.label in (
    "accounts", "clients", "appointments", "goals", "notes", "toolkit", "transfer",
    "digests")]  # fmt: skip
KINDS = ("row security", "policies", "triggers", "functions", "constraints", "rights")


def catalogue():
    """In tests the superuser migrates: it owns what the owner role owns elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = pg_catalog")
        found = {
            kind: [
                re.sub(r"\bpostgres\b", "cairn_owner", line)
                for line in schema.lines(cursor, kind)
            ]
            for kind in KINDS
        }
        cursor.execute("SET LOCAL search_path = public")
        return found


def migrate(targets):
    MigrationExecutor(connection).migrate(targets)


def test_every_policy_can_be_removed_and_restored(db):
    """Back to tables without policies, and forward: exactly the same again."""
    have_all_tables_alone()
    before = catalogue()
    leaves = MigrationLoader(connection).graph.leaf_nodes()
    migrate([(app, "0001_initial") for app in OURS])
    bare = catalogue()
    migrate(leaves)
    assert len(before["policies"]) > 150
    assert bare["policies"] == []
    assert not [line for line in bare["row security"] if line.endswith("t t")]
    after = catalogue()
    for kind in KINDS:
        assert sorted(after[kind]) == sorted(before[kind]), kind


def secured():
    """Label to operation, for every table that migrations secure."""
    found = {}
    for (app, _name), migration in MigrationLoader(None).disk_migrations.items():
        for operation in migration.operations:
            if isinstance(operation, SecureRows):
                found[f"{app}.{operation.model_name}"] = operation
    return found


def test_every_table_with_a_client_is_secured_by_the_operation():
    models = {
        model._meta.label_lower
        for model in apps.get_models()
        if issubclass(model, ClientRow)
        or any(field.column == "client_id" for field in model._meta.local_fields)
    }
    assert len(models) > 30
    assert models - set(secured()) == set()


# -- rejected options ------------------------------------------------------------------

STATE = ProjectState.from_apps(apps)


def sql(model_name="step", app="goals", **options):
    options = {"read": "true", "insert": "true"} | options
    operation = SecureRows(model_name, **options)
    return list(operation._forwards(STATE.apps.get_model(app, model_name)))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"append_only": True, "update": Update(["words"], "true")}, "may change"),
        ({"append_only": True, "delete": "true"}, "may change"),
        ({"append_only": True, "never_changes": "true"}, "may change"),
        ({"but": "true"}, "an exception to nothing"),
        ({"update": Update(["wrods"], "true")}, "goals.Step has no wrods"),
        (
            {
                "also": [
                    Policy("more", "SELECT", "cairn_worker", rights={"SELECT": ["x"]})
                ]
            },
            "goals.Step has no x",
        ),
    ],
)
def test_contradictory_options_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        sql(**options)


def test_a_table_without_a_practice_must_say_that_it_has_no_wall():
    with pytest.raises(ValueError, match="no practice to build a wall from"):
        sql("knowndevice", "accounts")
    assert not [line for line in sql("knowndevice", "accounts", wall=False)
                if "practice_wall" in line]  # fmt: skip


def test_a_foreign_key_without_the_client_is_refused():
    state = STATE.clone()
    goal = state.models["goals", "step"].fields["goal"].clone()
    goal.db_constraint = True
    state.models["goals", "step"].fields["goal"] = goal
    state.reload_model("goals", "step")
    operation = SecureRows("step", read="true", insert="true")
    with pytest.raises(ValueError, match=r"goals\.Step\.goal: db_constraint=False"):
        list(operation._forwards(state.apps.get_model("goals", "step")))


def test_nobody_gets_more_than_the_options_grant():
    """Rights are revoked first; without an update or delete option there is none."""
    lines = sql(insert=None)
    taken = lines.index(
        "REVOKE SELECT, INSERT, UPDATE, DELETE ON goals_step FROM cairn_web"
    )
    granted = [
        line for line in lines if line.startswith("GRANT") and "cairn_web" in line
    ]
    assert granted == ["GRANT SELECT ON goals_step TO cairn_web"]
    assert lines.index(granted[0]) > taken


def test_users_are_not_rows_of_a_client():
    assert get_user_model()._meta.label_lower not in secured()
