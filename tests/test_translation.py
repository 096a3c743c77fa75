"""Every word that a person reads is marked for translation where it stands."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parent.parent / "templates"
MARKED = re.compile(
    r"{%\s*blocktranslate.*?%}.*?{%\s*endblocktranslate\s*%}"
    r"|{%\s*block \w+_class.*?%}.*?{%\s*endblock.*?%}"
    r"|{%\s*comment.*?%}.*?{%\s*endcomment\s*%}"
    r"|{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->|<!doctype[^>]*>"
    r"|<style.*?</style>|<script.*?</script>",
    re.S | re.I,
)
# An attribute that is read aloud or shown, with letters in it that no tag wrote.
SPOKEN = re.compile(r'(?:aria-label|title|placeholder|alt|data-busy)="([^"]*)"')
TAG = re.compile(r"<[^>]*>", re.S)
ENTITY = re.compile(r"&[#\w]+;")
# Names and signs that are the same in every language.
NEUTRAL = {"Cairn", "·", "/", "n", "g", "t", "c", "d", "DAP", "v"}


def words_left(text):
    bare = MARKED.sub(" ", text)
    spoken = " ".join(SPOKEN.findall(bare))
    said = ENTITY.sub(" ", TAG.sub(" ", bare) + " " + spoken)
    return [word for word in re.findall(r"[^\W\d_]+", said) if word not in NEUTRAL]


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.*")), ids=lambda p: str(p.relative_to(TEMPLATES))
)
def test_a_template_holds_no_unmarked_word(path):
    assert not words_left(path.read_text())


def test_the_check_would_notice():
    assert words_left("<p>Hello {% translate 'you' %}</p>") == ["Hello"]
    assert words_left('<a title="Leave">{{ name }}</a>') == ["Leave"]
    assert not words_left("<p>{% translate 'Hello' %} {{ name }}</p>")
