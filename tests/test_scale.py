"""The seeds of bench write rows as the models have them, whatever a column's name."""

from io import StringIO

import pytest
from django.db import connection

from accounts.models import Practice, User
from appointments.models import TherapySession
from bench.emails import everybody
from clients.models import Client, ContactCharter
from goals.models import Goal, GoalRating
from notes.models import ProgressNote
from therapy.scale.crowd import Crowd
from therapy.scale.measured import CASELOAD, LOGGED
from therapy.scale.rows import insert

pytestmark = pytest.mark.django_db


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_is_not_said_is_as_in_a_new_row():
    said = {"id": "gen_random_uuid()", "name": "'Harbour'", "slug": "'scaled'"}
    run(insert(Practice, "generate_series(1, 1) n", **said))
    made, new = Practice.objects.get(slug="scaled"), Practice(name="Harbour")
    for field in Practice._meta.concrete_fields:
        if field.name not in ("id", "slug", "created_at"):
            assert getattr(made, field.name) == getattr(new, field.name), field.name


def test_a_column_that_is_not_there_or_has_to_be_said_is_a_loud_error():
    with pytest.raises(TypeError, match="Practice has no colour"):
        insert(Practice, "generate_series(1, 1) n", colour="'red'")
    with pytest.raises(TypeError, match="Client: say "):
        insert(Client, "generate_series(1, 1) n", id="gen_random_uuid()")


def test_the_crowd_is_made():
    Crowd(StringIO()).fill(CASELOAD + LOGGED + 3)
    crowd = Client.objects.filter(family_name__in=["Number0", "Number1", "Number2"])
    crowd = crowd.exclude(practice__slug="bench")
    assert crowd.count() == 3
    mine = {"client__in": crowd}
    assert ContactCharter.objects.filter(**mine).count() == 3
    assert Goal.objects.filter(**mine).exclude(in_force=None).count() == 6
    assert GoalRating.objects.filter(**mine).count() == 6 * 26
    notes = ProgressNote.objects.filter(**mine).exclude(signed_at=None)
    assert notes.count() == 3 * 52


def test_the_practices_of_the_emails_are_made():
    truncate, *statements = everybody(20, 30)
    assert truncate.startswith("TRUNCATE")
    for statement in statements:
        run(statement)
    assert User.objects.filter(email__endswith="@emails.test").count() == 50
    assert TherapySession.objects.filter(state="planned").count() == 30
