"""Lines of one moment keep their order: every list that is ordered ends with a column
that no two of its rows share, so that no reload and no copy shuffles them."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = [
    "accounts",
    "clients",
    "appointments",
    "goals",
    "toolkit",
    "notes",
    "transfer",
    "overview",
    "digests",
    "portal",
]
UNIQUE = {"pk", "id", "number", "version__number"}  # numbers count within one goal
# Distinct on what they are ordered by, or grouped by it.
WHOLE = {
    ("accounts/models/practice.py", "name"),
    ("digests/deliveries_page.py", "reason"),
    ("goals/page_queries.py", "side"),
    ("portal/access_log_page.py", "day"),
}


def orders(path: Path):
    """The line and the last column of each `order_by()` with columns in the source."""
    for node in ast.walk(ast.parse(path.read_text())):
        is_order = isinstance(node, ast.Call) and node.args
        if is_order and getattr(node.func, "attr", "") == "order_by":
            last = node.args[-1]
            yield node.lineno, last.value if isinstance(last, ast.Constant) else ""


def sources():
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            if not {"tests", "migrations"} & set(path.parts):
                yield path


@pytest.mark.parametrize(
    "path", list(sources()), ids=lambda path: str(path.relative_to(ROOT))
)
def test_what_is_ordered_is_ordered_to_the_end(path):
    name = str(path.relative_to(ROOT))
    for line, column in orders(path):
        bare = column.lstrip("-")
        assert bare in UNIQUE or (name, bare) in WHOLE, f"{name}:{line} {column}"
