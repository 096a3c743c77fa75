"""Thea and Cleo, each in a browser of her own, go the whole way of a goal.

Each form is filled as the page offers it and found again on the other one's page.
"""

import itertools
import re

import pytest
from django.db import transaction
from playwright.sync_api import expect

from database.identity import acting_as
from goals.models import Comment, Goal, GoalLink, GoalScore, Review, Step
from tests.cast import agreed_goal
from tests.test_form_gate import fill, main, press, stone

pytestmark = pytest.mark.browser
OPEN_ALL = "document.querySelectorAll('main details').forEach(d => d.open = true)"
PASSWORD = "thea-passes-by-the-lake"


def opened(page, summary):
    page.locator("summary", has_text=summary).first.click()


def choose(page, name, value):
    page.locator(f'label:has(input[name="{name}"][value="{value}"])').click()


def of_cleo():
    return Goal.objects.get()


@pytest.fixture
def goal(cleo, thea):
    return agreed_goal(cleo, thea, ratings=[3, 4])


def test_the_whole_way_of_a_goal_from_both_sides(at, cleo, thea):
    cleos, theas = at(cleo.user, phone=True), at(thea)

    # Cleo proposes in her own words, in less than a minute.
    cleos.goto("/portal/goals/add/")
    fill(cleos, own_words="Go to mum’s and leave when I want to", why="I miss her cake")
    fill(cleos, low_end="I stay until I cry", high_end="I say bye")
    stone(cleos, "today", 2)
    opened(cleos, "Add details")
    fill(
        cleos, first_step="Say beforehand when I go", cue="she sulks", plan="I hug her"
    )
    stone(cleos, "importance", 8)
    fill(cleos, importance_why="It is my mum")
    press(cleos, "Propose this goal")
    expect(main(cleos)).to_contain_text("Waiting for your therapist to agree")
    goal = of_cleo()

    # Thea reads it, and answers with other words.
    theas.goto(f"/goals/{goal.pk}/")
    for words in (
        "I miss her cake",
        "If she sulks, then I hug her",
        "How important: 8",
    ):
        expect(main(theas)).to_contain_text(words)
    press(theas, "Suggest new wording", role="link")
    fill(theas, own_words="Go to mum’s and say beforehand when I leave")
    opened(theas, "Add details")
    opened(theas, "A goal attainment scale")
    for number, words in enumerate(["a", "b", "c", "d", "e"]):
        fill(theas, **{f"level_{number}": f"level {words}"})
    choose(theas, "weight_importance", "3")
    choose(theas, "weight_difficulty", "2")
    press(theas, "Propose wording")
    expect(main(theas)).to_contain_text("Waiting for Cleo to agree")

    # Cleo sees it differently; both wordings stand side by side.
    cleos.goto("/portal/")
    cleos.get_by_role("link", name=re.compile("proposes a goal|suggests")).first.click()
    press(cleos, "We disagree on the wording", role="link")
    fill(cleos, words="Beforehand is a promise. I want to be free to stay.")
    press(cleos, "Keep both versions")
    expect(main(cleos)).to_contain_text("You disagree on the wording")
    theas.goto(f"/goals/{goal.pk}/")
    press(theas, "See both wordings", role="link")
    expect(main(theas)).to_contain_text("Beforehand is a promise")
    theas.locator("label", has_text="Find a wording that combines both").click()
    press(theas, "Suggest this")
    fill(theas, own_words="Go to mum’s and leave, or stay, as I like")
    press(theas, "Propose wording")

    # Cleo agrees: it is in force for both.
    cleos.goto(f"/portal/goals/{goal.pk}/")
    press(cleos, "Agree to version 3")
    expect(main(cleos)).to_contain_text("Agreed today")
    theas.reload()
    expect(main(theas)).to_contain_text("Agreed today")

    # Both rate, with a word; Cleo says something; Thea notes that it was talked about.
    stone(cleos, "value", 4)
    opened(cleos, "Add a comment")
    fill(cleos, word="wobbly", context="She sulked, I hugged her")
    press(cleos, "Save rating")
    press(cleos, "Add a comment", role="link")
    fill(cleos, words="I stayed for cake because I wanted to.")
    expect(cleos.locator("[data-saved]")).to_contain_text("Saved")
    cleos.goto(f"/portal/goals/{goal.pk}/")  # and lost; but it is there again
    press(cleos, "Add a comment", role="link")
    expect(cleos.locator("[name=words]")).to_have_value(re.compile("I stayed for cake"))
    press(cleos, "Post comment")
    theas.goto(f"/goals/{goal.pk}/")
    for words in ("wobbly", "She sulked, I hugged her", "I stayed for cake"):
        expect(main(theas)).to_contain_text(words)
    theas.get_by_role("link", name=re.compile("Mark as discussed")).click()
    fill(theas, changed="Ten is “as I like”")
    press(theas, "Save")
    cleos.reload()
    expect(main(cleos)).to_contain_text("Changed: Ten is “as I like”")
    expect(main(cleos)).to_contain_text("Seen today")

    # Steps: another one, sooner, and the first stone.
    press(theas, "Add a step", role="link")
    fill(theas, words="Stay one coffee longer")
    press(theas, "Add step")
    expect(theas.locator("#steps li").first).to_be_visible()
    expect(theas.locator("#steps")).to_contain_text("Stay one coffee longer")
    opened(theas, "Reorder or remove")
    theas.get_by_role("button", name=re.compile("Move up.*Stay one coffee")).click()
    cleos.reload()
    cleos.get_by_role("button", name=re.compile("Reached Stay one coffee")).click()
    expect(main(cleos)).to_contain_text("1 of 2 reached")

    # On the attainment scale, then a review in which both choose the same.
    press(theas, "Rate it", role="link")
    theas.locator("label", has_text="level d").click()
    press(theas, "Save")
    expect(main(theas).locator("[aria-current=true]")).to_contain_text("level d")
    press(theas, "Start review")
    for page, keep in ((theas, "Save my answers"), (cleos, "Save my answers")):
        if page is cleos:
            page.goto("/portal/")
            page.get_by_role("link", name=re.compile("started a goal review")).click()
        choose(page, "goal_fits", "yes")
        fill(page, goal_words="It is the one I use")
        press(page, keep)
    expect(main(cleos)).to_contain_text("Three questions, two answers")
    cleos.locator("label", has_text="Good enough").click()
    press(cleos, "Choose this")
    theas.reload()
    expect(main(theas)).to_contain_text("It is the one I use")
    theas.locator("label", has_text="Good enough").click()
    press(theas, "Choose this")
    expect(main(theas)).to_contain_text("You both decided it")

    # Cleo keeps a line for a harder day.
    cleos.goto(f"/portal/goals/{goal.pk}/")
    press(cleos, "What helped", role="link")
    press(cleos, "Add a note for a harder day", role="link")
    fill(cleos, line="It was only cake, and I stayed until nine.")
    press(cleos, "Save sentence")
    expect(main(cleos)).to_contain_text("It was only cake")
    theas.goto(f"/goals/{goal.pk}/")
    expect(main(theas)).to_contain_text("It was only cake")
    press(theas, "Resume goal")
    expect(main(theas)).to_contain_text("Agreed today")


