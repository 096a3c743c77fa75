"""manage.py doctor finds what is wrong, and says what to do."""

import json
import time
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import StringIO
from pathlib import Path
from threading import Thread

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from accounts.middleware import ProxyMiddleware
from accounts.models import Heartbeat, OutgoingEmail, User
from conftest import as_role
from ops.mail import Sink
from therapy.backups import drilling
from therapy.doctor import (
    catalogue,
    examine,
    installation,
    keys,
    proxy,
    release,
    services,
)
from therapy.monitoring.health import healthz


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
     services.clock, services.known_time_zones, installation.migrations,
     installation.python,
     keys.master_key],
    ids=lambda check: check.__name__,
)  # fmt: skip
def test_a_good_database_passes(db, thea, cleo, check):
    assert [finding.state for finding in said(check)] == ["ok"]


WEAKENED = [
    ("ALTER ROLE cairn_web BYPASSRLS", catalogue.roles, "cairn_web bypasses row"),
    ("ALTER ROLE cairn_worker SUPERUSER", catalogue.roles, "cairn_worker is a super"),
    ("ALTER ROLE cairn_backup NOBYPASSRLS", catalogue.roles, "cannot read all rows"),
    ("ALTER ROLE cairn_acl LOGIN", catalogue.roles, "cairn_acl may log in"),
    ("GRANT cairn_acl TO cairn_web", catalogue.roles, "REVOKE cairn_acl FROM"),
    ("GRANT cairn_owner TO cairn_worker", catalogue.roles, "can switch to cairn_owner"),
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
    assert "1 people or practices have an unknown time zone" in wrong(
        services.known_time_zones
    )


def test_a_table_whose_policies_are_gone_is_named(db):
    for name in ("practice_wall", "read", "insert", "acl", "planner"):
        execute(f"DROP POLICY {name} ON digests_digest")
    assert "digests_digest: row security has no policy" in wrong(catalogue.row_security)


@pytest.mark.requirement("R59")
def test_another_master_key_is_noticed_before_anybody_reads(thea, settings):
    settings.MASTER_KEY = bytes(32)
    assert "does not open 1 of 1 practices' keys" in wrong(keys.master_key)
    settings.OLD_MASTER_KEYS = [bytes(range(32))]
    assert not wrong(keys.master_key)


def test_the_key_of_a_practice_without_anybody_is_looked_at_too(practice):
    assert [finding.state for finding in said(keys.master_key)] == ["ok"]


def test_clocks_that_differ_are_noticed(db, monkeypatch):
    ahead = time.time() + 60
    monkeypatch.setattr(services.time, "time", lambda: ahead)
    assert "off by -60 seconds" in wrong(services.clock)


def test_a_worker_that_never_ticked_and_one_that_does(db):
    assert "the worker last ran never" in wrong(services.worker)
    Heartbeat.beat()
    assert not wrong(services.worker)


def test_an_email_that_is_late_is_noticed(thea):
    now = timezone.now()
    due = now - timedelta(minutes=20)
    OutgoingEmail.queue(
        thea, "reminder", "1", due_at=due, not_after=now + timedelta(hours=1)
    )
    OutgoingEmail.objects.update(created_at=due)
    assert "waited 20 minutes" in wrong(services.emails)


def test_without_redis_it_says_that_pages_work(db):
    assert "Redis does not answer" in wrong(services.broker)


# -- the mail server ------------------------------------------------------------------


@pytest.fixture
def mail_server(settings, tmp_path):
    with Sink(tmp_path / "box") as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.smtp_port
        yield sink


def test_a_mail_server_that_answers_gets_no_email(mail_server):
    assert not wrong(services.mail)
    assert not mail_server.messages


@pytest.mark.requirement("R61")
def test_a_mail_server_without_tls_or_sign_in_is_named(mail_server, settings):
    settings.EMAIL_USE_TLS = True
    assert "does not offer" in wrong(services.mail)
    settings.EMAIL_USE_TLS = False
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "us", "x"
    assert "127.0.0.1" in wrong(services.mail)


def test_a_mail_server_that_is_not_there_is_named(settings):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert "127.0.0.1:1 does not answer" in wrong(services.mail)


@pytest.mark.requirement("R61")
def test_emails_in_the_clear_are_for_this_machine_alone(mail_server, monkeypatch):
    monkeypatch.setattr(services, "is_here", lambda host: False)
    assert "unencrypted" in wrong(services.mail)


# -- the installation -----------------------------------------------------------------


def test_the_demo_is_no_server(settings):
    assert "Never use it on a real server" in wrong(installation.deployment)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ALLOWED_HOSTS", ["*"], "name the hosts"),
        ("ALLOWED_HOSTS", ["other.example.org"], "return 400"),
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
                      "emails", "packages", "settings", "queue", "mail"}  # fmt: skip
    assert "Traceback" not in out.getvalue()
    for word in ("Thea", "Cleo", "Harbour", "@"):
        assert word not in out.getvalue()


