"""What a page shows is written in templates, not in Python, but for what `ui` draws."""

import ast
import re
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parent.parent
TAG = re.compile(
    r"(?<!\?P)</?(a|b|br|button|dd|div|dl|dt|em|form|h[1-6]|i|img|input|label|li|ol|option|p"
    r"|path|section|select|small|span|strong|svg|table|td|textarea|th|time|tr|ul|use)"
    r"[ />]"
)
# `ui` draws for all rooms; the mailbox of the demo has no Django.
FREE = ("ui", "tests", "bench", "ops/mail_page.py", "conftest.py", ".venv", "var")


def modules():
    for path in sorted(BASE.rglob("*.py")):
        place = path.relative_to(BASE).as_posix()
        if not place.startswith(FREE) and "/tests/" not in place:
            yield pytest.param(path, id=place)


def strings(tree):
    """Every text that is no docstring."""
    docs = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docs:
            yield node


def test_no_module_writes_the_html_of_a_page():
    found = [
        f"{place.id}:{node.lineno} {node.value[:60]!r}"
        for place in modules()
        for node in strings(ast.parse(place.values[0].read_text()))
        if TAG.search(node.value)
    ]
    assert not found, "\n".join(found)


def test_a_string_with_a_tag_would_be_found():
    [node] = strings(ast.parse('"""Doc with <b>."""\nshown = "<td class=1>"'))
    assert TAG.search(node.value)
