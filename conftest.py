"""How the tests meet the database's roles.

The owner makes and migrates each test database, as in production.  Then the tests log
in as the superuser of their private cluster: test bodies make and read any row.  Code
under test runs as in production:

    client.get(...)            as cairn_web, with the identity that the middleware sets
    with acting_as(user.pk):   as cairn_web and that person (tasks, commands)
    with as_role("cairn_worker"):   as the worker, with nobody's identity
    live_server                its threads really log in as cairn_web
"""

import threading
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import quote

import pytest
from allauth.mfa.models import Authenticator
from django import test
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models import F
from django.utils import timezone

from accounts import encryption
from accounts.factors import STEPS
from accounts.models import Practice, User
from accounts.sessions import FACTOR
from clients.models import CareRole, Client
from database.identity import acting_as

SUPERUSER = "postgres"
# Tables whose rows come with the migrations: a transactional test leaves them alone.
REFERENCE_TABLES = {"auth_permission", "django_content_type"}
sql_flush = DatabaseOperations.sql_flush


def log_in_as(role):
    """For the connections made from now on, in every thread.

    All roles of a test cluster share one password.
    """
    connection.settings_dict["USER"] = role


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    connection.close()
    log_in_as(SUPERUSER)
    with patch.object(DatabaseOperations, "sql_flush", flush_past_triggers):
        yield
    connection.close()
    log_in_as("cairn_owner")  # who may drop the database


def flush_past_triggers(self, style, tables, **options):
    """Empty the tables past the triggers that keep audit rows for ever."""
    emptied = [table for table in tables if table not in REFERENCE_TABLES]
    return [
        "SET session_replication_role = replica",
        *sql_flush(self, style, emptied, **options),
        "SET session_replication_role = DEFAULT",
    ]


def as_role(role):
    return acting_as(None, role=role)


def url_as(role):
    """The tests' database, for a process of its own that logs in as `role`."""
    found = connection.settings_dict
    host, password = quote(found["HOST"], safe=""), found["PASSWORD"]
    return f"postgresql://{role}:{password}@{host}:{found['PORT']}/{found['NAME']}"


def have_all_tables_alone() -> None:
    """Until the test ends, before it changes tables themselves: autovacuum, which may
    be at one of them, steps back now and not in the middle (a deadlock)."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE',
              string_agg(oid::regclass::text, ', ' ORDER BY oid)) FROM pg_class
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace""")
        cursor.execute(cursor.fetchone()[0])


def somebody_waits(cursor) -> bool:
    """Whether a statement waits for a lock of another's transaction."""
    cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    return cursor.fetchone()[0]


def ten_seconds_pass():
    """What was signed becomes final, what was called off can no longer be undone.

    As the superuser past the triggers: no role could move these clocks.
    """
    with as_role("postgres"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE notes_progressnote SET signed_at = signed_at - interval '10 s'"
            " WHERE signed_at > clock_timestamp()"
        )
        cursor.execute(
            "UPDATE appointments_therapysession"
            " SET called_off_at = called_off_at - interval '10 s'"
        )
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


class WebClient(test.Client):
    """A request is cairn_web's from its first byte, finding its user included."""

    def request(self, **request):
        with as_role("cairn_web"):
            return super().request(**request)

    def force_login(self, user, backend=None):
        """As whoever is on the way in, which is what a sign-in page makes of one."""
        with acting_as(None, coming=user.pk), transaction.atomic():
            super().force_login(user, backend)


@pytest.fixture
def client():
    return WebClient()


@pytest.fixture
def live_server(live_server, transactional_db):
    connection.ensure_connection()  # ours, the superuser's, stays open
    log_in_as("cairn_web")
    yield live_server
    # The browsers are closed.  What one of them asked for at the very end is answered
    # before the tables are emptied: else the two would wait for each other's locks.
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(timeout=60)
            assert not thread.is_alive(), "a request without an end"
    log_in_as(SUPERUSER)


@pytest.fixture
def real_login(transactional_db):
    """`with real_login("cairn_web"):` the connection is as in production."""

    @contextmanager
    def logged_in(role):
        connection.close()
        log_in_as(role)
        try:
            yield connection
        finally:
            connection.close()
            log_in_as(SUPERUSER)

    return logged_in


@pytest.fixture(autouse=True)
def light_settings(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
    # No manifest, hence no collectstatic.
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}


# -- the cast: Thea treats Cleo, Theo treats Carl, Ada administers -------------------


@pytest.fixture
def practice(db):
    practice = Practice.objects.create(
        name="Harbour Practice", slug="harbour", privacy_notice="What we keep, and why."
    )
    encryption.make_practice_key(practice.pk)
    return practice


def person(practice, name, **fields):
    return User.objects.create_user(
        f"{name.lower()}@example.test",
        f"{name.lower()}-passes-by-the-lake",
        practice=practice,
        name=name,
        joined_at=timezone.now(),
        **fields,
    )


@pytest.fixture
def thea(practice):
    return person(practice, "Thea", is_therapist=True)


@pytest.fixture
def theo(practice):
    return person(practice, "Theo", is_therapist=True)


@pytest.fixture
def ines(practice):
    return person(practice, "Ines", is_therapist=True)


@pytest.fixture
def ada(practice):
    return person(practice, "Ada", is_admin=True)


def admit(name, *, by, joined=True, **fields):
    """A client in the care of `by`; with an account of their own if `joined`."""
    client = Client(preferred_name=name, **fields)
    with acting_as(by.pk), transaction.atomic():
        client.admit(by=by, concern=f"What brought {name}")
    if joined:
        client.user = person(by.practice, name)
        Client.objects.filter(pk=client.pk).update(user=client.user)
    return client


def in_care(client, person, kind, *, begins=-1, ends=30, by=None):
    """A care role that runs from and until so many days from now."""
    now = timezone.now()
    return CareRole.objects.create(
        practice_id=client.practice_id,
        client=client,
        user=person,
        kind=kind,
        starts_at=now + timedelta(days=begins),
        ends_at=None if ends is None else now + timedelta(days=ends),
        given_by=by or person,
    )


def after_a_day(*clients):
    """Care roles to come of these clients have begun: a day went by."""
    coming = CareRole.objects.filter(client__in=clients, starts_at__gt=timezone.now())
    coming.update(starts_at=F("starts_at") - timedelta(hours=24, minutes=1))


@pytest.fixture
def cleo(thea):
    return admit("Cleo", by=thea, family_name="Hart", pronouns="she/her")


@pytest.fixture
def carl(theo):
    return admit("Carl", by=theo, family_name="Osei", pronouns="he/him")


def with_second_step(browser, user):
    """Who has a second step took it."""
    step = Authenticator.objects.filter(user=user, type__in=STEPS).first()
    if step:
        session = browser.session
        session[FACTOR] = step.type
        session.save()


@pytest.fixture
def sign_in(client):
    """`sign_in(thea)` gives a browser without a screen; one each."""

    def signed_in(user):
        browser = WebClient()
        browser.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        with_second_step(browser, user)
        return browser

    return signed_in
