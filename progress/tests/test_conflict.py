"""Two texts of one note: Thea sees both and chooses; neither is lost silently."""

from datetime import timedelta

import pytest
from django.utils import timezone

from progress.conflict import together
from progress.tests.cast import agreed_goal, book
from progress.tests.test_session import kept, note_of, said


@pytest.fixture
def session(cleo, thea):
    return book(cleo, thea, at=timezone.now() - timedelta(minutes=50))


def in_form(answer, name="part0"):
    """What a text field of the form holds."""
    [field] = [
        one for one in answer.context["form"] if one.name == name
    ]  # fmt: skip
    return field.value()


def sent(browser, session, act, **changes):
    return browser.post(f"/sessions/{session.pk}/", said(act=act, **changes))


@pytest.fixture
def saved_elsewhere(sign_in, thea, session):
    """The other tab saved: revision 1."""
    theirs = {"part0": "Came in tired.\n\nTheirs alone.", "part1": "Their part."}
    assert kept(sign_in(thea), session, **theirs).status_code == 200
    return theirs


MINE = {"part0": "Came in tired.\n\nMine alone.", "part1": "My part."}


def test_the_page_offers_mine_theirs_and_both(sign_in, thea, session, saved_elsewhere):
    answer = sent(sign_in(thea), session, "save", **MINE)
    assert answer.status_code == 409
    page = answer.content.decode()
    for act in ("use-mine", "use-theirs", "use-both"):
        assert f'form="session" name="act" value="{act}"' in page


@pytest.mark.parametrize(
    ("act", "texts"),
    [
        ("use-mine", MINE),
        ("use-theirs", {"part0": "Came in tired.\n\nTheirs alone.",
                        "part1": "Their part."}),
        ("use-both", {"part0": "Came in tired.\n\nMine alone.\n\nTheirs alone.",
                      "part1": "My part.\n\nTheir part."}),
    ],
)  # fmt: skip
def test_a_choice_is_put_in_the_form_and_saved_by_the_next_press_alone(
    sign_in, thea, session, saved_elsewhere, act, texts
):
    browser = sign_in(thea)
    sent(browser, session, "save", **MINE)
    answer = sent(browser, session, act, **MINE)
    assert answer.status_code == 200
    for name, text in texts.items():
        assert in_form(answer, name) == text
    assert note_of(session, thea).parts[0] == saved_elsewhere["part0"]
    revision = str(in_form(answer, "revision"))
    assert sent(browser, session, "save", revision=revision, **texts).status_code == 302
    note = note_of(session, thea)
    assert note.parts[:2] == [texts["part0"], texts["part1"]]


def test_what_was_not_chosen_is_kept_until_the_note_is_saved(
    sign_in, thea, session, saved_elsewhere
):
    browser = sign_in(thea)
    sent(browser, session, "save", **MINE)
    sent(browser, session, "use-theirs", **MINE)
    page = browser.get(f"/sessions/{session.pk}/").content.decode()
    assert "Mine alone." in page


def test_ratings_follow_the_text_that_is_chosen(sign_in, thea, cleo, session):
    goal = agreed_goal(cleo, thea)
    browser, name = sign_in(thea), f"rating-{goal.pk}"
    kept(browser, session, part0="Theirs", **{name: "3"})
    mine = {"part0": "Mine", name: "7"}
    for act, value in (("use-mine", "7"), ("use-theirs", "3"), ("use-both", "7")):
        answer = browser.post(f"/sessions/{session.pk}/", said(act=act) | mine)
        assert str(in_form(answer, name)) == value, act


def test_a_third_text_meanwhile_is_shown_again(sign_in, thea, session, saved_elsewhere):
    browser = sign_in(thea)
    answer = sent(browser, session, "use-both", **MINE)
    revision = str(in_form(answer, "revision"))
    kept(browser, session, part0="A third text", revision="1")
    again = sent(browser, session, "save", revision=revision, part0="Both")
    assert again.status_code == 409
    assert note_of(session, thea).parts[0] == "A third text"


def test_a_choice_after_the_note_was_signed_changes_nothing(sign_in, thea, session):
    browser = sign_in(thea)
    sent(browser, session, "sign", part0="Signed")
    for act in ("use-mine", "use-theirs", "use-both"):
        answer = sent(browser, session, act, part0="Mine alone.")
        assert "Mine alone." in answer.content.decode()
    assert note_of(session, thea).parts[0] == "Signed"


def test_two_notes_of_160_000_characters_are_both_shown_and_joined(
    sign_in, thea, session
):
    """Too much to compare: the page says both as they are, without marks."""
    theirs = {f"part{n}": f"theirs{n} " * 4_900 for n in range(4)}
    mine = {f"part{n}": f"a{n} b{n} " * 6_500 for n in range(4)}
    browser = sign_in(thea)
    assert kept(browser, session, **theirs).status_code == 200
    answer = sent(browser, session, "save", **mine)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert page.count("theirs0 ") >= 4_899
    assert page.count("a0 b0 ") >= 6_499
    assert page.count("<ins>") < 10
    answer = sent(browser, session, "use-both", **mine)
    for number in range(4):
        both = in_form(answer, f"part{number}")
        assert both.count(f"theirs{number} ") == 4_900
        assert both.count(f"a{number} b{number} ") >= 6_499


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ("", "Theirs", "Theirs"),
        ("Mine", "", "Mine"),
        ("Same", "Same", "Same"),
        ("A\r\n\r\nB", "A\n\nC", "A\n\nB\n\nC"),
        ("A\n\nB", "B\n\nA", "A\n\nB"),
        ("A \n\n", "B", "A\n\nB"),
        (" ", " \n\n ", " "),
    ],
)
def test_both_together_say_each_paragraph_once(mine, theirs, both):
    assert together(mine, theirs) == both