@pytest.mark.parametrize("demo", [True, False])
def test_who_logs_in_as_the_owner_is_told(real_login, settings, demo):
    settings.DEMO = demo
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


# -- compared with the release --------------------------------------------------------


def test_release_json_is_what_the_migrations_make(db):
    """After a migration: ./start --run .venv/bin/python manage.py write_release, from
    an empty var/."""
    assert release.current() == json.loads(release.FILE.read_text())


CHANGED = [
    ("CREATE POLICY more ON goals_goal FOR SELECT USING (true)",
     "policies: more on public.goals_goal is not part of"),
    ("ALTER POLICY practice_wall ON goals_goal USING (true)",
     "policies: practice_wall on public.goals_goal differs from"),
    ("DROP POLICY practice_wall ON goals_goal",
     "policies: practice_wall on public.goals_goal is missing"),
    ("ALTER POLICY practice_wall ON goals_goal TO cairn_backup",
     "policies: practice_wall on public.goals_goal differs from"),
    ("GRANT UPDATE, DELETE ON accounts_auditevent TO cairn_web",
     "rights: r public.accounts_auditevent cairn_web DELETE is not part of"),
    ("GRANT UPDATE (reason) ON accounts_auditevent TO PUBLIC" ,
     "rights: column public.accounts_auditevent.reason - UPDATE is not part of"),
    ("REVOKE SELECT ON goals_goal FROM cairn_web",
     "rights: r public.goals_goal cairn_web SELECT is missing"),
    ("GRANT EXECUTE ON FUNCTION app.emails() TO PUBLIC",
     "rights: function app.emails() - is not part of"),
    ("DROP TRIGGER append_only ON accounts_auditevent",
     "triggers: append_only on public.accounts_auditevent is missing"),
    ("ALTER TABLE accounts_auditevent DISABLE TRIGGER append_only",
     "triggers: append_only on public.accounts_auditevent differs from"),
    ("CREATE OR REPLACE FUNCTION app.is_admin() RETURNS boolean LANGUAGE sql"
     " SECURITY DEFINER AS 'SELECT true'", "functions: app.is_admin() differs from"),
    ("CREATE FUNCTION app.more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
     "functions: app.more() is not part of"),
    ("ALTER TABLE goals_goal NO FORCE ROW LEVEL SECURITY",
     "row security: public.goals_goal t f is not part of"),
    ("ALTER TABLE goals_goal OWNER TO cairn_web", "owners: public.goals_goal cairn_w"),
    ("ALTER ROLE cairn_web REPLICATION", "roles: cairn_web differs from"),
    ("ALTER ROLE cairn_web SET row_security = off", "roles: cairn_web differs from"),
    ("CREATE ROLE cairn_guest", "roles: cairn_guest is not part of"),
    ("DELETE FROM django_migrations WHERE app = 'accounts' AND name LIKE '0003%'",
     "migrations: accounts 0003_audit_is_sealed is missing"),
    ("INSERT INTO django_migrations (app, name, applied)"
     " VALUES ('goals', '0999', now())",
     "migrations: goals 0999 is not part of"),
]  # fmt: skip


@pytest.mark.requirement("R58")
@pytest.mark.parametrize(("statement", "words"), CHANGED)
def test_whatever_differs_from_the_release_is_named(db, statement, words):
    assert not wrong(catalogue.as_released)
    execute(statement)
    assert words in wrong(catalogue.as_released)


def test_a_database_that_lacks_nearly_everything_is_told_in_twenty_lines(db):
    execute("DELETE FROM django_migrations")
    found = said(catalogue.as_released)
    assert len(found) == 21
    assert "more differences" in found[-1].words


@pytest.mark.parametrize("role", ["cairn_owner", "postgres"])
def test_another_connection_with_the_power_of_an_owner_is_named(real_login, role):
    with real_login(role):
        options = connection.get_connection_params()
        options = {name: value for name, value in options.items() if name in DSN}
    with real_login("cairn_web"):
        before = [*catalogue.connections()]  # a superuser of the tests may be there
        with closing(psycopg2.connect(**options)):
            found = [*catalogue.connections()]
    assert not any(finding.is_wrong for finding in before)
    [named] = [each for each in found if f"connections are by {role}" in each.words]
    assert named not in before
    assert named.is_wrong == (role == "cairn_owner")