def test_cleo_takes_her_key_back_and_turns_it_again(at, goal, cleo, thea):
    cleos = at(cleo.user, phone=True)
    cleos.goto(f"/portal/goals/{goal.pk}/")
    press(cleos, "Withdraw my agreement", role="link")
    fill(cleos, reason="It became somebody else’s")
    press(cleos, "Withdraw my agreement")
    theas = at(thea)
    theas.goto(f"/goals/{goal.pk}/")
    expect(main(theas)).to_contain_text("It became somebody else’s")
    press(cleos, "Agree to version 1")
    expect(main(cleos)).to_contain_text("Agreed today")


def test_thea_withdraws_a_proposal_and_cleo_finds_it_in_the_history(
    at, goal, cleo, thea
):
    with acting_as(thea.pk), transaction.atomic():
        goal.propose_version({"own_words": "Take the bus one stop"}, by=thea)
    theas, cleos = at(thea), at(cleo.user, phone=True)
    theas.goto(f"/goals/{goal.pk}/")
    press(theas, "Withdraw my proposal", role="link")
    expect(theas).to_have_title(re.compile("Withdraw proposal"))
    expect(main(theas)).to_contain_text("The current wording stays in effect.")
    fill(theas, reason="Too small a step")
    press(theas, "Withdraw my proposal")
    expect(theas.locator(".toasts")).to_contain_text("Proposal withdrawn.")
    cleos.goto(f"/portal/goals/{goal.pk}/")
    expect(main(cleos)).to_contain_text("Agreed today")
    expect(main(cleos)).not_to_contain_text("Withdraw my proposal")
    main(cleos).get_by_text("History", exact=True).click()
    expect(main(cleos)).to_contain_text("Too small a step")


