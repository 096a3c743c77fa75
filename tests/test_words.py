"""What pages and emails say is plain, current English.

`words.md` of the design has the vocabulary; this list is a floor, not the aim.
"""

import re
from pathlib import Path

import pytest

from tests import pseudo

LONGEST = 25  # words in a sentence
SENTENCE_END = re.compile(r"(?<=[.?!])\s+|\n+")
MARKUP = re.compile(r"<[^>]+>|%\(\w+\)s")
# A pattern that does not belong on screen, and what to say in its place.
NOT_ON_SCREEN = {
    r"(?<!first )\bletters\b": "characters, digits or emails",
    r"\bmails?\b(?! (server|settings))": "email",
    r"\be-mails?\b": "email",
    r"\b(ring|rings|rang|rung)\b": "call",
    r"\bwhoever\b": "name the person",
    r"\bsomebody\b": "someone",
    r"\banybody\b": "anyone",
    r"\beverybody\b": "everyone",
    r"\banew\b": "again",
    r"\bonce more\b": "again",
    r"\bkept\b(?! the current)": "save",
    r"\bholds? (from|for|that|true)\b": "takes effect",
    r"\bstands?\b(?! out)": "is shown, is listed",
    r"\bstanding in\b": "cover",
    r"\bmeanwhile\b": "in the meantime",
    r"\b(turn|take|hold|give)\w* ((a|the|my|your|their) )?keys?\b": "agree",
    r"\bkeys? back\b|\b(one|two|both|no|your) keys?\b|\bkey of\b": "agree",
    r"\bstone (is|was) laid\b|\blays? (a|the)\b": "step reached",
    r"\bjourney\b|\bthe whole way\b|\byour way\b": "timeline",
    r"\bcharter\b": "contact preferences",
    r"\bbr(ing|ought|inging) (\w+ )?in\b": "import",
    r"\bcame in\b": "was imported",
    r"\bmend\b": "fix",
    r"\bwho cares\b|\btreats whom\b": "care team",
    r"\blook(ed|s|ing)? (at it )?again\b|\blooks? (whether|how far)\b": "review, check",
    r"\btak(e|es|en|ing) (it|mine|a \w+|that) back\b": "withdraw, remove",
    r"^say (it|something|yours)\b": "comment, post",
    r"\btalked about\b": "discussed",
    r"\b(if you like|when it suits)\b": "optional",
    r"\bnot any more\b|\bany more\b": "no longer",
    r"\bin force\b": "in effect",
    r"\bother words\b|\bnew words\b|\bearlier words\b|\bthese words\b": "wording",
    r"\bprove\b|\bproof\b": "confirm it's you",
    r"\bcome in\b|\bways in\b": "sign in",
    r"\bunder way\b": "running",
    r"\bhousekeeping\b|\btrail\b|\bdeliver(y|ies)\b": "access log, email log",
    r"\bhand-over\b": "handover",
    r"\bplease (write|type|give|fill|choose|tick)\b": "enter, choose",
    r"\bnobody (was|is) written to\b": "No emails were sent",
    r"\bmost it can have\b": "the maximum",
    r"\bmost for one day\b": "the limit",
    r"\bon any day\b": "at any time",
    r"\b(cancell(ed|ing)|behaviour|colour|organis|recognis|practis)": "US spelling",
    r"!(?!=)": "no exclamation marks",
}  # fmt: skip
PATTERNS = [(re.compile(p, re.I), better) for p, better in NOT_ON_SCREEN.items()]


def spoken(words):
    """The texts of one marked message, without a translator's context."""
    texts = [words] if isinstance(words, str) else [w for w in words if w]
    return [MARKUP.sub("…", text) for text in texts]


def said():
    """Every marked message of the program, with the file it is in."""
    for room in pseudo.ROOMS:
        for path in sorted((pseudo.BASE / room).rglob("*.py")):
            if "tests" not in path.parts:
                yield from ((path, name, w) for name, w in pseudo.in_python(path))
    for path in sorted((pseudo.BASE / "templates").rglob("*.*")):
        yield from ((path, name, w) for name, w in pseudo.in_template(path))


def wrong_words(text):
    return [
        f"“{found.group()}” in “{text}”: {better}"
        for pattern, better in PATTERNS
        if (found := pattern.search(text))
    ]


def long_sentences(text):
    return [part for part in SENTENCE_END.split(text) if len(part.split()) > LONGEST]


@pytest.fixture(scope="module")
def messages():
    found = [(path, text) for path, _, words in said() for text in spoken(words)]
    assert len(found) > 2500
    return found


def short(path: Path) -> str:
    return str(path.relative_to(pseudo.BASE))


def test_no_message_has_a_word_that_does_not_belong_on_screen(messages):
    found = {
        f"{short(path)}: {w}" for path, text in messages for w in wrong_words(text)
    }
    assert not found, "\n".join(sorted(found))


def test_no_sentence_is_longer_than_25_words(messages):
    found = {f"{short(p)}: {s}" for p, text in messages for s in long_sentences(text)}
    assert not found, "\n".join(sorted(found))


@pytest.mark.parametrize(
    "text",
    [
        "Kept.",
        "Your key is turned.",
        "It holds from the next page on.",
        "Somebody who is not yours",
        "At most 200 letters.",
        "A mail tells you.",
        "Nobody was written to.",
        "Ring now",
        "A session was cancelled.",
    ],
)
def test_the_check_would_notice(text):
    assert wrong_words(text)


def test_plain_words_pass():
    for text in ("Rating saved.", "Keyboard shortcuts", "Add a passkey", "Agree"):
        assert not wrong_words(text), text
    assert long_sentences("word " * 26)
    assert not long_sentences("word " * 24 + "end. " + "word " * 20)
