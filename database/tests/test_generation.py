"""A database of an earlier generation is reported and not changed."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from database import generation


def is_of(number):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION app.schema_generation() RETURNS integer"
            f" LANGUAGE sql IMMUTABLE AS $$ SELECT {number} $$"
        )


def test_this_database_has_the_current_generation(db):
    assert generation.found() == generation.GENERATION
    generation.check()


@pytest.mark.parametrize(
    "number", [generation.GENERATION - 1, generation.GENERATION + 1]
)
def test_migrate_stops_at_another_generation_and_says_why(db, number):
    is_of(number)
    with pytest.raises(CommandError, match=f"generation {number}, this program has"):
        call_command("migrate", verbosity=0)


def test_a_database_without_a_number_is_the_first_generation(db):
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION app.schema_generation()")
    assert generation.found() == 1
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("migrate", verbosity=0)


def test_an_empty_database_has_no_generation(db):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE accounts_user RENAME TO accounts_user_away")
    assert generation.found() is None
    generation.check()
