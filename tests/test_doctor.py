"""manage.py doctor finds what is wrong, and says what to do."""

import os
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.models import Heartbeat, Message
from conftest import as_role
from ops.mail import Sink
from therapy.doctor import around, catalogue, examine, installation, keys, release


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def said(check):
    """As the web, which on a server is all that the doctor is."""
    with as_role("cairn_web"):
        return [*check()]


def wrong(check):
    return " / ".join(f.words for f in said(check) if f.is_wrong)


@pytest.mark.parametrize(
    "check",
    [catalogue.versions, catalogue.roles, catalogue.row_security, catalogue.triggers,
     around.clock, around.time_zones, installation.migrations, installation.python,
     keys.master_key],
    ids=lambda check: check.__name__,
)  # fmt: skip
def test_a_good_database_passes(db, thea, cleo, check):
    if check is installation.migrations:
        call_command("createcachetable", verbosity=0)
    assert [finding.state for finding in said(check)] == ["ok"]


WEAKENED = [
    ("ALTER ROLE cairn_web BYPASSRLS", catalogue.roles, "cairn_web steps over row"),
    ("ALTER ROLE cairn_worker SUPERUSER", catalogue.roles, "cairn_worker is a super"),
    ("ALTER ROLE cairn_backup NOBYPASSRLS", catalogue.roles, "cannot read all rows"),
    ("ALTER ROLE cairn_acl LOGIN", catalogue.roles, "cairn_acl may log in"),
    ("GRANT cairn_acl TO cairn_web", catalogue.roles, "REVOKE cairn_acl FROM"),
    ("GRANT cairn_owner TO cairn_worker", catalogue.roles, "may become cairn_owner"),
    ("ALTER TABLE goals_goal OWNER TO cairn_web", catalogue.roles, "cairn_web owns"),
    ("ALTER TABLE goals_goal NO FORCE ROW LEVEL SECURITY",
     catalogue.row_security, "goals_goal: row security is not forced"),
    ("ALTER TABLE goals_goal DISABLE ROW LEVEL SECURITY",
     catalogue.row_security, "goals_goal: row security is not enabled"),
    ("CREATE TABLE clients_secret (client_id uuid)",
     catalogue.row_security, "clients_secret: row security is not enabled and"),
    ("ALTER TABLE accounts_auditevent DISABLE TRIGGER append_only",
     catalogue.triggers, "ENABLE TRIGGER append_only"),
    ("DELETE FROM django_migrations WHERE app = 'digests'",
     installation.migrations, "digests 0001_initial"),
]  # fmt: skip


@pytest.mark.requirement("R58")
@pytest.mark.parametrize(
    ("statement", "check", "words"), WEAKENED, ids=lambda x: getattr(x, "__name__", x)
)
def test_what_was_weakened_is_named_with_its_remedy(db, statement, check, words):
    execute(statement)
    assert words in wrong(check)


def test_time_zones_that_nobody_knows_are_counted(db, thea, cleo):
    for one, name in ((thea, "Mars/Olympus"), (cleo.user, "Asia/Calcutta")):
        one.time_zone = name
        one.save(update_fields=["time_zone"])
    assert "1 people or practices have a time zone" in wrong(around.time_zones)


def test_a_table_whose_policies_are_gone_is_named(db):
    for name in ("practice_wall", "own", "made", "planner"):
        execute(f"DROP POLICY {name} ON digests_digest")
    assert "digests_digest: row security has no policy" in wrong(catalogue.row_security)


@pytest.mark.requirement("R59")
def test_another_master_key_is_noticed_before_anybody_reads(thea, settings):
    settings.MASTER_KEY = bytes(32)
    assert "does not open 1 of 1 practices' keys" in wrong(keys.master_key)
    settings.OLD_MASTER_KEYS = [bytes(range(32))]
    assert not wrong(keys.master_key)


def test_a_practice_without_anybody_is_left_open(practice):
    assert [finding.state for finding in said(keys.master_key)] == ["?"]


def test_clocks_that_differ_are_noticed(db, monkeypatch):
    ahead = time.time() + 60
    monkeypatch.setattr(around.time, "time", lambda: ahead)
    assert "-60 seconds away" in wrong(around.clock)


def test_a_worker_that_never_ticked_and_one_that_does(db):
    assert "the worker ticked never" in wrong(around.worker)
    Heartbeat.beat()
    assert not wrong(around.worker)


def test_a_letter_that_is_late_is_noticed(thea):
    now = timezone.now()
    due = now - timedelta(minutes=20)
    Message.queue(thea, "reminder", "1", due_at=due, not_after=now + timedelta(hours=1))
    Message.objects.update(created_at=due)
    assert "since 20 minutes" in wrong(around.letters)


def test_without_redis_it_says_that_pages_work(db):
    assert "Redis does not answer" in wrong(around.broker)


# -- the mail server ------------------------------------------------------------------


@pytest.fixture
def mail_server(settings, tmp_path):
    with Sink(tmp_path / "box") as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.smtp_port
        yield sink


def test_a_mail_server_that_answers_gets_no_letter(mail_server):
    assert not wrong(around.mail)
    assert not mail_server.messages


@pytest.mark.requirement("R61")
def test_a_mail_server_without_tls_or_sign_in_is_named(mail_server, settings):
    settings.EMAIL_USE_TLS = True
    assert "does not offer" in wrong(around.mail)
    settings.EMAIL_USE_TLS = False
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "us", "x"
    assert "127.0.0.1" in wrong(around.mail)