def test_cleo_keeps_the_agreed_words_and_thea_reads_it(at, goal, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        goal.propose_version({"own_words": "Take the bus one stop"}, by=thea)
    cleos = at(cleo.user, phone=True)
    cleos.goto(f"/portal/goals/{goal.pk}/")
    press(cleos, "Keep the current wording")
    expect(main(cleos)).to_contain_text("Agreed today")
    theas = at(thea)
    theas.goto(f"/goals/{goal.pk}/")
    expect(main(theas)).to_contain_text("Version 2: declined by Cleo")


def test_cleo_says_how_sure_she_is_and_leaves_a_step_out(at, goal, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        Step.add(goal, "All the way at once", by=thea)
    cleos = at(cleo.user, phone=True)
    cleos.goto(f"/portal/goals/{goal.pk}/")
    opened(cleos, "Reorder or remove")
    cleos.get_by_role("button", name=re.compile("Remove")).click()
    expect(cleos.locator("#steps")).not_to_contain_text("All the way at once")
    press(cleos, "Rate it", role="link")
    stone(cleos, "confidence", 4)
    fill(cleos, confidence_why="I stood at the stop", confidence_raise="A friend")
    press(cleos, "Save")
    expect(main(cleos)).to_contain_text("How confident: 4")
    theas = at(thea)
    theas.goto(f"/goals/{goal.pk}/")
    expect(main(theas)).to_contain_text("I stood at the stop")
    expect(main(theas)).not_to_contain_text("All the way at once")
    stone(theas, "value", 5)
    opened(theas, "Add a comment")
    theas.get_by_label("We chose it together").check()
    fill(theas, word="steadier")
    press(theas, "Save rating")
    cleos.reload()
    expect(main(cleos)).to_contain_text("chosen together")


def test_thea_links_two_goals_and_cleo_unlinks_them(at, goal, cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        other = Goal.propose(cleo, {"own_words": "Sleep through the night"}, by=thea)
    theas = at(thea)
    theas.goto(f"/goals/{goal.pk}/")
    press(theas, "Link a goal", role="link")
    choose(theas, "kind", "helps")
    theas.locator('select[name="other"]').select_option(str(other.pk))
    press(theas, "Link goals")
    expect(main(theas).locator("#links")).to_contain_text("Sleep through the night")
    cleos = at(cleo.user, phone=True)
    cleos.goto(f"/portal/goals/{other.pk}/")
    cleos.locator("#links").get_by_role("button").click()
    expect(cleos.locator("#links")).not_to_contain_text("Take the bus")


def test_cleo_agrees_on_theas_device_which_then_asks_for_thea(
    at, goal, cleo, thea, client
):
    cleo.user.set_password(PASSWORD)
    cleo.user.save()
    with acting_as(thea.pk), transaction.atomic():
        goal.propose_version({"own_words": "Take the bus one stop"}, by=thea)
    theas = at(thea)
    theas.goto(f"/goals/{goal.pk}/")
    press(theas, "Agree on this device")
    expect(main(theas)).to_contain_text("has asked you to do one thing on this device")
    theas.goto("/today/")
    expect(theas).to_have_url(re.compile("/sign-in/"))  # Thea is signed out here
    theas.goto("/handed-over/")
    theas.locator("#he").fill(cleo.user.email)
    theas.locator("#hp").fill(PASSWORD)
    press(theas, "Sign in to continue")
    expect(main(theas)).to_contain_text("for this page only")
    theas.goto("/portal/sessions/")
    expect(theas).to_have_url(re.compile("/here/"))  # nothing else of Cleo's opens
    press(theas, "Agree and finish")
    expect(theas).to_have_url(re.compile("/handed-over/done/"))
    expect(main(theas)).to_contain_text("Return the device")
    goal.refresh_from_db()
    assert goal.in_force.number == 2
    theas.goto("/portal/")
    expect(theas).to_have_url(re.compile("/sign-in/"))  # and Cleo is signed out


def test_axe_finds_nothing_on_a_goals_pages_and_each_fits(at, accessible, cleo, thea):
    goal = agreed_goal(cleo, thea, ratings=[3, 4, 5])
    with acting_as(thea.pk), transaction.atomic():
        mine = Goal.objects.select_related("client__user").get(pk=goal.pk)
        said = Comment.say(mine, "How was the bus?", by=thea)
        other = Goal.propose(cleo, {"own_words": "Sleep"}, by=thea)
        GoalLink.make(mine, other, "helps", by=thea)
        Step.add(mine, "One stop", by=thea, cue="it comes", plan="I stay")
        GoalScore.give(mine, "importance", 9, by=thea, why_not_lower="It is my town")
        Review.begin(mine, by=thea)
        mine.propose_version({"own_words": "One stop", "why": "My town"}, by=thea)
        mine.latest.goal = mine
        mine.latest.differ("It is enough", by=thea)
    ends = ("", "propose/", "key-back/", "differ/", "review/", "numbers/", "links/")
    for person, start in ((thea, "/goals/"), (cleo.user, "/portal/goals/")):
        talked = "/goal-comments/" if person is thea else "/portal/comments/"
        pages = [f"{start}{goal.pk}/{end}" for end in ends]
        pages += [f"{talked}{said.pk}/talked/", f"{start}{other.pk}/"]
        mine = [f"/clients/{cleo.pk}/goals/add/", f"/clients/{cleo.pk}/progress/"]
        hers = ["/portal/goals/add/", "/portal/progress/", "/portal/goals/"]
        pages += mine if person is thea else hers
        for phone in (True, False):
            page = at(person, phone=phone)
            for url in pages:
                page.goto(url)
                page.evaluate(OPEN_ALL)
                accessible(page)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= (390 if phone else 1280), (url, wide)
                assert "Cleo" not in page.title()


def test_no_line_of_two_wordings_lies_over_another(at, cleo, thea):
    """One wording with the therapist's words beside it, the other without."""
    with acting_as(thea.pk), transaction.atomic():
        mine = Goal.propose(cleo, {"own_words": "Sleep"}, by=thea)
    with acting_as(cleo.user.pk), transaction.atomic():
        goal = Goal.objects.select_related("client__user", "latest").get(pk=mine.pk)
        content = {"own_words": "Rest", "clinical_words": "Sleep hygiene " * 12}
        goal.propose_version(content | {"why": "I am tired"}, by=cleo.user)
        goal.latest.goal = goal
        goal.latest.differ("It is mine", by=cleo.user)
    for page, url in (
        (at(thea), f"/goals/{mine.pk}/differ/"),
        (at(cleo.user, phone=True), f"/portal/goals/{mine.pk}/differ/"),
    ):
        page.goto(url)
        for side in page.locator(".sides.level > div").all():
            lines = [one.bounding_box() for one in side.locator("p").all()]
            lines = [one for one in lines if one and one["height"]]
            assert len(lines) >= 3
            for above, below in itertools.pairwise(lines):
                assert above["y"] + above["height"] <= below["y"] + 1
