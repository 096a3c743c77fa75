"""On paper, at 400 % zoom, in forced colors: what is in front is what one reads."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect
from pypdf import PdfReader

from goals.tests.test_ratings_by_side import rate
from tests.cast import agree_practice, agreed_goal, book, hold
from ui import dates

pytestmark = pytest.mark.browser
SMALL = {"width": 320, "height": 200}  # 1280 by 800 at 400 %
FIXED = """() => [...document.querySelectorAll("body *")].filter((one) => {
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  return ["fixed", "sticky"].includes(style.position) && box.width && box.height
    && style.visibility !== "hidden" && style.display !== "none";
}).map((one) => one.className || one.tagName)"""
ON_PAPER = """() => [...document.querySelectorAll(
  "button, .btn, .scale, .stones, input, .nav, .foot-bar")]
  .filter((one) => one.getClientRects().length)
  .map((one) => one.outerHTML.slice(0, 90))"""


@pytest.fixture
def goal(cleo, thea):
    goal = agreed_goal(cleo, thea)
    rate(goal, cleo.user, 2, 4, 5)
    return goal


@pytest.fixture
def pages(at, goal, cleo, thea):
    """A page of each kind and side: (page, address)."""
    hers, theirs = at(cleo.user), at(thea)
    return [
        (hers, reverse("portal-home")),
        (hers, reverse("portal-goal", args=[goal.pk])),
        (theirs, reverse("goal", args=[goal.pk])),
        (theirs, reverse("client", args=[cleo.pk])),
        (theirs, reverse("today")),
    ]


def test_paper_has_no_buttons_and_no_empty_rows_of_numbers(pages):
    for page, url in pages:
        page.goto(url)
        page.emulate_media(media="print")
        assert page.evaluate(ON_PAPER) == [], url


def test_paper_bears_the_practice_and_the_day(pages):
    for page, url in pages:
        page.emulate_media(media="screen")
        page.goto(url)
        expect(page.locator(".print-head")).to_be_hidden()
        page.emulate_media(media="print")
        today = dates.with_year(timezone.localdate())
        head = f"Harbour Practice · {today}"
        expect(page.locator(".print-head")).to_have_text(head)


NOTE = "\n\n".join("She spoke about the bus and the week. " * 20 for _n in range(24))


def sheets(page, url):
    """The words of each sheet that the browser would print."""
    page.add_init_script("window.print = () => {}")  # else it prints by itself
    page.goto(url)
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    return [one.extract_text() for one in PdfReader(BytesIO(printed)).pages]


def test_each_sheet_of_paper_begins_with_the_practice_and_the_day(
    pages, at, cleo, thea, goal
):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=7), body=NOTE)
    for _n in range(30):
        rate(goal, cleo.user, 4)
    (hers, _url), (theirs, _its) = pages[0], pages[-1]
    many = [
        (theirs, reverse("note-print", args=[session.pk])),
        (theirs, session.get_absolute_url()),
        (hers, reverse("portal-session", args=[session.pk])),
    ]
    others = [
        (theirs, reverse("client-record", args=[cleo.pk])),
        (theirs, reverse("client-journey-print", args=[cleo.pk])),
        (hers, reverse("portal-journey-print")),
    ]
    head = f"Harbour Practice · {dates.with_year(timezone.localdate())}"
    for page, url in [*many, *others, *pages]:
        found = sheets(page, url)
        assert len(found) > 2 or (page, url) not in many
        for words in found:  # a number of the sheet may stand before it
            assert head in words[:60], (url, words[:60])


def test_at_400_percent_no_bar_stays_in_front(pages, at, cleo, thea):
    session = book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    theirs = pages[-1][0]
    for page, url in [*pages, (theirs, session.get_absolute_url())]:
        page.set_viewport_size(SMALL)
        page.goto(url)
        assert page.evaluate(FIXED) == [], url
        across = "document.documentElement.scrollWidth"
        assert page.evaluate(across) <= SMALL["width"], url


def test_in_forced_colors_the_primary_button_is_another(at, thea):
    page = at(thea)
    page.emulate_media(forced_colors="active")
    page.goto(reverse("client-add"))
    system = """() => { const one = document.createElement("i");
      one.style.forcedColorAdjust = "none"; one.style.color = "Highlight";
      document.body.append(one); return getComputedStyle(one).color; }"""
    color = "one => getComputedStyle(one).backgroundColor"
    primary = page.locator(".btn-primary:visible").first.evaluate(color)
    other = page.locator(".btn:not(.btn-primary):visible").first.evaluate(color)
    assert primary == page.evaluate(system) != other


def test_answers_to_an_exercise_are_a_group_with_its_name(at, cleo, thea):
    agree_practice(cleo, "Two stops on Friday", by=thea)
    page = at(cleo.user, phone=True)
    for url in (reverse("portal-home"), reverse("portal-goals")):
        page.goto(url)
        group = page.get_by_role("group", name="Two stops on Friday")
        expect(group.get_by_role("button", name="Did it")).to_be_visible()


# -- errors, and what a button does ---------------------------------------------------


def test_the_summary_links_each_message_and_has_the_focus(at, thea):
    page = at(thea)
    page.goto(reverse("client-add"))
    page.get_by_role("button", name="Add client and send invitation").click()
    summary = page.locator("[data-summary]")
    expect(summary).to_be_focused()
    link = summary.get_by_role(
        "link", name="Enter an email address to send an invitation."
    )
    link.click()
    expect(page.locator("[name=email]")).to_be_focused()
    links = summary.get_by_role("link").all_inner_texts()
    assert "Preferred name" not in links


def test_a_message_about_a_choice_leads_to_the_choice(at, cleo, thea, goal):
    page = at(thea)
    page.goto(reverse("goal-link", args=[agreed_goal(cleo, thea).pk]))
    page.get_by_role("button", name="Link goals").click()
    summary = page.locator("[data-summary]")
    summary.get_by_role("link", name="Choose one.").first.click()
    assert page.evaluate("document.activeElement.type") == "radio"


def test_the_portal_is_chosen_and_the_button_names_the_act(at, thea):
    page = at(thea)
    page.goto(reverse("client-add"))
    expect(page.get_by_label("Invite by email")).to_be_checked()
    invite = page.get_by_role("button", name="Add client and send invitation")
    expect(invite).to_be_visible()
    expect(page.get_by_text("What they will get")).to_be_visible()
    page.get_by_label("No portal").check()
    expect(invite).to_be_hidden()
    expect(page.get_by_text("What they will get")).to_be_hidden()
    page.get_by_label("Preferred name").fill("Mara")
    page.get_by_role("button", name="Add client", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mara")
