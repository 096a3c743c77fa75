"""Lists that must be complete are declared beside the thing; here they are compared.

An audit verb stands beside what writes it, a draft's kind on its form; how long a row
is kept, what of it is in no copy and what in it never changes stand on its model.
"""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.urls import get_resolver
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from accounts import audit, celery_kick, retention
from accounts.encryption import EncryptedTextField
from accounts.models import User
from appointments.models import TherapySession
from clients import drafts
from clients.models import (
    Client,
    ClientBackground,
    ContactPreferences,
    ContactWish,
    Draft,
    draft,
)
from database.identity import acting_as
from goals.models import Review
from notes.models import NoteAddition, ProgressNote
from tests.test_second_lock import record_of
from therapy.celery import app as celery
from transfer.export import read
from transfer.export.files import as_json
from transfer.models import ImportSheet, RecordExport, caseload_import, record_export

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


def test_what_is_opened_is_a_kind_of_row_with_lazy_words():
    assert {"client", "goal", "therapysession", "progressnote"} <= set(audit.KINDS)
    assert set(audit.KINDS) <= {model._meta.model_name for model in ours()}
    assert all(isinstance(words, Promise) for words in audit.KINDS.values())
    with pytest.raises(ValueError, match="twice"):
        audit.kind("goal", audit.KINDS["goal"])


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


# -- tasks that rooms ask for by name --------------------------------------------------


def test_each_task_that_is_asked_for_by_name_is_there():
    celery.loader.import_default_modules()
    by_name = {
        *(entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()),
        celery_kick.TASK,
        record_export.TASK,
        *(getattr(caseload_import, name) for name in ("TASK", "READ", "UNDO")),
    }
    assert len(by_name) == 6
    assert by_name <= set(celery.tasks)


# -- how long a row is kept -----------------------------------------------------------


def ours():
    """Our models; what others bring along cannot say anything of itself."""
    rooms = {room.name for room in ROOMS}
    return [m for m in apps.get_models() if m.__module__.split(".")[0] in rooms]


def test_each_model_says_how_long_its_rows_are_kept():
    unsaid = [m._meta.label for m in ours() if "retention" not in vars(m)]
    assert not unsaid, "see accounts/retention.py"
    others = {m._meta.label for m in apps.get_models()} - {
        m._meta.label for m in ours()
    }
    assert others == set(retention.OF_OTHERS)


def test_how_long_is_one_of_the_classes_and_what_is_transient_says_the_days():
    for model in ours():
        of_fields = getattr(model, "field_retention", {})
        names = {field.name for field in model._meta.local_concrete_fields}
        assert set(of_fields) <= names, model
        said = {model.retention, *of_fields.values()}
        assert said <= set(retention.CLASSES), model
        assert ("transient" in said) == hasattr(model, "retention_days"), model
    assert set(retention.OF_OTHERS.values()) <= set(retention.CLASSES)


@pytest.mark.parametrize(
    ("model", "kept_for"),
    [
        (Draft, draft.KEPT_FOR),
        (ImportSheet, caseload_import.KEPT_FOR),
        (RecordExport, record_export.KEPT_FOR),
    ],
)
def test_what_is_swept_is_swept_when_it_says(model, kept_for):
    assert kept_for == timedelta(days=model.retention_days)


# -- what a client's tables give to a copy, and what in them never changes ------------

# Of any row, and said here once for all: the copy names practice and client above.
EACH = {"id", "practice", "client"}


def of_a_client():
    """The models with a way to a client: through however many tables, or by its id."""
    found = {Client, *(model for model in ours() if "client_id" in names_of(model))}
    while True:
        more = {
            model
            for model in ours()
            for field in model._meta.local_concrete_fields
            if field.related_model in found
        }
        if more <= found:
            return sorted(found, key=lambda model: model._meta.label)
        found |= more


def names_of(model):
    return {field.name for field in model._meta.local_concrete_fields}


@pytest.mark.parametrize("model", of_a_client(), ids=lambda m: m.__name__)
def test_what_is_declared_of_a_clients_table_is_there(model):
    left_out = getattr(model, "not_exported", {})
    if isinstance(left_out, dict):
        assert all(left_out.values())
        assert set(left_out) <= names_of(model)
    if model.frozen != "__all__":
        assert set(model.frozen) <= names_of(model) - {"id", "client"}


@pytest.mark.django_db
@pytest.mark.parametrize("model", of_a_client(), ids=lambda m: m.__name__)
def test_a_field_may_be_updated_by_the_web_or_is_named_frozen(model):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.column_privileges"
            " WHERE table_name = %s AND privilege_type = 'UPDATE'"
            " AND grantee IN ('cairn_web', 'PUBLIC')",
            [model._meta.db_table],
        )
        granted = {name for (name,) in cursor.fetchall()}
    frozen = names_of(model) if model.frozen == "__all__" else EACH | set(model.frozen)
    changing = {
        field.column
        for field in model._meta.local_concrete_fields
        if field.name not in frozen
    }
    assert granted == changing, (
        "what may change is said twice: `update=` of its SecureRows, in the migration,"
        " and `frozen` of the model, which names all other fields"
    )


