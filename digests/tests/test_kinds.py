"""A kind of email is complete, or a test says what is missing. See docs/adding.md."""

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.urls import resolve
from django.utils import timezone
from django.utils.functional import Promise

from accounts.models import OutgoingEmail, User
from clients.models.contact_wish import USUAL
from conftest import admit
from digests import deliveries_page, kinds, schedule
from digests.kinds.base import Kind, PlannedKind, Stopped
from digests.tests.conftest import HOUR
from tests.test_declared import BASE, ROOMS

FOLDER = Path(kinds.__file__).parent
TEMPLATES = BASE / "templates" / "emails"
SHARED = {"__init__", "base", "weekly", "wishes"}  # modules without a kind
each = pytest.mark.parametrize("kind", kinds.EVERY, ids=lambda kind: kind.name)


@pytest.fixture
def about():
    """A row of each type that an email may be about."""
    now = timezone.now()
    return SimpleNamespace(pk=uuid4(), starts_at=now, expires_at=now)


def email(kind, to):
    now = timezone.now()
    return OutgoingEmail(
        practice_id=to.practice_id, recipient=to, kind=kind.name, period="2026-W48",
        about=uuid4(), due_at=now, not_after=now + HOUR, created_at=now,
    )  # fmt: skip


def test_each_module_has_one_kind_and_each_kind_is_listed():
    of_modules = {path.stem.replace("_", "-") for path in FOLDER.glob("*.py")}
    of_modules -= {name.replace("_", "-") for name in SHARED}
    assert of_modules == set(kinds.BY_NAME)
    assert len(kinds.BY_NAME) == len(kinds.EVERY)
    for kind in kinds.EVERY:
        assert type(kind).__module__.endswith(f".{kind.name.replace('-', '_')}")


@each
def test_a_kind_has_a_translated_label(kind):
    for words in (kind.subject, kind.label, *kind.reasons.values()):
        assert isinstance(words, Promise) and str(words)
    assert "name" in vars(type(kind)), "it has the name of the kind it is made from"
    longest = OutgoingEmail._meta.get_field("kind").max_length
    assert len(kind.name) <= longest


def test_no_two_kinds_have_the_same_label_in_the_email_log():
    assert len({str(kind.label) for kind in kinds.EVERY}) == len(kinds.EVERY)
    for kind in kinds.EVERY:
        for reason, words in kind.reasons.items():
            assert deliveries_page.why(reason) == str(words), (kind.name, reason)


@each
def test_a_kind_has_both_its_templates(kind):
    html = (TEMPLATES / f"{kind.name}.html").read_text()
    assert html.startswith('{% extends "emails/frame.html" %}')
    assert "{{ link }}" in (TEMPLATES / f"{kind.name}.txt").read_text()


def test_each_template_belongs_to_a_kind():
    found = {path.stem for path in TEMPLATES.iterdir()} - {"frame"}
    assert found == set(kinds.BY_NAME)


@each
def test_a_kind_links_to_an_existing_page(kind, thea, about):
    assert resolve(kind.link(email(kind, thea), thea, about))


@each
def test_the_subject_uses_only_the_variables_of_its_kind(kind, thea, about):
    words = kind.words(email(kind, thea), thea, about)
    assert "%" not in str(kind.subject) % words


@each
def test_no_kind_is_sent_to_people_it_is_not_for(kind, thea):
    """Not joined, and about a row that does not exist: no rule allows that."""
    beth = admit("Beth", by=thea, joined=False).user or thea
    User.objects.filter(pk=beth.pk).update(joined_at=None)
    beth.joined_at = None
    with pytest.raises(Stopped):
        kind.may_go(email(kind, beth), beth, timezone.now())


@each
def test_planned_kinds_are_held_after_a_restore_and_respect_quiet_hours(kind):
    is_planned = isinstance(kind, PlannedKind)
    assert kind.held_by_restore == kind.quiet_hours == is_planned
    assert is_planned == ("batches" in dir(kind))
    assert kind.due is None or isinstance(kind.due, schedule.Weekly)