def test_a_mail_server_that_is_not_there_is_named(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert "127.0.0.1:1 does not answer" in wrong(around.mail)


@pytest.mark.requirement("R61")
def test_letters_in_the_clear_are_for_this_machine_alone(mail_server, monkeypatch):
    monkeypatch.setattr(around, "is_here", lambda host: False)
    assert "in the clear" in wrong(around.mail)


# -- the installation -----------------------------------------------------------------


def test_the_demo_is_no_server(settings):
    assert "Never on a real server" in wrong(installation.deployment)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ALLOWED_HOSTS", ["*"], "name the hosts"),
        ("ALLOWED_HOSTS", ["other.example.org"], "answered with 400"),
        ("TRUST_PROXY", False, "behind the TLS proxy"),
        ("SITE_URL", "https://cairn.example.org", ""),
    ],
)
def test_addresses_that_lead_nowhere_are_named(settings, name, value, words):
    settings.DEMO, settings.TRUST_PROXY = False, True
    settings.SITE_URL = "https://cairn.example.org"
    settings.ALLOWED_HOSTS = ["cairn.example.org"]
    setattr(settings, name, value)
    found = wrong(installation.addresses)
    assert words in found
    assert bool(found) == bool(words)


def test_static_files_that_nobody_collected_are_named(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    assert "collectstatic" in wrong(installation.static_files)
    (tmp_path / "staticfiles.json").write_text("{}")
    assert not wrong(installation.static_files)


def test_a_package_of_another_version_is_named(settings, tmp_path):
    (tmp_path / "requirements.txt").write_text("django==1.0 \\\n    --hash=sha256:0\n")
    settings.BASE = tmp_path
    assert "django 5.2" in wrong(installation.python)


# -- the whole round ------------------------------------------------------------------


def test_the_whole_round_as_the_web_itself(real_login, thea, cleo, mail_server):
    out = StringIO()
    with real_login("cairn_web"), pytest.raises(CommandError) as failed:
        call_command("doctor", stdout=out)
    assert failed.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert lines[0] == "ok     database   answers, to cairn_web"
    abouts = {line.split()[1] for line in lines}
    assert abouts >= {"roles", "rows", "triggers", "time", "schema", "key", "tick",
                      "letters", "packages", "settings", "queue", "mail"}  # fmt: skip
    assert "Traceback" not in out.getvalue()
    for word in ("Thea", "Cleo", "Harbour", "@"):
        assert word not in out.getvalue()


def test_who_logs_in_as_the_owner_is_told(real_login, settings):
    settings.DEMO = False
    with real_login("cairn_owner"):
        first = next(examine())
    assert first.is_wrong
    assert "logs in as cairn_owner" in first.words


def test_without_a_database_the_rest_is_still_looked_at(transactional_db):
    host = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = "/nowhere"
    try:
        found = [*examine()]
    finally:
        connection.close()
        connection.settings_dict["HOST"] = host
    assert found[0].is_wrong
    assert "/nowhere" in found[0].words
    assert {"packages", "mail", "disk"} <= {finding.about for finding in found}


# -- compared with the release, not counted -------------------------------------------


def test_the_guards_are_those_of_this_release(db):
    """After a migration: WRITE_RELEASE=1 ./test tests/test_doctor.py -k of_this"""
    if os.environ.get("WRITE_RELEASE"):
        release.write()
    assert [finding.state for finding in said(release.release)] == ["ok"]


UNLIKE = [
    ("CREATE POLICY more ON goals_goal FOR SELECT TO cairn_web USING (true)",
     "policies: has, unlike the release, public.goals_goal more"),
    ("ALTER POLICY read ON clients_client USING (true)",
     "policies: lacks public.clients_client read"),
    ("GRANT UPDATE ON accounts_auditevent TO cairn_web",
     "rights: has, unlike the release, r public.accounts_auditevent cairn_web UPDATE"),
    ("GRANT SELECT (body) ON progress_progressnote TO cairn_worker",
     "column public.progress_progressnote.body cairn_worker SELECT"),
    ("DROP TRIGGER append_only ON accounts_auditevent",
     "triggers: lacks append_only public.accounts_auditevent"),
    ("ALTER TABLE accounts_auditevent DISABLE TRIGGER append_only",
     "triggers: lacks append_only public.accounts_auditevent"),
    ("CREATE OR REPLACE FUNCTION app.is_admin() RETURNS boolean LANGUAGE sql AS"
     " $$ SELECT true $$", "functions: lacks app.is_admin"),
    ("GRANT EXECUTE ON FUNCTION app.destroy_key(uuid) TO cairn_web",
     "rights: has, unlike the release, function app.destroy_key(uuid) cairn_web"),
    ("DELETE FROM django_migrations WHERE app = 'goals' AND name LIKE '0005%'",
     "migrations: lacks goals.0005_row_security_of_both"),
    ("ALTER TABLE goals_goal NO FORCE ROW LEVEL SECURITY",
     "row security: lacks public.goals_goal t t"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "words"), UNLIKE)
def test_one_guard_too_many_or_too_weak_is_named(db, statement, words):
    execute(statement)
    assert words in wrong(release.release)
