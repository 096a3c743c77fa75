"""Every page and mail in a language that nobody speaks: what is plain was forgotten."""

import json
import re
from html.parser import HTMLParser

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import models
from django.urls import reverse
from django.utils import formats
from django.utils.translation import trans_real

from accounts.models import User
from digests.tests.conftest import in_berlin
from digests.tests.test_words import post_of_every_kind, texts_of
from tests import pseudo
from tests.test_walk import ALL, rows
from ui.time_zones import ZONES

__all__ = ["in_berlin", "post_of_every_kind", "rows"]  # fixtures

SPOKEN = {"aria-label", "title", "placeholder", "alt", "data-busy", "data-words"}
SILENT = {"script", "style"}
PLAIN = re.compile(r"[A-Za-z]{2,}")
DATED = re.compile(r"‹[^›]*›|\{\w+\}")  # and what a script puts in
MARK = re.compile(r"\b[0-9a-f]{4} [0-9a-f]{4}\b")  # of a version's content
DECIMAL = re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])")
MONTHS = "January February March April May June July August September October"
MONTHS += " November December Jan Feb Mar Apr Jun Jul Aug Sep Oct Nov Dec"
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Wed Thu Fri"
CALENDAR = re.compile("|".join(map(pseudo.pseudo, f"{MONTHS} {DAYS} Sat Sun".split())))
# Names, signs and keys that are the same in every language.
NEUTRAL = {
    "Cairn", "DAP", "SOAP", "BIRP", "GIRP", "PDF", "ZIP", "CSV", "GAS", "UTC", "Shift",
    "Excel", "Alt", "QR", "English",
}  # fmt: skip


class Words(HTMLParser):
    """What a page shows or reads aloud, piece by piece."""

    def __init__(self):
        super().__init__()
        self.said, self.within = [], []

    def handle_starttag(self, tag, attrs):
        if tag in SILENT:
            self.within.append(tag)
        for name, value in attrs:
            if name in SPOKEN and value:
                if name == "data-words":
                    value = " ".join(map(str, json.loads(value).values()))
                self.said.append(value)

    def handle_endtag(self, tag):
        if self.within and tag == self.within[-1]:
            self.within.pop()

    def handle_data(self, data):
        if not self.within:
            self.said.append(data)


@pytest.fixture
def pseudo_language(tmp_path, settings):
    """Compiled anew, and forgotten afterwards."""
    pseudo.write(tmp_path)
    settings.LOCALE_PATHS = [tmp_path]
    settings.FORMAT_MODULE_PATH = "tests.pseudo_formats"
    forget()
    yield pseudo.LANGUAGE
    forget()


def forget():
    trans_real._translations.pop(pseudo.LANGUAGE, None)
    formats.reset_format_cache()


def typed() -> set[str]:
    """Every word that stands in the database: somebody's own, in no tongue of ours."""
    said = set()
    for model in apps.get_models():
        texts = [f for f in model._meta.local_fields
                 if isinstance(f, models.CharField | models.TextField)]  # fmt: skip
        for row in model._base_manager.all() if texts else []:
            for each in texts:
                said |= set(PLAIN.findall(str(getattr(row, each.attname))))
    return said


def words_of(html: str) -> list[str]:
    reader = Words()
    reader.feed(html)
    return reader.said


def forgotten(pieces, own) -> set[str]:
    found = set()
    for piece in pieces:
        undated = MARK.sub(" ", DATED.sub(" ", piece))
        left = [word for word in PLAIN.findall(undated) if word not in own]
        if left or CALENDAR.search(undated) or DECIMAL.search(undated):
            found.add(" ".join(piece.split()))
    return found


def pages_of(browser, rows):
    """(name, HTML) of every page that this person opens."""
    for pattern in ALL:
        names = list(pattern.pattern.converters)
        if not all(name in rows for name in names):
            continue
        for each in rows[names[0]] if names else [None]:
            ids = {name: rows[name][0] for name in names} | (
                {names[0]: each} if names else {}
            )
            answer = browser.get(reverse(pattern.name, kwargs=ids))
            kind = answer.get("Content-Type", "")
            if answer.status_code == 200 and kind.startswith("text/html"):
                yield pattern.name, answer.content.decode()


@pytest.mark.parametrize("who", ["thea", "ada", "cleo"])
def test_every_page_speaks_the_readers_language(
    who, request, rows, sign_in, pseudo_language
):
    found = request.getfixturevalue(who)
    User.objects.update(language=pseudo_language)
    Authenticator.objects.all().delete()  # else each page asks for the second step
    person = User.objects.get(pk=getattr(found, "user_id", found.pk))
    pages = list(pages_of(sign_in(person), rows))
    own = NEUTRAL | typed() | set(PLAIN.findall(" ".join(ZONES)))
    left = {
        name: said for name, html in pages if (said := forgotten(words_of(html), own))
    }
    assert len(pages) > 15
    assert not left


@pytest.fixture
def for_everybody(monkeypatch, pseudo_language):
    """Whoever joins from now on speaks it."""
    field = User._meta.get_field("language")
    monkeypatch.setattr(field, "default", pseudo_language)
    monkeypatch.setitem(field.__dict__, "_get_default", lambda: pseudo_language)


def test_every_mail_speaks_it(for_everybody, post_of_every_kind):
    own = NEUTRAL | typed()
    for kind, sent in post_of_every_kind.items():
        assert not forgotten(texts_of(sent), own), kind
