"""Cleo's strengths, wins, and how to celebrate progress."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import AuditEvent
from clients.models import Client, ContactPreferences, Draft
from goals.models import Strength, Win
from tests.cast import (
    PATIENCE,
    add_step,
    agreed_goal,
    answered,
    at_most,
    note_win,
    reach,
    strength,
)

HERE = "/portal/strengths/"


def told(answer):
    assert answer.status_code == 200
    return strip_tags(answer.content.decode())


def said(**more):
    return {"once": str(uuid4()), **PATIENCE, **more}


def url(name, found):
    return reverse(f"portal-{name}", args=[found.pk])


@pytest.fixture
def browser(sign_in, cleo):
    return sign_in(cleo.user)


@pytest.fixture
def offered(cleo, thea):
    return strength(cleo, by=thea)


# -- suggested strengths --------------------------------------------------------------


def test_a_strength_suggested_by_thea_waits_for_cleos_answer(browser, offered):
    page = told(browser.get(HERE))
    assert "Thea noticed this, today" in page and "Yes, that’s me" in page
    assert "No strengths yet." in page


def test_cleo_says_yes_and_it_is_added(browser, offered):
    answer = browser.post(url("strength-answer", offered), {"answer": "yes"})
    page = told(browser.get(answer.url))
    assert "Thea saw it" in page and "Thea noticed this" not in page
    offered.refresh_from_db()
    assert (offered.state, bool(offered.answered_at)) == ("accepted", True)


def test_cleo_says_no_and_undoes_it(browser, offered):
    browser.post(url("strength-answer", offered), {"answer": "no"})
    page = told(browser.get(HERE))
    assert "1 you said isn’t you" in page
    browser.post(url("strength-unanswer", offered))
    assert "Thea noticed this, today" in told(browser.get(HERE))
    offered.refresh_from_db()
    assert (offered.state, offered.answered_at) == ("proposed", None)


def test_cleo_can_change_no_to_yes(browser, offered, cleo):
    answered(offered, yes=False, by=cleo.user)
    browser.post(url("strength-answer", offered), {"answer": "yes"})
    assert Strength.objects.accepted().count() == 1


def test_an_invalid_answer_changes_nothing(browser, offered):
    answer = browser.post(url("strength-answer", offered), {"answer": "reworded"})
    assert "Choose one." in told(browser.get(answer.url))
    assert Strength.objects.get().state == "proposed"


def test_deciding_later_leaves_a_quiet_line(browser, offered):
    page = told(browser.get(HERE, {"later": "1"}))
    assert "waiting for your answer" in page and "Yes, that’s me" not in page


def test_with_three_suggestions_she_is_asked_about_one(browser, cleo, thea):
    for number in range(3):
        words = {"name": f"Strength {number}", "moment": "One day."}
        strength(cleo, by=thea, said=words)
    page = told(browser.get(HERE))
    assert "Strength 0" in page and "Strength 1" not in page


def test_cleo_rewords_it_and_her_wording_counts(browser, offered):
    body = said(name="I let them go by", moment="Four buses.")
    page = told(browser.post(url("strength-reword", offered), body, follow=True))
    assert "I let them go by" in page and "Patience with fear" not in page
    mine = Strength.objects.accepted().get()
    assert (mine.rewords_id, mine.side) == (offered.pk, "client")
    offered.refresh_from_db()
    assert offered.state == "reworded"


def test_the_rewording_form_starts_with_the_suggested_text(browser, offered):
    page = browser.get(url("strength-reword", offered)).content.decode()
    assert "Four buses went. I let them.</textarea>" in page
    assert 'value="Patience with fear"' in page


def test_reworded_twice_it_is_added_once(browser, offered):
    body = said(name="I let them go by")
    for _again in range(2):
        assert browser.post(url("strength-reword", offered), body).status_code == 302
    other = browser.post(url("strength-reword", offered), said(name="Something else"))
    assert "This is already in your own words." in told(other)
    assert Strength.objects.count() == 2


def test_a_reworded_suggestion_cannot_be_answered_again(browser, offered):
    browser.post(url("strength-reword", offered), said())
    browser.post(url("strength-answer", offered), {"answer": "no"})
    offered.refresh_from_db()
    assert offered.state == "reworded"


# -- her own --------------------------------------------------------------------------


def test_cleos_own_strength_is_added_at_once_with_its_goal(browser, cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    body = said(goals=str(goal.pk))
    page = told(browser.post(f"{HERE}add/", body, follow=True))
    assert "Patience with fear" in page and "Helps with" in page
    assert "Take the bus into town" in page
    assert Strength.objects.get().state == "accepted"


def test_a_strength_sent_twice_is_one(browser):
    body = said()
    for _again in range(2):
        assert browser.post(f"{HERE}add/", body).url == HERE
    assert Strength.objects.count() == 1


def test_without_a_name_she_is_asked_and_her_example_is_kept(browser):
    page = told(browser.post(f"{HERE}add/", said(name="")))
    assert "Enter a few words." in page and "Four buses went." in page


def test_a_half_written_example_is_restored(browser, cleo):
    keep = reverse("draft-keep", args=[cleo.pk, "strength", cleo.pk])
    typed = {"moment": "Four buses", "name": "", "setting": "", "revision": "0"}
    assert browser.post(keep, typed).status_code == 200
    assert "Four buses" in told(browser.get(f"{HERE}add/"))
    browser.post(f"{HERE}add/", said() | {"revision": "1"})
    assert not Draft.objects.exists()


def test_not_me_anymore_can_be_undone(browser, cleo):
    mine = strength(cleo, by=cleo.user)
    browser.post(url("strength-answer", mine), {"answer": "no"})
    assert not Strength.objects.accepted().exists()
    browser.post(url("strength-unanswer", mine))
    assert Strength.objects.accepted().exists()


def test_cleo_chooses_the_goals_herself(browser, cleo, thea):
    goal, mine = agreed_goal(cleo, by=thea), strength(cleo, by=cleo.user)
    browser.post(url("strength-goals", mine), {"goals": str(goal.pk)})
    assert mine.links.current().get().side == "client"
    browser.post(url("strength-goals", mine), {"was": str(goal.pk)})
    assert not mine.links.current().exists()


# -- wins, and celebrating progress ----------------------------------------------------


def test_steps_and_wins_are_in_one_list_newest_first(browser, cleo, thea):
    step = add_step(agreed_goal(cleo, by=thea), "One stop alone", by=cleo.user)
    reach(step, by=cleo.user, at=timezone.now() - timezone.timedelta(days=3))
    body = {"words": "I stayed for tea", "once": str(uuid4())}
    page = told(browser.post("/portal/wins/", body, follow=True))
    assert page.index("I stayed for tea") < page.index("One stop alone")
    note_win(cleo, "Came without checking", by=thea)
    assert "Added by Thea" in told(browser.get(HERE))


def test_a_win_is_withdrawn_and_restored(browser, cleo):
    win = note_win(cleo, "I stayed for tea", by=cleo.user)
    browser.post(url("win-withdraw", win))
    assert "I stayed for tea" not in told(browser.get(HERE))
    browser.post(url("win-restore", win))
    assert "I stayed for tea" in told(browser.get(HERE))


def test_an_empty_win_is_refused_where_it_was_typed(browser):
    page = told(browser.post("/portal/wins/", {"words": " "}))
    assert "Fill this in." in page
    assert not Win.objects.exists()


def test_cleo_chooses_how_to_celebrate_a_success(browser, cleo):
    assert "Quietly, with a short note" in told(browser.get(HERE))
    body = {"celebrates": "nobody"}
    page = told(browser.post("/portal/celebration/", body, follow=True))
    assert "Privately: no one brings it up." in page
    event = AuditEvent.objects.get(verb="contact preferences changed")
    assert (event.actor_id, event.detail) == (cleo.user_id, {"fields": ["celebrates"]})


def test_an_invalid_celebration_choice_is_refused(browser, cleo):
    assert (
        browser.post("/portal/celebration/", {"celebrates": "loud"}).status_code == 200
    )
    assert ContactPreferences.objects.get(pk=cleo.pk).celebrates == "quiet"


def test_thea_does_not_choose_it_for_her(thea, cleo):
    assert not cleo.preferences.set(by=thea, celebrates="ritual")
    assert ContactPreferences.objects.get(pk=cleo.pk).celebrates == "quiet"


# -- read-only access, and cost --------------------------------------------------------


def test_after_discharge_she_can_read_and_nothing_is_asked(browser, offered, cleo):
    mine = strength(cleo, by=cleo.user, said={"name": "Humour", "moment": "Ha."})
    Client.objects.filter(pk=cleo.pk).update(
        state="discharged", discharged_at=timezone.now()
    )
    page = told(browser.get(HERE))
    assert "Humour" in page
    for words in ("Yes, that’s me", "Save", "Change", "New wording"):
        assert words not in page
    for name, body in (("strength-answer", {"answer": "no"}), ("strength-reword", {})):
        assert browser.post(url(name, mine), body).status_code == 403


def test_more_links_there(browser):
    page = browser.get("/portal/more/").content.decode()
    assert HERE in page and "/portal/journey/" in page


def test_the_page_takes_as_many_statements_with_fifty(browser, cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    for number in range(50):
        words = {"name": f"Strength {number}", "moment": "One day."}
        strength(cleo, by=cleo.user, said=words, helps=[goal])
        note_win(cleo, f"Win {number}", by=cleo.user)
    with at_most(13):
        told(browser.get(HERE))