def test_each_wish_belongs_to_a_kind_and_each_refusal_has_a_reason():
    asked = [kind for kind in kinds.EVERY if kind.wish]
    assert {kind.wish for kind in asked} == set(USUAL)
    for kind in asked:
        assert kind.unwanted in deliveries_page.REASONS, kind.name


# -- kinds queued by name --------------------------------------------------------------


class Passing(NamedTuple):
    """A function whose parameter at `index` is the kind that is queued."""

    index: int
    module: str  # "" for a method

    def is_called(self, call: ast.Call, module: str, tree: ast.AST) -> bool:
        if isinstance(call.func, ast.Attribute):
            base = ast.unparse(call.func.value)
            return not self.module or base == self.module.rpartition(".")[2]
        return module == self.module or any(
            isinstance(node, ast.ImportFrom)
            and node.module == self.module
            and call.func.id in {name.name for name in node.names}
            for node in ast.walk(tree)
        )


def queued_kinds(modules: dict[str, ast.AST]) -> list[ast.expr]:
    """The expression for the kind in each call that queues an email, also through a
    function that passes its parameter on."""
    found, passing = [], {"queue": Passing(1, "")}
    while passing:
        more = {}
        for module, tree in modules.items():
            for owner, function, call in calls_in(module, tree, passing):
                kind = call.args[passing[name_of(call)].index]
                names = [one.arg for one in function.args.args]
                if not (isinstance(kind, ast.Name) and kind.id in names):
                    found.append(kind)
                    continue
                is_method = isinstance(owner, ast.ClassDef)
                index = names.index(kind.id) - is_method
                more[function.name] = Passing(index, "" if is_method else module)
        passing = more
    return found


def calls_in(module, tree, passing):
    """Calls of these functions, each with the enclosing function and its class or
    module."""
    for owner in ast.walk(tree):
        if not isinstance(owner, (ast.Module, ast.ClassDef)):
            continue
        for function in owner.body:
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if not isinstance(call, ast.Call) or name_of(call) not in passing:
                    continue
                if passing[name_of(call)].is_called(call, module, tree):
                    yield owner, function, call


def name_of(call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def source_below() -> dict[str, ast.AST]:
    """The modules of all rooms except tests and this one, by name."""
    paths = [path for room in ROOMS for path in room.rglob("*.py")]
    return {
        ".".join(path.relative_to(BASE).with_suffix("").parts): ast.parse(
            path.read_text()
        )
        for path in paths
        if "tests" not in path.parts and path.relative_to(BASE).parts[0] != "digests"
    }


def values_of(kind) -> set[str]:
    if isinstance(kind, ast.IfExp):
        return values_of(kind.body) | values_of(kind.orelse)
    assert isinstance(kind, ast.Constant), f"not plain: {ast.unparse(kind)}"
    return {kind.value}


def test_every_queued_name_is_a_kind_and_each_kind_is_queued_or_planned():
    queued = set().union(*map(values_of, queued_kinds(source_below())))
    said_instead = {"account-exists"}  # see AddressConfirm.said_as
    assert queued <= set(kinds.BY_NAME)
    planned = {kind.name for kind in kinds.PLANNED}
    assert queued | said_instead == set(kinds.BY_NAME) - planned


def test_a_name_passed_on_by_a_function_is_found():
    below = """
def tell(who, kind, period):
    OutgoingEmail.queue(who, kind, period)
class Notice:
    def email(self, kind):
        tell(self.who, kind, "1")
"""
    above = """
from room.below import tell
def act(who, notice):
    tell(who, "lottery" if who else "raffle", "1")
    notice.email("raffle")
"""
    other = """
from toasts import tell
def act(request):
    tell(request, "Kept.", "")
"""
    rooms = {"room.below": below, "room.above": above, "room.other": other}
    found = queued_kinds({name: ast.parse(text) for name, text in rooms.items()})
    assert set().union(*map(values_of, found)) == {"lottery", "raffle"}
    assert len(found) == 2


def test_a_kind_without_its_texts_is_incomplete():
    half = type("Half", (Kind,), {"name": "half"})()
    with pytest.raises(AttributeError):
        test_a_kind_has_a_translated_label(half)