# Where a copy has a field under another name.
RENAMED = {
    (ProgressNote, "session"): "session_id",
    (ProgressNote, "body"): "text",
    (NoteAddition, "note"): "session_id",
}


def table_of(model, record) -> list[dict]:
    if model in (Client, ClientBackground):
        return [record["person"]]
    if model is ContactPreferences:
        return [record["contact"]]
    own = {
        ProgressNote: "notes",
        NoteAddition: "note_additions",
        ContactWish: "contact_wishes",
    }
    listed = {model: name for name, model, *_order in read.TABLES}
    return record.get({**listed, **own}.get(model), [])


def exported(model):
    return [
        field
        for field in model._meta.local_concrete_fields
        if field.name not in {*EACH, *getattr(model, "not_exported", {})}
    ]


def wholly_exported():
    return [
        model
        for model in of_a_client()
        if not isinstance(getattr(model, "not_exported", {}), str)
    ]


def said_of(row, field):
    """The value as a copy has it."""
    if field.related_model is User:
        person = getattr(row, field.name)
        return person.name if person else None
    value = read.plain(getattr(row, field.attname))
    return value if value != "" else None


@pytest.fixture
def copies(cleo, thea):
    """A record with something of everything in it, as Thea and as Cleo take it."""
    record_of(cleo, thea)
    fill_the_gaps(cleo, thea)
    found = []
    for who in (thea, cleo.user):
        with acting_as(who.pk):
            client = Client.objects.get(pk=cleo.pk)
            found.append(json.loads(as_json(read.read_record(client, who))))
    return found


def fill_the_gaps(cleo, thea):
    """What no verb wrote above, past triggers and checks of who writes."""
    with acting_as(cleo.user.pk), transaction.atomic():
        review = Review.objects.get(client=cleo)
        review.answer({"goal_fits": "yes", "choice": "keep"}, by=cleo.user)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in wholly_exported():
            for number, field in enumerate(exported(model)):
                fill(model, field, number, cleo)
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")


def fill(model, field, number, cleo):
    rows = list(rows_of(model, cleo))
    if any(said_of(row, field) is not None for row in rows):
        return
    assert rows, f"{model.__name__} has no row: add one to record_of()"
    row = rows[0]
    if field.is_relation:
        value = rows_of(field.related_model, cleo).first().pk
    elif isinstance(field, models.DateTimeField):
        value = timezone.now() + timedelta(hours=number)
    elif isinstance(field, models.DateField):
        value = date(2031, 1, 1 + number)
    elif isinstance(field, models.UUIDField):
        value = TherapySession.objects.filter(client=cleo).first().pk
    elif field.choices:
        value = field.choices[0][0]
    else:
        value = f"{model.__name__} {number}"
    if isinstance(field, EncryptedTextField):
        value = field.seal(row, value)
    model.objects.filter(pk=row.pk).update(**{field.attname: value})


def rows_of(model, cleo):
    if model is User:
        return User.objects.filter(pk=cleo.user_id)
    if model is Client:
        return Client.objects.filter(pk=cleo.pk)
    return model.objects.filter(client_id=cleo.pk).order_by("pk")


@pytest.mark.django_db
def test_each_field_of_a_client_is_in_the_copy_or_left_out_with_a_reason(copies, cleo):
    missing = []
    for model in wholly_exported():
        of = (
            copies[:1] if model is ClientBackground else copies
        )  # the therapist's alone
        for field in exported(model):
            values = {said_of(row, field) for row in rows_of(model, cleo)} - {None}
            for copy in of:
                if not is_in(copy, model, field, values):
                    missing.append(f"{model.__name__}.{field.name}")
    assert not missing, "export it, or say why not: `not_exported` of its model"


def is_in(copy, model, field, values) -> bool:
    """Whether the copy has this field filled, with its values and no other's."""
    keys = (RENAMED.get((model, field.name)), field.attname, field.name)
    table = table_of(model, copy)
    for key in keys:
        shown = {row[key] for row in table if key in row} - {None, ""}
        if model is ProgressNote and key == "text":
            return bool(shown) and all(any(v in text for v in values) for text in shown)
        if shown:
            return shown <= values
    return False


@pytest.mark.django_db
def test_the_words_that_are_left_out_are_in_no_copy(copies, cleo):
    left_out = {
        said_of(row, field)
        for model in of_a_client()
        for row in rows_of(model, cleo)
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
        and (model not in wholly_exported() or field not in exported(model))
    } - {None}
    assert len(left_out) >= 5
    for copy in copies:
        told = json.dumps(copy, ensure_ascii=False)
        assert not [words for words in left_out if words in told]
    concern = ClientBackground.objects.get(client=cleo).presenting_concern
    assert [concern in json.dumps(copy) for copy in copies] == [True, False]
