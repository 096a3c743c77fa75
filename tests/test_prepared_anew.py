"""A prepared query finds what its queryset finds anew, for people of every kind."""

import random
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import UUIDField
from django.utils import timezone

from appointments.models import TherapySession
from clients.access import reach
from clients.models import Client
from database import prepared as engine
from database.prepared import Parameter
from digests.models import Digest
from goals.models import Goal, GoalVersion
from tests.test_prepared_queries import QUERIES
from tests.test_two_locks import everybody, fresh, world

__all__ = ["world"]  # a fixture

PLACES = {
    "goal": Goal, "goals": Goal, "client": Client, "clients": Client,
    "session": TherapySession, "sessions": TherapySession, "in_force": GoalVersion,
    "latest": GoalVersion, "versions": GoalVersion, "agreed": GoalVersion,
    "page": Digest, "meeting": Client,
}  # fmt: skip
OF = {Client: "pk__in"}
# From now; others are now.
DAYS = {"begins": -400, "since": -400, "ends": 400, "before": 400}
OF_PERSONS = [query for query in QUERIES if len(query.builds()) > 1]


class AnyOf(Parameter):
    """A list of keys that is known, for the plain queryset."""

    def as_sql(self, compiler, connection):
        text, _asked = super().as_sql(compiler, connection)
        return text, [engine.array(self.value)]


def belonging(model, clients, user):
    if model is Digest:
        return model.objects.filter(recipient=user)
    return model.objects.filter(**{OF.get(model, "client__in"): clients})


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
        rows = belonging(PLACES[name], clients, user)
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
UPDATE goals_strength SET state = 'accepted', answered_at = now()
  WHERE right(id::text, 1) < '8';
UPDATE goals_goal SET waits_for = 'therapist', in_force_at = now(), closed_at = NULL
  WHERE right(id::text, 1) < '8';
UPDATE goals_goal SET closed_at = now() - interval '1 day'
  WHERE right(id::text, 1) >= 'c';
UPDATE goals_goalrating SET side = 'client' WHERE right(id::text, 1) < '8';
UPDATE goals_goalrating r SET session_id = s.id FROM (
  SELECT DISTINCT ON (client_id) id, client_id FROM appointments_therapysession
  ORDER BY client_id, id) s WHERE s.client_id = r.client_id;
UPDATE clients_draft d SET kind = 'note', target = s.id FROM (
  SELECT DISTINCT ON (client_id) id, client_id FROM appointments_therapysession
  ORDER BY client_id, id) s WHERE s.client_id = d.client_id;
UPDATE goals_review SET closed_at = now() WHERE right(id::text, 1) < '8';
UPDATE goals_comment SET side = 'client' WHERE right(id::text, 1) < '8';
UPDATE goals_step SET reached_at = now() WHERE right(id::text, 1) < '8';
UPDATE toolkit_assignment SET answer = 'did', answered_at = now()
  WHERE right(id::text, 1) < '8';
UPDATE appointments_therapysession s SET (state, starts_at, ends_at) = (
  SELECT CASE WHEN held THEN 'held' ELSE 'planned' END, at, at + interval '1 hour'
  FROM (SELECT right(id::text, 1) < '5' AS held, right(id::text, 1) < 'a' AS over)
    kind, LATERAL (
    SELECT now() + CASE WHEN over THEN -1 ELSE 1 END * interval '1 day'
      + number * interval '1 second' AS at) day)
  FROM (SELECT id AS key, row_number() OVER (ORDER BY id) AS number
    FROM appointments_therapysession) numbered WHERE key = s.id;
INSERT INTO digests_digest (id, practice_id, recipient_id, starts_at, ends_at, period,
    made_at)
  SELECT id, practice_id, id, now() - interval '7 days', now(), 'last', now()
  FROM accounts_user;
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
    people = everybody()
    chance.shuffle(people)
    for number, person in enumerate(people):
        if number >= 40 and seen:  # more only where nothing was found yet
            break
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
