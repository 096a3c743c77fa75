"""Kept queries: compiled for one person, they answer another with their own rows."""

import importlib
import pkgutil
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection, connections
from django.db.models import CharField, UUIDField, Value
from django.utils import timezone, translation

from accounts.models import User
from appointments.models import TherapySession
from clients.models import CareRole, Client
from clients.prepared import prepared_for_user
from database import prepared as engine
from database.engine.base import DatabaseWrapper
from database.identity import acting_as
from database.prepared import many, prepared
from goals.recent_ratings import recent_lines

ROOMS = (
    "accounts", "clients", "appointments", "goals", "toolkit", "notes",
    "transfer", "overview", "digests",
    "portal",
)  # fmt: skip


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


@prepared_for_user()
def mine(user):
    return Client.objects.visible_to(user).order_by("pk")


@prepared(client=UUIDField())
def sessions_of(client):
    """Without the program's own rule: row security alone decides."""
    return TherapySession.objects.filter(client=client).order_by("starts_at")


def names(user):
    with acting_as(user.pk):
        return [client.preferred_name for client in mine(user)]


def many_prepared():
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
    @prepared(clients=many(UUIDField()))
    def among(clients):
        return Client.objects.filter(pk=clients)

    assert among(clients=[]) == []
    assert among(clients=[cleo.pk]) == [cleo]


def test_a_percent_sign_is_one(cleo):
    @prepared(name=CharField())
    def sure(name):
        rows = Client.objects.exclude(family_name__contains="50%_of_'it'")
        return rows.filter(preferred_name=name).annotate(said=Value("100 % sure"))

    [found] = sure(name=cleo.preferred_name)
    assert found.said == "100 % sure"


def test_a_new_connection_prepares_anew(transactional_db, cleo, thea):
    assert names(thea) == [cleo.preferred_name]
    connection.close()
    assert names(thea) == [cleo.preferred_name]
    assert many_prepared() > 0
    with connection.cursor() as cursor:
        cursor.execute("SHOW plan_cache_mode")
        assert cursor.fetchone() == ("force_generic_plan",)


def test_nothing_is_prepared_behind_a_pooler(transactional_db, cleo, thea, monkeypatch):
    monkeypatch.setattr(DatabaseWrapper, "_is_straight", lambda wrapper: False)
    connection.close()
    assert names(thea) == [cleo.preferred_name]
    with acting_as(thea.pk):
        assert recent_lines([cleo.pk]) == {}
    assert many_prepared() == 0
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
