"""Who is notified and asked after one side's action."""

import pytest

from goals.models import Goal
from goals.tests.test_what_is_agreed import text
from tests.cast import act, agree, agreed_goal, propose

OTHER = {"own_words": "Six stops, alone"}
HERS = {"own_words": "Two stops on my own"}
WAYS = {
    "talk": "Talk about it at the next session",
    "try": "Try both for two weeks",
    "third": "Find a wording that combines both",
    "leave": "Keep both versions",
}


@pytest.fixture
def browse(cleo, thea, sign_in):
    """`browse("cleo", "/portal/")`: that page as Cleo reads it."""
    people = {"cleo": cleo.user, "thea": thea}

    def read(who, address):
        return text(sign_in(people[who]).get(address))

    return read


def pages_of(goal, who):
    """Home and the goal's page of one of them."""
    if who == "cleo":
        return "/portal/", f"/portal/goals/{goal.pk}/"
    return "/today/", f"/goals/{goal.pk}/"


# -- two wordings ----------------------------------------------------------------------


def seen_differently(cleo, thea, agreed=False):
    goal = agreed_goal(cleo, thea) if agreed else propose(cleo, cleo.user, HERS)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    act(cleo.user, goal, lambda g: g.latest.differ("It is mine", by=cleo.user))
    return goal


def suggest(goal, who, way, cleo, thea):
    by = cleo.user if who == "cleo" else thea
    act(by, goal, lambda g: g.latest.suggest_next(way, by=by))


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("one", "other"), [("cleo", "thea"), ("thea", "cleo")])
def test_a_suggestion_notifies_the_other_side_and_not_its_author(
    cleo, thea, browse, sign_in, one, other, way, agreed
):
    goal = seen_differently(cleo, thea, agreed)
    suggest(goal, one, way, cleo, thea)
    name = {"cleo": "Cleo", "thea": "Thea"}[one]
    home, page = pages_of(goal, other)
    assert f"{name} suggests: {WAYS[way]}." in browse(other, page)
    if way != "talk":
        whose = {"cleo": "The client", "thea": "Your therapist"}[one]
        assert f"{whose} suggests " in browse(other, home)
        link = f'href="{page}differ/"'
        person = cleo.user if other == "cleo" else thea
        assert link in sign_in(person).get(home).content.decode()
    home, page = pages_of(goal, one)
    assert " suggests" not in browse(one, home)
    assert f"You suggested: {WAYS[way]}." in browse(one, page)


@pytest.mark.parametrize("way", WAYS)
def test_the_caseload_and_the_lists_show_cleos_suggestion(cleo, thea, browse, way):
    goal = seen_differently(cleo, thea)
    suggest(goal, "cleo", way, cleo, thea)
    short = {"try": "try both", "third": "combined wording", "leave": "keep both"}.get(
        way, way
    )
    assert f"Suggests: {short}" in browse("thea", "/caseload/")
    assert "Suggests:" in browse("thea", "/caseload/?show=attention")
    said = f"Cleo suggests: {WAYS[way]}."
    assert said in browse("thea", f"/clients/{cleo.pk}/")
    assert f"You suggested: {WAYS[way]}." in browse("cleo", "/portal/goals/")
    suggest(goal, "thea", way, cleo, thea)
    if way != "talk":
        assert "Suggests:" not in browse("thea", "/caseload/")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", ["cleo", "thea"])
def test_both_read_what_both_chose_and_when(cleo, thea, browse, way, first):
    goal = seen_differently(cleo, thea)
    for who in (first, "thea" if first == "cleo" else "cleo"):
        suggest(goal, who, way, cleo, thea)
    for who in ("cleo", "thea"):
        _home, page = pages_of(goal, who)
        assert f"You both chose, today: {WAYS[way]}." in browse(who, page)
        assert "you both chose the same, today" in browse(who, f"{page}differ/")
        assert (
            "suggest"
            not in browse(who, page)
            .split("History")[0]
            .replace("Suggest new wording", "")
            .replace("suggests a wording", "")
            .split("History")[0]
        )


def test_a_combined_wording_is_asked_for_until_there_is_one(
    cleo, thea, browse, sign_in
):
    goal = seen_differently(cleo, thea)
    for who in ("cleo", "thea"):
        suggest(goal, who, "third", cleo, thea)
    asked = "You both chose a combined wording"
    for who, person in (("cleo", cleo.user), ("thea", thea)):
        home, page = pages_of(goal, who)
        browse(who, page)  # opening the form is not a proposal
        assert asked in browse(who, home)
        assert f'href="{page}propose/"' in sign_in(person).get(home).content.decode()
    act(thea, goal, lambda g: g.propose_version({"own_words": "Both"}, by=thea))
    for who in ("cleo", "thea"):
        assert asked not in browse(who, pages_of(goal, who)[0])


# -- declining and withdrawing ---------------------------------------------------------


@pytest.fixture
def declined(cleo, thea):
    """Both agreed to Cleo's wording; Thea proposed another; Cleo withdrew from hers,
    and then declined Thea's."""
    goal = propose(cleo, cleo.user, HERS)
    agree(goal, thea)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    act(cleo.user, goal, lambda g: g.in_force.withdraw_key("No", by=cleo.user))
    return goal


