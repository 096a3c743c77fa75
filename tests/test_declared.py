"""Lists that must be complete are declared beside the thing; here they are compared.

An audit verb stands beside what writes it, a draft's kind on its form.  What is written
is read from the source.
"""

import ast
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.urls import get_resolver
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from accounts import audit
from clients import drafts
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


@pytest.fixture(scope="module", autouse=True)
def all_is_loaded():
    """What answers requests: views and their forms, and the middleware."""
    assert get_resolver().url_patterns
    for middleware in settings.MIDDLEWARE:
        import_string(middleware)


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


# -- forms with text ------------------------------------------------------------------


def kinds_of(base):
    for form in base.__subclasses__():
        yield form
        yield from kinds_of(form)


@pytest.fixture(scope="module")
def forms_with_text():
    """Ours that have a text area.  (ReviewForm makes its own later, and is a draft.)"""
    rooms = {room.name for room in ROOMS}
    return {
        form
        for form in kinds_of(forms.BaseForm)
        if form.__module__.split(".")[0] in rooms
        and any(
            isinstance(field.widget, forms.Textarea)
            for field in getattr(form, "base_fields", {}).values()
        )
    }


def is_a_draft(form):
    found = drafts.KINDS.get(getattr(form, "kind", None))
    return found is not None and issubclass(form, found.form)


def test_each_form_with_text_is_a_draft_or_says_why_not(forms_with_text):
    assert len(forms_with_text) > 15
    unsaid = [
        form
        for form in forms_with_text
        if bool(getattr(form, "no_draft", "")) == is_a_draft(form)
    ]
    assert not unsaid, "see clients/drafts.py: drafted(), or no_draft"


def test_a_kind_of_draft_belongs_to_one_form():
    form = type("Second", (forms.Form,), {"kind": "comment"})
    with pytest.raises(ValueError, match="comment"):
        drafts.drafted(lambda user: None)(form)
