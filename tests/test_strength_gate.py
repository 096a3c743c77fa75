"""Strengths, wins and the journey: each form filled as the page offers it, sent, and
found again on its page and on the other party's."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from goals.models import Strength
from tests.cast import agreed_goal, hold, note_win, strength
from tests.test_form_gate import main, press

pytestmark = pytest.mark.browser
HERE = "/portal/strengths/"


@pytest.fixture
def cleos(at, cleo):
    return at(cleo.user, phone=True)


@pytest.fixture
def theas(at, thea):
    return at(thea)


def ago(days):
    return timezone.now() - timedelta(days=days)


def strengths_of(cleo):
    return f"/clients/{cleo.pk}/strengths/"


def test_thea_offers_a_strength_and_cleo_says_yes(cleos, theas, thea, cleo):
    agreed_goal(cleo, thea)
    theas.goto(f"/clients/{cleo.pk}/")
    press(theas, "Strengths and wins", role="link")
    press(theas, "Suggest a strength", role="link")
    theas.get_by_label("Example").fill("Four buses went. I let them.")
    theas.get_by_label("What it shows").fill("Patience with fear")
    theas.get_by_label("Where, and with whom").fill("Ten minutes at the stop")
    theas.get_by_label("Date").fill("2026-08-04")
    theas.get_by_label("Take the bus into town").check()
    expect(theas.locator("[data-saved]")).to_contain_text("Saved")
    press(theas, "Suggest strength")
    expect(main(theas)).to_contain_text("Waiting for Cleo to answer.")
    cleos.goto("/portal/more/")
    cleos.get_by_role("link", name="Strengths and wins").click()
    expect(main(cleos)).to_contain_text("Thea noticed this, today")
    press(cleos, "Yes, that’s me")
    expect(main(cleos)).to_contain_text("Ten minutes at the stop")
    expect(main(cleos).get_by_role("link", name="Take the bus")).to_be_visible()
    theas.reload()
    expect(main(theas)).to_contain_text("Yes, today")
    theas.goto(f"/clients/{cleo.pk}/")
    expect(main(theas)).to_contain_text("Patience with fear")


def test_cleo_says_it_in_her_words(cleos, theas, thea, cleo):
    strength(cleo, by=thea)
    cleos.goto(HERE)
    press(cleos, "Use my own words", role="link")
    expect(cleos.get_by_label("Example")).to_have_value(re.compile("Four buses"))
    cleos.get_by_label("What it shows about you").fill("I let them go by")
    press(cleos, "Save wording")
    expect(main(cleos).get_by_role("heading", name="I let them go by")).to_be_visible()
    theas.goto(strengths_of(cleo))
    expect(main(theas)).to_contain_text("Reworded, today")
    expect(main(theas).get_by_role("heading", name="I let them go by")).to_be_visible()


def test_not_me_and_later_and_undo(cleos, theas, thea, cleo):
    strength(cleo, by=thea)
    cleos.goto(HERE)
    press(cleos, "Decide later", role="link")
    expect(main(cleos)).to_contain_text("waiting for your answer")
    press(cleos, "Answer", role="link")
    press(cleos, "That’s not me")
    theas.goto(strengths_of(cleo))
    expect(main(theas)).to_contain_text("Not me, today")
    press(cleos, "Undo")
    expect(main(cleos)).to_contain_text("Thea noticed this, today")
    press(cleos, "That’s not me")
    main(cleos).get_by_text("1 you said isn’t you").click()
    press(cleos, "That’s me after all Patience with fear")
    expect(main(cleos)).to_contain_text("Thea saw it")


def test_cleo_adds_her_own_changes_its_goals_and_lets_it_go(cleos, theas, thea, cleo):
    agreed_goal(cleo, thea)
    cleos.goto(HERE)
    press(cleos, "Add a strength with an example", role="link")
    cleos.get_by_label("Example").fill("I’d like to, and I won’t.")
    cleos.get_by_label("What it shows about you").fill("Dry honesty")
    press(cleos, "Save")
    main(cleos).get_by_text("Change Dry honesty").click()
    cleos.get_by_label("Take the bus into town").check()
    press(cleos, "Save goals Dry honesty")
    expect(main(cleos)).to_contain_text("Helps with")
    theas.goto(strengths_of(cleo))
    theas.get_by_text("Choose the goals it helps with").click()
    expect(theas.get_by_label("Take the bus into town")).to_be_checked()
    theas.get_by_label("Take the bus into town").uncheck()
    press(theas, "Save goals Dry honesty")
    expect(theas.locator(".toasts")).to_contain_text("Goals saved")
    cleos.reload()
    expect(main(cleos)).not_to_contain_text("Helps with")
    main(cleos).get_by_text("Change Dry honesty").click()
    press(cleos, "That’s no longer me Dry honesty")
    expect(main(cleos)).to_contain_text("No strengths yet.")
    assert Strength.objects.get().state == "declined"


def test_a_moment_typed_on_a_phone_that_dies_is_there_again(at, cleo):
    first = at(cleo.user, phone=True)
    first.goto(f"{HERE}add/")
    first.get_by_label("Example").fill("Four buses")
    expect(first.locator("[data-saved]")).to_contain_text("Saved")
    second = at(cleo.user, phone=True)
    second.goto(f"{HERE}add/")
    expect(second.get_by_label("Example")).to_have_value("Four buses")


def test_a_win_of_either_side_is_on_both_pages(cleos, theas, cleo):
    cleos.goto(HERE)
    field = "Something that went a little better than expected"
    cleos.get_by_label(field).fill("I stayed for tea")
    press(cleos, "Save")
    theas.goto(strengths_of(cleo))
    expect(main(theas)).to_contain_text("I stayed for tea")
    theas.get_by_label(field).fill("Came without checking the way")
    theas.get_by_label("Date, if not today").fill("2026-08-04")
    press(theas, "Save")
    cleos.reload()
    expect(main(cleos)).to_contain_text("Added by Thea")
    press(cleos, "Remove I stayed for tea")
    expect(main(cleos)).not_to_contain_text("I stayed for tea")
    press(cleos, "Undo")
    expect(main(cleos)).to_contain_text("I stayed for tea")


def test_cleo_chooses_the_way_and_thea_reads_it(cleos, theas, cleo):
    cleos.goto(HERE)
    press(cleos, "Change", role="link")
    expect(cleos.get_by_label("Quietly")).to_be_checked()
    cleos.get_by_text("Don’t bring it up").click()
    press(cleos, "Save")
    expect(main(cleos)).to_contain_text("Privately: no one brings it up.")
    theas.goto(f"/clients/{cleo.pk}/")
    expect(main(theas)).to_contain_text(
        "Celebrating progress: privately, and nobody brings it up"
    )


def test_the_way_is_printed_by_both(cleos, theas, thea, cleo):
    hold(cleo, thea, at=ago(days=3))
    for page, start, link in (
        (theas, f"/clients/{cleo.pk}/", "Full timeline"),
        (cleos, HERE, "Your full timeline"),
    ):
        page.add_init_script("print = () => document.body.dataset.printed = 'yes'")
        page.goto(start)
        press(page, link, role="link")
        expect(main(page)).to_contain_text("First session")
        press(page, "Print", role="link")
        expect(page.locator("body")).to_have_attribute("data-printed", "yes")
        page.emulate_media(media="print")
        expect(page.locator("header.bar")).to_be_hidden()
        expect(page.locator(".filters")).to_be_hidden()
        expect(main(page)).to_contain_text("Made in Cairn on")


def test_axe_finds_nothing_and_every_page_fits(at, accessible, thea, cleo):
    goal = agreed_goal(cleo, thea, ratings=[3, 4, 5])
    hold(cleo, thea, at=ago(days=200))
    offered = strength(cleo, by=thea)
    strength(cleo, by=cleo.user, said={"name": "Humour", "moment": "Ha."}, helps=[goal])
    note_win(cleo, "A stop", by=cleo.user)
    hers = [HERE, f"{HERE}?later=1", f"{HERE}add/", "/portal/celebration/",
            f"{HERE}{offered.pk}/reword/", "/portal/journey/",
            "/portal/journey/print/"]  # fmt: skip
    theirs = [f"/clients/{cleo.pk}/{end}" for end in (
        "", "strengths/", "strengths/add/", "journey/", "journey/print/")]  # fmt: skip
    for phone in (True, False):
        for person, urls in ((cleo.user, hers), (thea, theirs)):
            page = at(person, phone=phone)
            for url in urls:
                page.goto(url)
                for closed in page.locator("main details").all():
                    closed.locator("summary").click()
                accessible(page)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= (390 if phone else 1280), (url, wide)
                assert "Cleo" not in page.title()
