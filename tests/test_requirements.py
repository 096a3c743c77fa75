"""Each requirement of docs/security.md has a test that bears its number.

`@pytest.mark.requirement("R22")` on a test, or in a module's `pytestmark`.
"""

import ast
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
NUMBERS = [*range(1, 50), *range(51, 55), *range(58, 67)]
WANTED = {f"R{number}" for number in NUMBERS}
DO_NOT_APPLY = {
    "R14": "no file is kept: of a list its cells are read",
}
# Partly: what of it applies is tested, and this is what does not.
PARTLY = {
    "R13": "lists are tested, and that brought ones go; records have no such job yet",
    "R45": "downloads are tested; no file that was uploaded is kept or given back",
    "R49": "output is escaped; there is no Markdown and no HTML from people",
    "R62": "locks are hashed; pip-audit and an SBOM are the operator's",
}


def marks_of(path):
    for call in ast.walk(ast.parse(path.read_text())):
        name = getattr(getattr(call, "func", None), "attr", "")
        if isinstance(call, ast.Call) and name == "requirement":
            yield from (word.value for word in call.args)


def files_of_tests():
    for path in BASE.rglob("tests/**/test_*.py"):
        if ".venv" not in path.parts and "var" not in path.parts:
            yield path


def test_every_requirement_has_a_test_that_bears_its_number():
    carried = {mark for path in files_of_tests() for mark in marks_of(path)}
    missing = WANTED - carried - set(DO_NOT_APPLY)
    order = sorted(missing, key=lambda name: int(name[1:]))
    assert not missing, f"without a test: {', '.join(order)}"


def test_what_does_not_apply_is_in_the_page_of_security():
    page = (BASE / "docs" / "security.md").read_text()
    for name, _why in (DO_NOT_APPLY | PARTLY).items():
        assert f"| {name} |" in page
