"""`pytest -p tests.mutants.plugin` with MUTANT=name: the tests meet a weaker Cairn."""

import importlib
import os

import pytest
from django.db import DatabaseError, connection

from tests.mutants.weakened import MUTANTS, NOTHING

NOT_APPLIED = 7
known = {one.name: one for one in [NOTHING, *MUTANTS]}
mutant = known[os.environ["MUTANT"]]


def weaken_the_rule():
    """Replace one name where it stands; users of a module look it up there."""
    module, _colon, path = mutant.target.partition(":")
    owner = importlib.import_module(module)
    *way, name = path.split(".")
    for step in way:
        owner = getattr(owner, step)
    setattr(owner, name, mutant.put(getattr(owner, name, None)))


def pytest_collection(session):
    if mutant.target:
        weaken_the_rule()


@pytest.fixture(scope="session", autouse=True)
def weaker_database(django_db_setup, django_db_blocker):
    if not mutant.sql:
        yield
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        try:
            cursor.execute(mutant.sql)
        except DatabaseError as error:
            pytest.exit(f"{mutant.name}: {error}", NOT_APPLIED)
    connection.close()
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER ROLE cairn_web NOBYPASSRLS")  # of the whole cluster
    connection.close()
