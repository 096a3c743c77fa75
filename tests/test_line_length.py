"""Templates and style sheets can be read: no line is wider than a screen shows.

One tag of a template cannot be broken: `{% include "..." with a=b ... %}` may be longer
where it stands alone.
"""

import re
from pathlib import Path

BASE = Path(__file__).parent.parent
WIDEST = 120
ONE_TAG = re.compile(r"\s*\{% [^%]+ %\}")


def too_wide(*paths):
    return [
        f"{path.relative_to(BASE)}:{number}"
        for path in sorted(paths)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > WIDEST and not ONE_TAG.fullmatch(line)
    ]


def test_no_line_of_a_template_is_wider_than_120_columns():
    assert too_wide(*(BASE / "templates").rglob("*.html")) == []


def test_no_line_of_a_style_sheet_is_wider_than_120_columns():
    assert too_wide(*(BASE / "static/css").glob("*.css")) == []


def test_a_wide_line_would_be_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_line_length.BASE", tmp_path)
    page = tmp_path / "page.html"
    tag = '{% include "a.html" with ' + "x=y " * 40 + "%}"
    page.write_text(f"  {tag}\n<p>{tag}</p>\n" + "a" * 121)
    assert too_wide(page) == ["page.html:2", "page.html:3"]
