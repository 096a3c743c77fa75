"""The machinery of the mutation run works; the run itself is `./test --mutants`."""

import os
import subprocess
import sys
from functools import reduce
from importlib import import_module
from pathlib import Path

from django.apps import apps
from django.db import connection, transaction

from clients.models import ClientRow
from tests.mutants.weakened import MUTANTS, policy

BASE = Path(__file__).resolve().parent.parent


def run(name, test):
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "tests.mutants.plugin",
               f"tests/test_second_lock.py::{test}"]  # fmt: skip
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=BASE, env=env | {"MUTANT": name}, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_there_are_many_and_each_has_its_name():
    assert len(MUTANTS) >= 25
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(bool(mutant.sql) != bool(mutant.target) for mutant in MUTANTS)


def test_each_table_of_clients_is_once_read_by_the_whole_practice():
    """`readable(table)` does it, or another one of its policy "read"."""
    weakened = " ".join(mutant.sql for mutant in MUTANTS)
    of_clients = [model for model in apps.get_models() if issubclass(model, ClientRow)]
    tables = [model._meta.db_table for model in of_clients]
    missing = [one for one in tables if policy(one, "read") not in weakened]
    assert not missing, "add `readable(table)` to tests/mutants/weakened.py"


def test_each_still_weakens_what_it_names(db):
    """As the superuser; undone at once."""
    for mutant in MUTANTS:
        if mutant.target:
            module, _colon, names = mutant.target.partition(":")
            reduce(getattr, names.split("."), import_module(module))
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(mutant.sql)
            transaction.set_rollback(True)


def test_one_policy_and_one_rule_that_are_weakened_are_noticed():
    reading = "test_who_reads_cleos_goals_is_whom_we_mean"
    assert run("nothing", reading)[0] == 0
    status, said = run("goals_goal: read by the whole practice", reading)
    assert status == 1, said
    both = "test_both_locks_show_everybody_the_same_rows"
    status, said = run("rule: ended and coming roles count", both)
    assert status == 1, said
