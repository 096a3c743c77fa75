import re

import pytest

from goals.differences import only_here, word_diff

OLD = "Take the bus into town on my own, and stay on"
NEW = "Take the bus into town on my own twice a week, and stay on without Jo"


def test_new_words_are_marked_where_they_stand():
    diff = word_diff(OLD, NEW)
    assert (
        "on my own <ins>twice a week</ins>, and stay on <ins>without Jo</ins>" in diff
    )


def test_words_taken_out_are_struck():
    diff = word_diff("Sleep without it", "Fall asleep without it")
    assert diff == "<del>Sleep</del> <ins>Fall asleep</ins> without it"


@pytest.mark.parametrize("old", ["", OLD, "<b>&", "a  b"])
@pytest.mark.parametrize("new", ["", NEW, "<i>\n\nx", "b  a"])
def test_the_new_text_is_all_there_and_nothing_is_markup(old, new):
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