def test_declining_a_new_wording_leaves_the_goal_that_both_agreed_to(
    declined, cleo, thea, browse, sign_in
):
    browser, page = sign_in(cleo.user), f"/portal/goals/{declined.pk}/"
    before = text(browser.get(page))
    assert "Decline this wording" in before and "This isn’t my goal" not in before
    after = text(browser.post(f"{page}decline/2/", follow=True))
    assert "is not in effect" in after
    goal = Goal.objects.get(pk=declined.pk)
    assert goal.is_open and goal.latest.number == 1 and not goal.waits_for
    assert "No wording of the goal is in effect." in browse("thea", "/today/")
    for who, addresses in {
        "cleo": (page, "/portal/goals/", "/portal/journey/"),
        "thea": (f"/goals/{goal.pk}/", f"/clients/{cleo.pk}/"),
    }.items():
        for address in addresses:
            read = browse(who, address)
            assert "Not in effect: an agreement was withdrawn." in read, address
            assert HERS["own_words"] in read
            assert "declined this goal" not in read and "Goal declined" not in read
    assert "suggestion" not in browse("cleo", "/portal/goals/")


def test_thea_can_decline_a_new_wording_too(cleo, thea, browse, sign_in):
    goal = agreed_goal(cleo, thea)
    act(cleo.user, goal, lambda g: g.propose_version(HERS, by=cleo.user))
    act(thea, goal, lambda g: g.in_force.withdraw_key("No", by=thea))
    assert "Decline this wording" in browse("thea", f"/goals/{goal.pk}/")
    sign_in(thea).post(f"/goals/{goal.pk}/decline/2/")
    found = Goal.objects.get(pk=goal.pk)
    assert found.is_open and found.latest.number == 1
    assert "No wording of this goal is in effect" in browse("cleo", "/portal/")


def test_a_decline_that_closes_a_goal_asks_for_confirmation(
    cleo, thea, browse, sign_in
):
    goal = propose(cleo, thea)
    page = sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/").content.decode()
    assert "<summary>This isn’t my goal</summary>" in page
    assert "The goal is then closed." in page and "Decline this goal" in page
    sign_in(cleo.user).post(f"/portal/goals/{goal.pk}/decline/1/")
    told = "The client declined a goal. It is closed."
    assert told in browse("thea", "/today/")


@pytest.mark.parametrize(("one", "other"), [("cleo", "thea"), ("thea", "cleo")])
def test_withdrawing_a_proposal_is_not_reported_as_leaving_the_goal(
    cleo, thea, browse, one, other
):
    goal = agreed_goal(cleo, thea)
    by = cleo.user if one == "cleo" else thea
    act(by, goal, lambda g: g.propose_version(OTHER, by=by))
    act(by, goal, lambda g: g.latest.withdraw_key("Too early", by=by))
    told = browse(other, pages_of(goal, other)[0])
    assert "withdrew a proposal for" in told and "the agreement" not in told
    act(by, goal, lambda g: g.latest.withdraw_key("Not now", by=by))
    told = browse(other, pages_of(goal, other)[0])
    assert "withdrew the agreement to" in told and "a proposal" not in told


def test_the_second_withdrawal_sets_the_goal_aside_and_notifies_the_other_side(
    cleo, thea, browse
):
    goal = agreed_goal(cleo, thea)
    for by in (thea, cleo.user):
        act(by, goal, lambda g, by=by: g.latest.withdraw_key("No", by=by))
    told = "The client also withdrew the agreement to a goal. It is set aside."
    assert told in browse("thea", "/today/")
    assert "withdrew the agreement" not in browse("cleo", "/portal/")


@pytest.mark.parametrize("state", ["aside", "taken up", "proposed"])
def test_every_withdrawal_is_shown_with_its_reason(cleo, thea, browse, state):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.latest.withdraw_key("Too many at once", by=thea))
    if state == "proposed":
        act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    else:
        by = cleo.user
        act(by, goal, lambda g: g.latest.withdraw_key("Then not me either", by=by))
    if state == "taken up":
        act(thea, goal, lambda g: g.take_up(by=thea))
    for who, mine, theirs in (("cleo", "Cleo", "Thea"), ("thea", "Thea", "Cleo")):
        page = browse(who, pages_of(goal, who)[1])
        panel = page.split("History")[0].split("History")[0]
        named = {"Thea"} if state == "proposed" else {"Thea", "Cleo"}
        assert ("You withdrew the agreement, today:" in panel) == (mine in named)
        assert (f"{theirs} withdrew the agreement, today:" in panel) == (
            theirs in named
        )
        assert f"{mine} withdrew" not in panel
        assert "Too many at once" in panel
        assert ("Then not me either" in panel) == (state != "proposed")


def test_a_withdrawal_followed_by_a_new_agreement_is_no_longer_shown(
    cleo, thea, browse
):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: g.latest.withdraw_key("Too many at once", by=thea))
    agree(goal, thea)
    act(cleo.user, goal, lambda g: g.latest.withdraw_key("Not I", by=cleo.user))
    panel = browse("thea", f"/goals/{goal.pk}/").split("History")[0]
    assert "Not I" in panel and "Too many at once" not in panel


@pytest.mark.parametrize("who", ["cleo", "thea"])
def test_withdrawing_mentions_no_button_that_is_missing(cleo, thea, browse, who):
    goal = agreed_goal(cleo, thea)
    address = f"{pages_of(goal, who)[1]}key-back/"
    assert "propose again or agree again" in browse(who, address)
    other = thea if who == "cleo" else cleo.user
    act(other, goal, lambda g: g.propose_version(OTHER, by=other))
    page = browse(who, address)
    assert "agree again" not in page
    assert "it stays in the history, and version 2 stays proposed." in page
