"""A signed note in real browsers: added to, corrected on request, printed."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clients.models import CareRole
from conftest import in_care, ten_seconds_pass
from goals.models import Goal
from notes.models import ProgressNote
from tests.cast import agreed_goal, book, hold
from tests.test_form_gate import fill, main, press, stone

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
    expect(main(page)).to_contain_text("Late entry by you")
    expect(main(page)).to_contain_text("she had stopped the tablets")
    accessible(page)
    hers.goto(f"/portal/sessions/{session.pk}/")
    expect(main(hers)).to_contain_text("She came in tired.")
    expect(main(hers)).to_contain_text("she had stopped the tablets")
    accessible(hers)
    press(page, "Print", "link")
    expect(main(page)).to_contain_text("Harbour Practice")
    accessible(page)


@pytest.fixture
def to_log(cleo, thea):
    agreed_goal(cleo, thea)
    return book(cleo, thea, at=timezone.now() - timedelta(minutes=40))


@pytest.mark.parametrize("scripts", [True, False])
def test_signing_asks_once_and_is_undone(at, accessible, thea, cleo, to_log, scripts):
    page, url = at(thea, scripts=scripts), f"/sessions/{to_log.pk}/"
    page.goto(url)
    fill(page, part0="Came in tired.", part1="Steady.")
    press(page, "Sign and lock")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("This part is empty: Plan.")
    expect(dialog).to_contain_text("Take the bus into town")
    if scripts:
        assert dialog.evaluate("dialog => dialog.matches(':modal')")
        accessible(page)
    press(page, "Keep editing")
    expect(dialog).to_be_hidden()
    fill(page, part2="Two stops on Friday.")
    press(page, "Sign and lock")
    expect(dialog).not_to_contain_text("empty")
    press(page, "Sign note")
    expect(main(page)).to_contain_text("You can undo this for ten seconds.")
    if scripts:
        accessible(page)
    press(page, "Undo")
    expect(page.locator("[name=part2]")).to_have_value("Two stops on Friday.")
    assert not ProgressNote.objects.filter(signed_at__isnull=False).exists()
    press(page, "Sign and lock")
    press(page, "Sign note")
    expect(main(page)).to_contain_text("Signed by you")
    ten_seconds_pass()
    press(page, "Undo")
    expect(page.locator("body")).to_contain_text("too late to undo")
    hers = at(cleo.user, phone=True)
    hers.goto(f"/portal/sessions/{to_log.pk}/")
    expect(main(hers)).to_contain_text("Two stops on Friday.")


def test_the_undo_is_gone_once_it_counted_down(at, thea, to_log):
    """The clock of the page's animations is moved, nobody waits."""
    page = at(thea)
    page.goto(f"/sessions/{to_log.pk}/")
    press(page, "Mark as missed")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    page.evaluate("document.getAnimations().forEach((one) => one.finish())")
    expect(undo).to_be_hidden()


def test_what_cleo_asks_to_correct_becomes_part_of_the_note(
    at, accessible, thea, cleo, session
):
    page, hers = at(thea), at(cleo.user, phone=True)
    hers.goto("/portal/corrections/")
    fill(hers, about="The note", words="I was not quiet, I was thinking.")
    press(hers, "Send request")
    page.goto(f"/clients/{cleo.pk}/")
    page.locator('a[href^="/corrections/"]').first.click()
    fill(page, answer="You are right.", text="She was thinking.")
    page.locator("select[name=note]").select_option(str(session.pk))
    accessible(page)
    press(page, "Answer")
    expect(page.get_by_role("status").first).to_contain_text("Correction answered")
    hers.reload()
    hers.get_by_role("link", name="Correction added to the note").click()
    expect(main(hers)).to_contain_text("Correction by Thea")
    expect(main(hers)).to_contain_text("She was thinking.")


@pytest.mark.parametrize("act", ["Continue this draft", "Start a new note"])
def test_thea_goes_on_where_theo_had_to_stop(at, accessible, thea, theo, cleo, act):
    role = in_care(cleo, theo, "cover")
    at_ = timezone.now() - timedelta(days=2)
    session = hold(cleo, theo, at=at_, body="Theo began.", sign=False)
    CareRole.objects.filter(pk=role.pk).update(ends_at=timezone.now())
    page = at(thea)
    page.goto(f"/sessions/{session.pk}/")
    accessible(page)
    press(page, act)
    goes_on = act == "Continue this draft"
    expect(page.locator("[name=part0]")).to_have_value("Theo began." if goes_on else "")
    accessible(page)
    page.get_by_text("Earlier draft by Theo").click()
    expect(main(page)).to_contain_text("Theo began.")
    fill(page, part0="Thea went on.", part1="Steady.", part2="Bus.")
    press(page, "Sign and lock")
    expect(main(page)).to_contain_text("Signed by you")
    ten_seconds_pass()
    hers = at(cleo.user, phone=True)
    hers.goto(f"/portal/sessions/{session.pk}/")
    expect(main(hers)).to_contain_text("Thea went on.")
    expect(main(hers).get_by_text("Started by Theo.")).to_have_count(int(goes_on))


def test_of_two_texts_both_are_put_in_the_form_and_signed(
    at, accessible, thea, cleo, to_log
):
    page = at(thea)
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"/sessions/{to_log.pk}/")
    stone(page, f"rating-{Goal.objects.get().pk}", 4)
    fill(page, part0="From the first tab.", part1="Steady.", part2="Bus.")
    press(page, "Save and close")
    expect(page).to_have_url(re.compile("/today/"))
    fill(other, part0="From the second tab.")
    press(other, "Save and close")
    expect(main(other)).to_contain_text("You saved this note in another tab")
    accessible(other)
    press(other, "Use both together")
    both = re.compile("From the second tab.\n\nFrom the first tab.")
    expect(other.locator("[name=part0]")).to_have_value(both)
    press(other, "Sign and lock")  # rated in the first tab: nothing is asked
    expect(main(other)).to_contain_text("Signed by you")
    ten_seconds_pass()
    hers = at(cleo.user, phone=True)
    hers.goto(f"/portal/sessions/{to_log.pk}/")
    expect(main(hers)).to_contain_text("From the first tab.")
    expect(main(hers)).to_contain_text("From the second tab.")
