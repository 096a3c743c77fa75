"""Two texts of one note: Thea sees both and chooses; neither is lost silently."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from clients.models import Draft
from database.identity import acting_as
from notes.conflict import together
from notes.tests.test_session import kept, note_of, said
from tests.cast import agreed_goal
from toolkit.models import Assignment


def in_form(answer, name="part0"):
    """The value of a text field of the form."""
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
def test_a_choice_fills_the_form_and_only_the_next_click_saves_it(
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


def test_the_text_that_was_not_chosen_is_stored(
    sign_in, thea, session, saved_elsewhere
):
    browser = sign_in(thea)
    sent(browser, session, "save", **MINE)
    sent(browser, session, "use-theirs", **MINE)
    page = browser.get(f"/sessions/{session.pk}/").content.decode()
    assert "Mine alone." in page


def test_ratings_follow_the_chosen_text(sign_in, thea, cleo, session):
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
    """Too long to compare: the page shows both without marks."""
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
def test_both_together_have_each_paragraph_once(mine, theirs, both):
    assert together(mine, theirs) == both


# -- other fields of the other tab -----------------------------------------------------


@pytest.fixture
def exercise(cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        row = Assignment.agree(cleo, "Breathe at the stop", by=thea)
    Assignment.objects.update(set_at=timezone.now() - timedelta(days=3))
    return row


@pytest.fixture
def all_elsewhere(sign_in, thea, cleo, session, exercise):
    """The other tab typed into every field; revision 1."""
    goal = agreed_goal(cleo, thea)
    rating, answer = f"rating-{goal.pk}", f"answer-{exercise.pk}"
    theirs = {"part0": "Theirs", "practice": "Theirs: two buses", rating: "0",
              "take_away": "Theirs: it ends", answer: "did"}  # fmt: skip
    assert kept(sign_in(thea), session, **theirs).status_code == 200
    return theirs


def test_the_page_with_both_shows_all_of_the_saved_text(
    sign_in, thea, session, all_elsewhere
):
    answer = sent(sign_in(thea), session, "save", part0="Mine")
    page = answer.content.decode()
    panel = page.partition('id="other-h"')[2].partition("</section>")[0]
    assert answer.status_code == 409
    for text in ("Theirs", "Theirs: two buses", "Theirs: it ends", "Did it", "0"):
        assert text in panel, text
    for label in ("Data", "Exercise until next session", "Client’s takeaway"):
        assert label in panel, label


def test_text_in_both_is_not_repeated_beside_the_parts(
    sign_in, thea, session, all_elsewhere
):
    mine = all_elsewhere | {"part0": "Mine"}
    page = sent(sign_in(thea), session, "save", **mine).content.decode()
    panel = page.partition('id="other-h"')[2].partition("</section>")[0]
    assert "Theirs: two buses" not in panel
    assert "Did it" not in panel


def test_autosave_answers_with_all_of_the_saved_text(
    sign_in, thea, session, all_elsewhere
):
    answer = kept(sign_in(thea), session, part0="Mine", practice="", take_away="Mine")
    assert answer.status_code == 409
    text = answer.json()["text"]
    for said_there in ("Theirs: two buses", "Theirs: it ends", "Did it", "0"):
        assert said_there in text


def test_both_together_add_the_ratings_and_answers_that_mine_lacks(
    sign_in, thea, session, all_elsewhere
):
    answer = sent(sign_in(thea), session, "use-both", part0="Mine", practice="")
    for name, text in all_elsewhere.items():
        if name.startswith(("rating", "answer")):
            assert str(in_form(answer, name)) == text
    assert in_form(answer, "practice") == "Theirs: two buses"
    mine = {name: "not" for name in all_elsewhere if name.startswith("answer")}
    mine |= {name: "7" for name in all_elsewhere if name.startswith("rating")}
    answer = sent(sign_in(thea), session, "use-both", **mine)
    for name, text in mine.items():
        assert str(in_form(answer, name)) == text


# -- text set aside on the server ------------------------------------------------------


def offered(browser, session):
    """The text that the page offers and that is not in the note."""
    page = browser.get(f"/sessions/{session.pk}/").content.decode()
    return page.partition("typed-back")[2].partition("</section>")[0]


def test_saving_something_else_keeps_what_was_set_aside(
    sign_in, thea, session, saved_elsewhere
):
    browser = sign_in(thea)
    sent(browser, session, "save", **MINE)
    sent(browser, session, "save", revision="1", part0="A third text")
    assert "Mine alone." in offered(browser, session)
    browser.post(f"/sessions/{session.pk}/", {"act": "discard"})
    assert not offered(browser, session)


@pytest.mark.parametrize("act", ["use-mine", "use-both"])
def test_saving_all_of_it_deletes_what_was_set_aside(
    sign_in, thea, session, saved_elsewhere, act
):
    browser = sign_in(thea)
    sent(browser, session, "save", **MINE)
    answer = sent(browser, session, act, **MINE)
    names = ("revision", "part0", "part1", "part2", "practice", "take_away")
    form = {name: in_form(answer, name) for name in names}
    sent(browser, session, "save", **form)
    assert not Draft.objects.exists()


def test_a_second_conflict_keeps_what_the_first_set_aside(
    sign_in, thea, cleo, session, saved_elsewhere
):
    goal = agreed_goal(cleo, thea)
    browser = sign_in(thea)
    rated = {f"rating-{goal.pk}": "9"}
    kept(browser, session, part0="The first tab's", take_away="A wave", **rated)
    kept(browser, session, part0="The second tab's", take_away="")
    found = offered(browser, session)
    for text in ("The first tab&#x27;s", "The second tab&#x27;s", "A wave", ">9<"):
        assert text in found, text


def test_the_same_text_again_is_set_aside_once(sign_in, thea, session, saved_elsewhere):
    browser = sign_in(thea)
    for text in ("Half a sen", "Half a sen", "Half a sen\n\nand more"):
        kept(browser, session, part0=text)
    assert offered(browser, session).count("Half a sen") == 1


def test_a_text_at_its_limit_is_set_aside_whole(
    sign_in, thea, session, saved_elsewhere
):
    browser = sign_in(thea)
    for letter in "ab":
        kept(browser, session, part0=letter * 40_000, take_away=letter * 500)
    found = offered(browser, session)
    for letter in "ab":
        assert letter * 40_000 in found
        assert f">{letter * 500}" in found or f"\n{letter * 500}" in found


def test_discarding_works_wherever_the_text_is_shown(sign_in, thea, session):
    """Also after a form of the same page was returned with an error."""
    browser = sign_in(thea)
    sent(browser, session, "sign", part0="Signed")
    sent(browser, session, "save", part0="Too late")
    page = browser.post(f"/sessions/{session.pk}/hold/", {"reason": ""})
    form = page.content.decode().partition("typed-back")[2].partition("</form>")[0]
    action = form.partition('<form method="post" action="')[2].partition('"')[0]
    browser.post(action, {"act": "discard"})
    assert not offered(browser, session)


def test_text_in_the_note_itself_cannot_be_discarded(
    sign_in, thea, session, all_elsewhere
):
    browser = sign_in(thea)
    browser.post(f"/sessions/{session.pk}/missed/")
    found = offered(browser, session)
    assert "Theirs: two buses" in found
    assert "What this note also holds" in found
    assert "Discard" not in found
    assert "could not save" not in found