DSN = {"dbname", "user", "password", "host", "port"}


def test_a_time_zone_that_nobody_knows_is_named(thea):
    assert not wrong(installation.time_zones)
    User.objects.filter(pk=thea.pk).update(time_zone="Mars/Olympus")
    assert "Mars/Olympus is not a time zone" in wrong(installation.time_zones)
    assert "1 people" in wrong(installation.time_zones)


def test_the_disk_of_the_real_data_directory_is_looked_at(db, settings):
    [folder] = [each for each in (services.data_directory(),) if each]
    execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        assert folder == Path(cursor.fetchone()[0])
    assert any(f"({folder})" in finding.words for finding in said(services.disk))


def test_a_database_on_another_machine_is_asked_about_there(db, monkeypatch):
    monkeypatch.setattr(services, "is_here", lambda host: False)
    assert services.data_directory() is None
    assert "?" in [finding.state for finding in said(services.disk)]


# -- what the proxy says of visitors --------------------------------------------------

PASSES_ON = {
    "right": lambda said, peer: peer,
    "adds to what was said": lambda said, peer: f"{said}, {peer}",
    "believes the visitor": lambda said, peer: said,
    "says nothing": lambda said, peer: None,
    "says unknown": lambda said, peer: "unknown",
}


@pytest.fixture
def behind_proxy(settings, db):
    """`behind_proxy(how)`: SITE_URL leads to such a proxy, and on to the web."""
    proxies = []

    def behind(how, visitor="198.51.100.4"):
        class Proxy(BaseHTTPRequestHandler):
            def do_GET(self):
                value = PASSES_ON[how](self.headers["X-Forwarded-For"], visitor)
                headers = {} if value is None else {"X-Forwarded-For": value}
                answered = ProxyMiddleware(healthz)(
                    RequestFactory().get(self.path, headers=headers)
                )
                self.send_response(answered.status_code)
                self.end_headers()
                self.wfile.write(answered.content)

            def log_message(self, *args):
                pass

        server = HTTPServer(("127.0.0.1", 0), Proxy)
        proxies.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        settings.TRUST_PROXY = True
        settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"

    yield behind
    for server in proxies:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("how", ["right", "adds to what was said"])
def test_a_proxy_that_names_the_visitor_is_well(behind_proxy, how):
    behind_proxy(how)
    assert [finding.state for finding in proxy.visitor_address()] == ["ok"]


def test_a_proxy_that_believes_the_visitor_is_named(behind_proxy):
    behind_proxy("believes the visitor")
    assert "can forge their address" in wrong(proxy.visitor_address)


@pytest.mark.parametrize("how", ["says nothing", "says unknown"])
def test_a_proxy_that_does_not_name_the_visitor_is_named(
    behind_proxy, how, monkeypatch
):
    behind_proxy(how)
    asked = proxy._ask
    monkeypatch.setattr(proxy, "_ask", lambda: (asked()[0], "198.51.100.4"))
    assert "X-Forwarded-For $remote_addr" in wrong(proxy.visitor_address)


def test_a_site_that_is_not_reached_is_left_open(settings):
    settings.TRUST_PROXY, settings.SITE_URL = True, "https://127.0.0.1:1"
    assert [finding.state for finding in proxy.visitor_address()] == ["?"]


def test_without_a_proxy_nothing_is_asked(settings):
    settings.TRUST_PROXY, settings.SITE_URL = False, "https://127.0.0.1:1"
    assert [finding.state for finding in proxy.visitor_address()] == ["ok"]


# -- the drill looks at the same -----------------------------------------------------


def test_the_drill_is_red_where_a_backup_brings_another_policy(db):
    with as_role("cairn_web"):
        assert not any(step.is_red for step in drilling.locks())
    execute("CREATE POLICY more ON goals_goal FOR SELECT USING (true)")
    with as_role("cairn_web"):
        red = [step.words for step in drilling.locks() if step.is_red]
    assert any("more on public.goals_goal is not part of" in words for words in red)


def test_the_drill_of_an_older_backup_says_that_it_is_older(db):
    execute("DELETE FROM django_migrations WHERE name LIKE '0008%'")
    with as_role("cairn_web"):
        steps = [*drilling.locks()]
    assert not any(step.is_red for step in steps)
    assert "migrate after restoring" in steps[-1].words
