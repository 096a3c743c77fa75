"""A language that nobody speaks, made of all the words that a translator would get.

    python -m tests.pseudo FOLDER     writes FOLDER/xa/LC_MESSAGES/django.mo

Every marked word comes out as ⟦Ŵöŕđ⟧, every date or time of a marked form in pointed
quotes, and its numbers have a decimal point of their own.  What is still plain on a
page rendered in it was not marked, or is somebody's own.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import django
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

LANGUAGE = "xa"
BASE = Path(__file__).resolve().parent.parent
ROOMS = (
    "ui", "accounts", "clients", "appointments", "goals", "toolkit", "notes",
    "transfer", "overview",
    "digests", "portal", "therapy",
)  # fmt: skip
FORMATS = {"date format", "time format"}  # contexts
KEYWORDS = dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"])
KEYWORDS |= dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2))
KEYWORDS |= dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2))
KEYWORDS |= dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3))
LETTERS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "ÀƁÇĐÈƑĜĤÎĴĶĻṀÑÖÞǪŔŠŢÛṼŴẊÝŽàƀçđéƒĝĥîĵķļṁñöþǫŕšţûṽŵẋýž",
)
# What a translator leaves as it is: placeholders, tags, entities, our own name.
KEPT = re.compile(r"%\([^)]*\)[a-z]|%[a-z%]|\{[^}]*\}|<[^>]*>|&\w+;|\bCairn\b")
MARKED = re.compile(r"\b(n?p?gettext)\(")


def pseudo(text: str, context: str | None = None) -> str:
    if context in FORMATS:
        return f"‹{text}›"
    parts, last = [], 0
    for kept in KEPT.finditer(text):
        parts += [text[last : kept.start()].translate(LETTERS), kept.group()]
        last = kept.end()
    return f"⟦{''.join([*parts, text[last:].translate(LETTERS)])}⟧"


def in_python(path: Path):
    with path.open("rb") as file:
        for _line, _name, words, _notes in extract_python(file, KEYWORDS, [], {}):
            yield _name, words


def in_template(path: Path):
    """Django turns a template into something like Python; its calls are whole."""
    source = templatize(path.read_text(), origin=str(path))
    for call in MARKED.finditer(source):
        yield call.group(1), _arguments(source, call.end())


def _arguments(source: str, begin: int) -> tuple[str, ...]:
    """The literal strings of the call whose bracket opens before `begin`."""
    depth, place, quote = 1, begin, ""
    while depth:
        sign = source[place]
        if quote:
            place += sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        else:
            depth += {"(": 1, ")": -1}.get(sign, 0)
        place += 1
    found = ast.parse(f"f({source[begin : place - 1]})", mode="eval").body.args
    return tuple(one.value for one in found if isinstance(one, ast.Constant))


def marked():
    """(context, words, words of many) of everything of ours that is marked."""
    files = [
        (path, in_python) for room in ROOMS for path in (BASE / room).rglob("*.py")
    ]
    files = [(path, by) for path, by in files if "tests" not in path.parts]
    files += [(path, in_template) for path in (BASE / "templates").rglob("*.*")]
    for path, by in files:
        for name, words in by(path):
            words = (words,) if isinstance(words, str) else tuple(words)
            context, words = (words[0], words[1:]) if "p" in name[:2] else (None, words)
            if words and words[0]:
                yield context, words[0], words[1] if name[0] == "n" else None


def libraries():
    """The same of Django and the others, from the catalogues they come with."""
    site = Path(django.__file__).parent.parent
    for pattern in ("django/**/locale/en/LC_MESSAGES/django.po",
                    "django/**/locale/de/LC_MESSAGES/django.po",
                    "allauth/**/locale/de/LC_MESSAGES/django.po",
                    "crispy*/**/locale/de/LC_MESSAGES/django.po"):  # fmt: skip
        for path in site.glob(pattern):
            with path.open("rb") as file:
                for message in read_po(file):
                    one, *many = message.id if message.pluralizable else [message.id]
                    if one:
                        yield message.context, one, many[0] if many else None


def write(folder: Path) -> Path:
    """Compile the language; the folder is one for LOCALE_PATHS."""
    catalog = Catalog(locale="en")
    for context, one, many in {*libraries(), *marked()}:
        if many is None:
            catalog.add(one, pseudo(one, context), context=context)
        else:
            said = (pseudo(one, context), pseudo(many, context))
            catalog.add((one, many), said, context=context)
    path = folder / LANGUAGE / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_mo(file, catalog)
    return path


if __name__ == "__main__":
    print(write(Path(sys.argv[1])))
