"""Kept queries: compiled for one person, they answer another with their own rows."""

import importlib
import pkgutil
import random
import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, connections
from django.db.models import CharField, UUIDField, Value
from django.utils import timezone, translation

from accounts import kept as engine
from accounts.identity import acting_as
from accounts.kept import Asked, kept, many
from accounts.models import User
from clients.access import reach
from clients.kept import kept_for_person
from clients.models import CareRole, Client
from goals.lines import recent_lines
from goals.models import Goal, GoalVersion
from progress.models import TherapySession
from tests.test_two_locks import everybody, fresh, world

__all__ = ["world"]  # a fixture

ROOMS = ("accounts", "clients", "goals", "toolkit", "progress", "digests", "portal")


def every_kept_query():
    for room in ROOMS:
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            if ".tests" not in module.name and ".migrations" not in module.name:
                importlib.import_module(module.name)
    return [query for query in engine.EVERY if query.name.split(".")[0] in ROOMS]


QUERIES = every_kept_query()
SHAPES = [(query, shape) for query in QUERIES for shape in query.builds()]
NAMES = [f"{query.name}-{number}" for number, (query, _shape) in enumerate(SHAPES)]


def compiled(query, shape, when, language):
    with time_machine.travel(when), translation.override(language):
        found = engine._Compiled(query.builds()[shape])
    return found.sql, found.params


def test_the_pages_have_some_to_keep():
    assert len(QUERIES) > 40


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "shape"),
    SHAPES,
    ids=[f"{q.name}-{n}" for n, (q, _s) in enumerate(SHAPES)],
)
def test_it_keeps_nothing_of_the_moment(query, shape):
    """Neither the clock nor the language in which it was compiled."""
    new_year = datetime(2027, 1, 1, 3, 4, 5, tzinfo=UTC)
    assert compiled(query, shape, timezone.now(), "en") == compiled(
        query, shape, new_year, "de"
    )


PLACES = {
    "goal": Goal, "goals": Goal, "client": Client, "clients": Client,
    "session": TherapySession, "sessions": TherapySession, "in_force": GoalVersion,
    "latest": GoalVersion, "versions": GoalVersion,
}  # fmt: skip
DAYS = {"begins": -400, "since": -400, "ends": 400}  # from now; others are now
OF_PERSONS = [query for query in QUERIES if len(query.builds()) > 1]


class AnyOf(Asked):
    """A list of keys that is known, for the plain queryset."""

    def as_sql(self, compiler, connection):
        text, _asked = super().as_sql(compiler, connection)
        return text, [engine.array(self.value)]


def asked_of(chance, user, query):
    """Values for whom one reaches, now and then for somebody else."""
    mine = reach(user)
    everybody = Client.objects.values_list("pk", flat=True)
    near = [*mine.reads, *filter(None, [mine.own])]
    pool = near if near and chance.random() < 0.8 else list(everybody)
    clients = chance.sample(pool, min(3, len(pool)))
    values = {}
    for name, field in query.fields.items():
        if name not in PLACES:
            values[name] = timezone.now() + timedelta(days=DAYS.get(name, 0))
            continue
        column = "pk" if PLACES[name] is Client else "client_id"
        rows = PLACES[name].objects.filter(**{f"{column}__in": clients})
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        values[name] = (
            keys if isinstance(field, tuple) else keys[0] if keys else uuid4()
        )
    return values


def told(rows):
    return sorted(str(getattr(row, "pk", row)) for row in rows)


# Something of everything that a page may ask for, by the keys' last digit.
LIVELY = """
SET LOCAL session_replication_role = replica;
UPDATE clients_strength SET state = 'accepted', answered_at = now()
  WHERE right(id::text, 1) < '8';
UPDATE goals_goal SET waits_for = 'therapist', in_force_at = now(), closed_at = NULL
  WHERE right(id::text, 1) < '8';
UPDATE goals_goalrating SET side = 'client' WHERE right(id::text, 1) < '8';
UPDATE goals_goalrating r SET session_id = s.id FROM progress_therapysession s
  WHERE s.client_id = r.client_id;
UPDATE goals_step SET reached_at = now() WHERE right(id::text, 1) < '8';
UPDATE toolkit_assignment SET answer = 'did', answered_at = now()
  WHERE right(id::text, 1) < '8';
UPDATE progress_therapysession SET (state, starts_at, ends_at) = (
  SELECT CASE WHEN held THEN 'held' ELSE 'planned' END, at, at + interval '1 hour'
  FROM (SELECT right(id::text, 1) < '6' AS held) kind, LATERAL (
    SELECT now() + CASE WHEN held THEN -1 ELSE 1 END * interval '1 day'
      + abs(hashtext(id::text)) % 600 * interval '1 minute' AS at) day);
SET LOCAL session_replication_role = origin;
"""


