"""Lists that must be complete are declared beside the thing; here they are compared.

An audit verb stands beside what writes it.  What is written is read from the source.
"""

import ast
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from django.utils.functional import Promise

from accounts import audit
from database.identity import acting_as

BASE = Path(__file__).parents[1]
ROOMS = [
    path
    for path in sorted(BASE.iterdir())
    if (path / "__init__.py").exists() and path.name not in ("bench", "tests", "ops")
]


# -- audit verbs ----------------------------------------------------------------------


def sources():
    """Room and tree of every module but tests."""
    for room in ROOMS:
        for path in room.rglob("*.py"):
            if "tests" not in path.parts:
                yield room.name, ast.parse(path.read_text())


def calls(tree, *names):
    """Calls of audit.<name> in a module."""
    wanted = {f"audit.{name}" for name in names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in wanted:
            yield node


@pytest.fixture(scope="module")
def verbs():
    """What the source declares and writes: names of rooms by verb."""
    declared, recorded, named = (defaultdict(list) for _ in range(3))
    for room, tree in sources():
        declarations = set()
        for call in calls(tree, "verb"):
            declared[call.args[0].value].append(room)
            declarations.add(call.args[0])
        for call in calls(tree, "record", "record_each", "record_look"):
            if isinstance(call.args[0], ast.Constant):
                recorded[call.args[0].value].append(room)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and node not in declarations:
                named[str(node.value)].append(room)
    return declared, recorded, named


def test_each_verb_that_is_written_is_declared(verbs):
    declared, recorded, _named = verbs
    assert len(recorded) > 100
    assert not set(recorded) - set(declared), "see accounts/audit.py: audit.verb()"


def test_each_verb_is_declared_once_and_has_lazy_words(verbs):
    declared, _recorded, _named = verbs
    assert not [verb for verb, rooms in declared.items() if len(rooms) > 1]
    said = {verb: audit.VERBS[verb] for verb in declared}
    assert all(isinstance(verb.words, Promise) for verb in said.values())
    assert all(isinstance(verb.sort, audit.Sort) for verb in said.values())


def test_each_declared_verb_is_written_in_its_room(verbs):
    declared, _recorded, named = verbs
    # What PostgreSQL writes is named in the statement of a migration alone.
    in_sql = {"key destroyed"}
    left_over = [
        verb
        for verb, [room] in declared.items()
        if room not in named[verb] and verb not in in_sql
    ]
    assert not left_over


def test_whoever_answers_requests_knows_every_verb(verbs):
    """The audit page finds the words of verbs that only a worker writes, too."""
    declared, _recorded, _named = verbs
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import therapy.wsgi; from django.urls import get_resolver;"
            " get_resolver().url_patterns; from accounts import audit;"
            " print(*audit.VERBS, sep='\\n')",
        ],
        cwd=BASE,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "therapy.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(told.stdout.splitlines()) == set(declared)


def test_a_verb_that_nobody_declares_cannot_be_written(db):
    with acting_as(None), pytest.raises(LookupError, match="waved"):
        audit.record("waved")
    with pytest.raises(ValueError, match="twice"):
        audit.verb("opened", audit.Sort.OPENED, audit.VERBS["opened"].words)
