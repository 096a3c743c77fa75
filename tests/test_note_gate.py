"""A signed note in real browsers: added to, corrected on request, printed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from progress.tests.cast import hold
from tests.test_form_gate import fill, main, press

pytestmark = pytest.mark.browser


@pytest.fixture
def session(cleo, thea):
    return hold(cleo, thea, at=timezone.now() - timedelta(days=3))


def test_thea_adds_to_a_note_and_cleo_reads_it(at, accessible, thea, cleo, session):
    page, hers = at(thea), at(cleo.user, phone=True)
    page.goto(f"/sessions/{session.pk}/")
    press(page, "Add to this note", "link")
    accessible(page)
    page.get_by_text("Late entry", exact=True).click()
    press(page, "Sign addition")
    expect(main(page)).to_contain_text("Write what to add.")
    fill(page, text="At the door she said she had stopped the tablets.")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    page.goto(f"/sessions/{session.pk}/add/")
    fill(page, reason="Not written down on the day.")
    press(page, "Sign addition")
    expect(main(page)).to_contain_text("Late entry by Thea")
    expect(main(page)).to_contain_text("she had stopped the tablets")
    accessible(page)
    hers.goto(f"/portal/sessions/{session.pk}/")
    expect(main(hers)).to_contain_text("She came in tired.")
    expect(main(hers)).to_contain_text("she had stopped the tablets")
    accessible(hers)
    press(page, "Print", "link")
    expect(main(page)).to_contain_text("Harbour Practice")
    accessible(page)


def test_what_cleo_asks_to_correct_becomes_part_of_the_note(
    at, accessible, thea, cleo, session
):
    page, hers = at(thea), at(cleo.user, phone=True)
    hers.goto("/portal/corrections/")
    fill(hers, about="The note", words="I was not quiet, I was thinking.")
    press(hers, "Send it")
    page.goto(f"/clients/{cleo.pk}/")
    page.locator('a[href^="/corrections/"]').first.click()
    fill(page, answer="You are right.", text="She was thinking.")
    page.locator("select[name=note]").select_option(str(session.pk))
    accessible(page)
    press(page, "Answer")
    expect(page.get_by_role("status").first).to_contain_text("Answered")
    hers.reload()
    hers.get_by_role("link", name="Correction added to the note").click()
    expect(main(hers)).to_contain_text("Correction by Thea")
    expect(main(hers)).to_contain_text("She was thinking.")
