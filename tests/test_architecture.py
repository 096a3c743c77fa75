"""A room imports only rooms below it, and has no cycle; imports in functions count.

Modules stay short, and no two classes share a name.
"""

import ast
from collections import Counter
from pathlib import Path

import grimp
import pytest

BASE = Path(__file__).parents[1]

STAIR = [  # from the top down
    "therapy",
    "portal",
    "digests",
    "overview",
    "transfer",
    "notes",
    "toolkit",
    "goals",
    "appointments",
    "clients",
    "accounts",
    "ui",
    "database",
]


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*STAIR, cache_dir=None)


@pytest.mark.parametrize("room", STAIR)
def test_a_room_imports_only_rooms_below_it(graph, room):
    above = STAIR[: STAIR.index(room)]
    climbing = [
        detail
        for module in graph.find_descendants(room) | {room}
        if ".tests" not in module  # a test may look at the house from outside
        for other in graph.find_modules_directly_imported_by(module)
        if other.split(".")[0] in above
        for detail in graph.get_import_details(importer=module, imported=other)
    ]
    assert not climbing


# A goal and its versions are one aggregate: neither is written without the other.
AGGREGATE = "goals.models"


def cycles(graph, room) -> list[list[str]]:
    """Groups of modules of a room, each of which imports its way to all others."""
    modules = [
        module
        for module in graph.find_descendants(room) | {room}
        if not {"tests", "migrations"} & set(module.split("."))
    ]
    reached = {
        module: graph.find_downstream_modules(module) & set(modules)
        for module in modules
    }
    found = {
        frozenset(other for other in reached[module] if module in reached[other])
        for module in modules
    }
    return [sorted(group) for group in found if len(group) > 1]


@pytest.mark.parametrize("room", STAIR)
def test_a_room_has_no_cycle(graph, room):
    knots = [
        group
        for group in cycles(graph, room)
        if not all(module.startswith(AGGREGATE) for module in group)
    ]
    assert not knots


LONGEST = 400  # lines of a module
LONG = {"therapy/demo/words.py"}  # what the people of the demo say
SAME = {"Command", "Migration"}  # Django asks for these names


def modules():
    """Every module of the rooms, but tests and migrations."""
    for room in STAIR:
        for path in sorted((BASE / room).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.parts):
                yield path


def test_no_module_is_longer_than_one_can_hold_in_mind():
    long = {
        str(path.relative_to(BASE))
        for path in modules()
        if len(path.read_text().splitlines()) > LONGEST
    }
    assert long == LONG


def test_a_class_has_a_name_of_its_own():
    named = Counter(
        node.name
        for path in modules()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef)
    )
    assert not [name for name, many in named.items() if many > 1 and name not in SAME]
