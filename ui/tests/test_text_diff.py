import difflib
import random
import re
import sys

import pytest
from django.db import transaction

from database.identity import acting_as
from goals.models import Goal
from ui import text_diff
from ui.text_diff import only_here, stored, word_diff

OLD = "Take the bus into town on my own, and stay on"
NEW = "Take the bus into town on my own twice a week, and stay on without Jo"


def test_new_words_are_marked_in_place():
    diff = word_diff(OLD, NEW)
    assert (
        "on my own <ins>twice a week</ins>, and stay on <ins>without Jo</ins>" in diff
    )


def test_removed_words_are_struck_through():
    diff = word_diff("Sleep without it", "Fall asleep without it")
    assert diff == "<del>Sleep</del> <ins>Fall asleep</ins> without it"


@pytest.mark.parametrize("old", ["", OLD, "<b>&", "a  b"])
@pytest.mark.parametrize("new", ["", NEW, "<i>\n\nx", "b  a"])
def test_the_new_text_is_complete_and_escaped(old, new):
    diff = word_diff(old, new)
    kept = re.sub(r"<del>.*?</del> ?", "", diff, flags=re.S)
    plain = re.sub(r"</?ins>", "", kept)
    assert "<" not in plain
    assert plain.split() == new.replace("<", "&lt;").replace(">", "&gt;").split()


def test_two_texts_mark_what_only_one_has():
    here = only_here(
        "Came in tired. Hands shook.\n\nDecember.", "Came in tired.\n\nDecember."
    )
    assert here.count("<p>") == 2
    assert "<ins>" in here and "Hands shook" in here


def test_an_entirely_different_note_has_no_marks():
    rng = random.Random(7)
    one, other = ("\n\n".join(rng.choices("ab", k=3000)) for _ in range(2))
    assert "<ins>" not in only_here(one, other)
    assert only_here(one, other).count("<p>") == 3000


def test_a_long_note_is_compared_by_paragraph():
    rng = random.Random(7)
    common = [" ".join(rng.choices(["went", "out", "slept"], k=300)) for _ in range(20)]
    mine = "\n\n".join(["Slept badly.", *common[:9], "Walked.", *common[9:]])
    theirs = "\n\n".join([*common[:4], "Ate.", *common[4:], "Called Jo."])
    here = only_here(mine, theirs)
    assert re.findall("<ins>(.*?)</ins>", here) == ["Slept badly.", "Walked."]


# -- cost of a comparison -------------------------------------------------------------


class TooMuchWork(Exception):
    pass


@pytest.fixture
def work():
    """Run something; return how many lines the library's comparison took, or
    TooMuchWork."""

    def counted(most, compare, *texts):
        count = 0

        def line(frame, event, arg):
            nonlocal count
            count += event == "line"
            if count > most:
                raise TooMuchWork
            return line

        def call(frame, event, arg):
            return line if frame.f_code.co_filename == difflib.__file__ else None

        before = sys.gettrace()
        sys.settrace(call)
        try:
            compare(*texts)
        finally:
            sys.settrace(before)
        return count

    return counted


def of_few(many, kinds, between, seed):
    return between.join(random.Random(seed).choices(kinds, k=many))


HARD = {
    "500 characters of two words": [of_few(250, "ab", " ", n) for n in (1, 2)],
    "500 characters, other signs": [".".join("ab" * 125), ",".join("ba" * 125)],
    "one word moved": ["a " * 249 + "b", "b " + "a " * 249],
    "notes of 18 KB": [of_few(3600, "pqrst", " and ", n) for n in (1, 2)],
    "160,000 characters": [of_few(80_000, "abc", " ", n) for n in (1, 2)],
    "160,000 dots": ["." * 160_000, "," * 80_000 + "." * 80_000],
    "50,000 paragraphs": [of_few(50_000, "abc", "\n\n", n) for n in (1, 2)],
}


@pytest.mark.parametrize("compare", [word_diff, only_here])
@pytest.mark.parametrize("kind", HARD)
def test_no_two_texts_cost_more_than_the_limit(work, kind, compare):
    one, other = HARD[kind]
    # Each comparison is up to eight lines of the library, and it visits each word.
    most = 2 * 8 * text_diff.MOST_COMPARISONS + 20 * (len(one) + len(other))
    assert work(most, compare, one, other) <= most


@pytest.mark.parametrize("kind", HARD)
def test_a_stored_comparison_is_shown_without_comparing(work, kind):
    one, other = HARD[kind]
    lengths = stored(one, other)
    assert work(0, word_diff, one, other, lengths) == 0
    assert word_diff(one, other, lengths) == word_diff(one, other)


@pytest.mark.parametrize("old", ["", OLD, "a  b", "a\r\nb", "<b>&"])
@pytest.mark.parametrize("new", ["", NEW, "b  a", "a\nb", "<i>\r\n\r\nx"])
def test_a_stored_comparison_gives_the_same_result(old, new):
    assert word_diff(old, new, stored(old, new)) == word_diff(old, new)


def test_a_comparison_of_other_texts_is_rejected():
    assert word_diff(OLD, NEW, stored("something", "else")) == word_diff(OLD, NEW)


def test_opening_a_goal_compares_nothing(sign_in, cleo, thea, work):
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.propose(cleo, {"own_words": "Sleep without it"}, by=thea)
    with acting_as(cleo.user_id), transaction.atomic():
        goal.latest.agree(by=cleo.user)
    with acting_as(thea.pk), transaction.atomic():
        goal.propose_version({"own_words": "Fall asleep without it"}, by=thea)
    for browser, url in (
        (sign_in(thea), f"/goals/{goal.pk}/"),
        (sign_in(cleo.user), f"/portal/goals/{goal.pk}/"),
    ):
        page = []
        assert work(0, lambda: page.append(browser.get(url))) == 0  # noqa: B023
        words = "<del>Sleep</del> <ins>Fall asleep</ins> without it"
        assert words in page[0].content.decode()
