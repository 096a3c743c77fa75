"""What a hundred thousand rows are made of: the columns that the models say."""

import pytest
from django.db import connection

from accounts.models import Practice, User
from clients.models import Client
from goals.models import Goal, GoalRating
from notes.models import ProgressNote
from therapy.scale import measured
from therapy.scale.rows import insert_into

ONE = "generate_series(7, 7) n"
KEY = "'01900000-0000-7000-8000-000000000007'::uuid"


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def content(row, *without):
    left_out = {"id", "created_at", *without}
    return {
        field.name: field.value_from_object(row)
        for field in row._meta.local_concrete_fields
        if field.name not in left_out
    }


def test_a_row_is_as_the_model_makes_it(practice):
    execute(
        insert_into(Practice, ONE, id=KEY, name="'Practice ' || n", slug="'p-' || n")
    )
    made = Practice.objects.get(slug="p-7")
    assert content(made) == content(Practice(name="Practice 7", slug="p-7"))
    assert made.created_at is not None
    said = {
        "practice": practice,
        "email": "t7@x.test",
        "name": "T 7",
        "name_key": "t 7",
    }
    execute(
        insert_into(
            User,
            ONE,
            id=KEY,
            practice=f"'{practice.pk}'",
            email="'t' || n || '@x.test'",
            name="'T ' || n",
            name_key="'t ' || n",
            is_therapist="true",
        )
    )
    made = User.objects.get(email="t7@x.test")
    assert content(made) == content(User(**said, is_therapist=True))


def test_a_field_is_said_by_its_name_or_by_its_columns_name():
    for name in ("practice", "practice_id"):
        said = {name: KEY, "id": KEY, "preferred_name": "'Ana'", "name_key": "'ana'"}
        assert "practice_id" in insert_into(Client, ONE, **said)


def test_what_the_model_does_not_have_is_named():
    with pytest.raises(ValueError, match=r"accounts\.Practice has no slgu"):
        insert_into(Practice, ONE, id=KEY, name="'x'", slug="'x'", slgu="'x'")


def test_what_must_be_said_is_named():
    with pytest.raises(ValueError, match=r"accounts\.Practice\.slug has no default"):
        insert_into(Practice, ONE, id=KEY, name="'x'")
    with pytest.raises(ValueError, match=r"goals\.GoalRating\.value has no default"):
        insert_into(GoalRating, ONE, id=KEY, practice=KEY, client=KEY, goal=KEY)


def test_the_measured_practice_is_made(db, monkeypatch):
    few = {"CASELOAD": 7, "LOGGED": 1, "STAFF": 5}
    for name, many in few.items():
        monkeypatch.setattr(measured, name, many)
    measured.Measured().make()
    made = Client.objects.filter(practice__slug=measured.SLUG)
    assert made.count() == few["CASELOAD"] + few["LOGGED"]
    notes = ProgressNote.objects.filter(client__in=made)
    assert notes.exclude(signed_at=None).exists() and notes.filter(signed_at=None)
    agreed = Goal.objects.filter(client__in=made).exclude(in_force=None)
    assert agreed.count() == 5 + 1 + 3 + 3 * 2 + 2 + 3
