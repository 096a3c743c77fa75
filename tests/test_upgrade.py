"""An upgrade loses no request, and old code lives on the new tables.

As systemd does it: the socket is its own and stays open, the web is ended and started.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from clients.models import Client
from tests.under_load import Load

BASE = Path(__file__).parent.parent
# What systemd does before it starts a service that has a socket.
AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *sys.argv[2:]])
"""


def url_of_the_web():
    found = connection.settings_dict
    host, password = quote(found["HOST"], safe=""), found["PASSWORD"]
    return f"postgresql://cairn_web:{password}@{host}:{found['PORT']}/{found['NAME']}"


@pytest.fixture
def environment(tmp_path, transactional_db):
    env = os.environ | {
        "DATABASE_URL": url_of_the_web(),
        "STATIC_ROOT": str(tmp_path / "static"),
        "WEB_CONCURRENCY": "2",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(command, cwd=BASE, env=env, check=True)
    return env


class Systemd:
    """The socket, and the web behind it."""

    def __init__(self, env, log):
        self.env, self.log, self.web = env, log, None
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.socket.getsockname()[1]

    def start(self):
        fd = self.socket.fileno()
        self.web = subprocess.Popen(
            [sys.executable, "-c", AS_SYSTEMD, str(fd), "-c", "python:therapy.gunicorn",
             "therapy.wsgi"],
            cwd=BASE, env=self.env, pass_fds=[fd], stdout=self.log, stderr=self.log,
        )  # fmt: skip

    def stop(self):
        """systemctl stop, KillMode=mixed: the main process alone is asked."""
        self.web.send_signal(signal.SIGTERM)
        assert self.web.wait(30) == 0

    def restart(self):
        self.stop()
        self.start()


@pytest.fixture
def systemd(environment, tmp_path):
    with (tmp_path / "web.log").open("ab") as log:
        systemd = Systemd(environment, log)
        systemd.start()
        yield systemd
        systemd.web.kill()
        systemd.web.wait()
        systemd.socket.close()


@pytest.mark.services
def test_three_restarts_under_load_lose_no_request(systemd, sign_in, thea):
    session = sign_in(thea).cookies["sessionid"].value
    with Load(systemd.port, session) as load:
        load.wait_for(20)
        for _ in range(3):
            load.wait_for(10)
            systemd.restart()
        load.wait_for(20)
    assert load.failed == []
    assert len(load.told) > 70
    kept = set(Client.objects.values_list("preferred_name", flat=True))
    assert kept == load.acknowledged == load.attempted
    # Who asked in the worst moment waited, and was answered.
    assert max(told.seconds for told in load.told) < 25


# -- migrations that old code survives ------------------------------------------------

# What was there before this rule (tests/test_first_practice.py): their files.
FIRST = (BASE / "tests" / "first_practice" / "migrations.sha256").read_text().split()
MEANT = "# after the release that"
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
SQL = re.compile(
    r"\bDROP\s+(TABLE|COLUMN)\b|\bRENAME\s+(TO|COLUMN)\b|\bSET\s+NOT\s+NULL\b"
    r"|\bALTER\s+(COLUMN\s+)?\w+\s+(SET\s+DATA\s+)?TYPE\b",
    re.I,
)


def _type(field):
    return field.get_internal_type(), field.max_length


def faults_of(operation, app, before):
    """What old code, which knows nothing of it, would stumble over."""
    if isinstance(operation, TAKES_AWAY):
        yield f"{type(operation).__name__}: old code still asks for it"
    elif isinstance(operation, migrations.AddField):
        field = operation.field
        filled = (
            field.null or field.many_to_many or field.db_default is not NOT_PROVIDED
        )
        if not filled:
            yield f"{operation.name}: old code writes rows without it (db_default=)"
    elif isinstance(operation, migrations.AlterField):
        was = before.models[app, operation.model_name_lower].get_field(operation.name)
        if was.null and not operation.field.null:
            yield f"{operation.name} becomes NOT NULL: old code leaves it empty"
        if _type(was) != _type(operation.field):
            yield f"{operation.name} is of another type: kept plans refuse it"
    elif isinstance(operation, migrations.RunSQL):
        text = str(operation.sql)
        if SQL.search(text):
            yield f"SQL: {SQL.search(text)[0]}"


def faults():
    loader = MigrationLoader(None)
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        file = f"{app}/migrations/{name}.py"
        if file in FIRST or not (BASE / file).exists():  # a library's
            continue
        if MEANT in (BASE / file).read_text():
            continue
        state = loader.project_state((app, name), at_end=False)
        for operation in migration.operations:
            for fault in faults_of(operation, app, state):
                yield f"{app} {name}: {fault}"
            operation.state_forwards(app, state)


def test_old_code_lives_on_the_tables_of_new_migrations():
    """docs/operate.md, Upgrade: add now, remove one release later."""
    assert [*faults()] == []


def test_the_rule_would_notice():
    from django.db import models

    state = MigrationLoader(None).project_state()
    for operation in (
        migrations.RemoveField("goal", "state"),
        migrations.RenameField("goal", "state", "stands"),
        migrations.DeleteModel("goal"),
        migrations.AddField("goal", "weight", models.IntegerField()),
        migrations.AlterField("goal", "opened_by", models.IntegerField(null=False)),
        migrations.RunSQL("ALTER TABLE goals_goal DROP COLUMN state"),
        migrations.RunSQL(["ALTER TABLE goals_goal ALTER state SET NOT NULL"]),
        migrations.RunSQL("ALTER TABLE goals_goal ALTER COLUMN ended_as TYPE text"),
    ):
        if isinstance(operation, migrations.AlterField):
            fields = state.models["goals", "goal"].fields
            operation.name = next(n for n, f in fields.items() if f.null)
        assert [*faults_of(operation, "goals", state)], operation
    longer = migrations.AlterField("goal", "ended_as", models.CharField(max_length=99))
    assert [*faults_of(longer, "goals", state)]
    for operation in (
        migrations.AddField("goal", "weight", models.IntegerField(null=True)),
        migrations.AddField("goal", "weight", models.IntegerField(db_default=1)),
        migrations.RunSQL("DROP POLICY read ON goals_goal; CREATE POLICY read ..."),
    ):
        assert not [*faults_of(operation, "goals", state)], operation
