"""The stair: a room imports only rooms below it (imports inside functions count)."""

import grimp
import pytest

STAIR = [  # from the top down
    "therapy",
    "portal",
    "digests",
    "progress",
    "toolkit",
    "goals",
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