@pytest.fixture(scope="module")
def lively(world):
    with connection.cursor() as cursor:
        cursor.execute(LIVELY)


@pytest.mark.django_db
@pytest.mark.requirement("R1")
@pytest.mark.parametrize("query", OF_PERSONS, ids=lambda query: query.name)
def test_it_finds_what_is_found_anew(lively, query):
    """For people of every kind, past row security: the program's rule alone."""
    chance, seen = random.Random(query.name), 0
    for person in chance.sample(everybody(), 40):
        user = fresh(person)
        values = asked_of(chance, user, query)
        plain = {
            name: AnyOf(value, UUIDField(), many=True)
            if isinstance(value, list)
            else value
            for name, value in values.items()
        }
        found = query.ask(user, **values)
        assert told(found) == told(query.ask.queryset(user, **plain)), user.name
        seen += bool(found)
    assert seen


@kept_for_person()
def mine(user):
    return Client.objects.visible_to(user).order_by("pk")


@kept(client=UUIDField())
def sessions_of(client):
    """Without the program's own rule: row security alone decides."""
    return TherapySession.objects.filter(client=client).order_by("starts_at")


def names(user):
    with acting_as(user.pk):
        return [client.preferred_name for client in mine(user)]


def prepared():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements")
        return cursor.fetchone()[0]


def session(client, therapist):
    starts = timezone.now()
    return TherapySession.objects.create(
        practice=client.practice, client=client, therapist=therapist, state="held",
        starts_at=starts, ends_at=starts + timedelta(minutes=50),
    )  # fmt: skip


def test_theo_gets_carl_from_what_was_compiled_for_thea(thea, theo, cleo, carl):
    assert names(thea) == [cleo.preferred_name]
    assert names(theo) == [carl.preferred_name]
    assert names(thea) == [cleo.preferred_name]


def test_row_security_holds_in_a_plan_that_was_made_for_thea(thea, theo, cleo):
    session(cleo, thea)
    for _time in range(8):  # from the sixth on PostgreSQL keeps one plan for all
        with acting_as(thea.pk):
            assert len(sessions_of(client=cleo.pk)) == 1
    with acting_as(theo.pk):
        assert sessions_of(client=cleo.pk) == []
    with acting_as(None):
        assert sessions_of(client=cleo.pk) == []


def test_thea_loses_cleo_with_her_care_role(thea, cleo):
    assert names(thea) == [cleo.preferred_name]
    CareRole.objects.filter(client=cleo).update(ends_at=timezone.now())
    assert names(User.objects.get(pk=thea.pk)) == []


def test_cleo_and_thea_find_the_same_client_by_two_shapes(thea, cleo):
    assert names(cleo.user) == names(thea) == [cleo.preferred_name]


def test_nobody_is_found_among_no_keys(cleo):
    @kept(clients=many(UUIDField()))
    def among(clients):
        return Client.objects.filter(pk=clients)

    assert among(clients=[]) == []
    assert among(clients=[cleo.pk]) == [cleo]


def test_a_percent_sign_is_one(cleo):
    @kept(name=CharField())
    def sure(name):
        rows = Client.objects.exclude(family_name__contains="50%_of_'it'")
        return rows.filter(preferred_name=name).annotate(said=Value("100 % sure"))

    [found] = sure(name=cleo.preferred_name)
    assert found.said == "100 % sure"


def test_a_new_connection_prepares_anew(transactional_db, cleo, thea):
    assert names(thea) == [cleo.preferred_name]
    connection.close()
    assert names(thea) == [cleo.preferred_name]
    assert prepared() > 0


def test_nothing_is_prepared_behind_a_pooler(transactional_db, cleo, thea, monkeypatch):
    monkeypatch.setattr(engine, "_is_straight", lambda wrapper: False)
    connection.close()
    assert names(thea) == [cleo.preferred_name]
    with acting_as(thea.pk):
        assert recent_lines([cleo.pk]) == {}
    assert prepared() == 0
    connection.close()  # the next test may prepare


def test_thea_and_theo_at_once_get_each_their_own(
    transactional_db, thea, theo, cleo, carl
):
    wrong, start = [], threading.Barrier(4)

    def read(user, wanted):
        start.wait()
        for _time in range(30):
            found = names(User.objects.get(pk=user.pk))
            if found != [wanted.preferred_name]:
                wrong.append(found)
        connections.close_all()

    pairs = [(thea, cleo), (theo, carl)] * 2
    threads = [threading.Thread(target=read, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
