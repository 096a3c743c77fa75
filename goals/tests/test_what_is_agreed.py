"""Each status of a goal is correct: who is asked, what is agreed, why it ended."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import Client
from conftest import in_care
from goals.models import Goal, Review
from goals.models.goal import KEPT, REVIEW_AFTER
from tests.cast import WORDS, act, agree, agreed_goal, propose, tight

TRAM = {"own_words": "Take the tram into town"}


def suggest(goal, by, content=TRAM):
    act(by, goal, lambda g: g.propose_version(content, by=by))


def withdraw(goal, by):
    act(by, goal, lambda g: g.latest.withdraw_key("No", by=by))


def decide(goal, choice, *people):
    for person in people:

        def answer(found, by=person):
            review = Review.begin(found, by=by)
            review.goal = found
            review.answer({"goal_fits": "yes", "choice": choice}, by=by)

        act(person, goal, answer)


def now(goal):
    goal.refresh_from_db(fields=KEPT)
    return goal


def text(answer):
    bare = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return (
        re.sub(r"\s+", " ", bare)
        .replace(" :", ":")
        .replace(" .", ".")
        .replace(" ,", ",")
    )


@pytest.fixture
def agreed(cleo, thea):
    goal = propose(cleo, cleo.user)
    agree(goal, thea)
    return goal


# -- resumed --------------------------------------------------------------------------


def test_resumed_with_an_open_proposal_it_asks_the_side_that_has_not_agreed(
    agreed, cleo, thea, sign_in
):
    suggest(agreed, thea)
    decide(agreed, "aside", thea, cleo.user)
    assert now(agreed).waits_for == ""
    act(cleo.user, agreed, lambda g: g.take_up(by=cleo.user))
    assert now(agreed).waits_for == "client"
    home, page = (sign_in(cleo.user).get(f"/portal/{url}")
                  for url in ("", f"goals/{agreed.pk}/"))  # fmt: skip
    assert "Thea suggests a new wording" in text(home)
    assert "withdrawn" not in text(page)
    assert "Agree to version 2" in text(page)
    theirs = text(sign_in(thea).get(f"/goals/{agreed.pk}/"))
    assert "Waiting for Cleo to agree." in theirs


def test_a_resumed_goal_has_a_review_date_again(agreed, cleo, thea, sign_in):
    decide(agreed, "aside", thea, cleo.user)
    assert now(agreed).review_on is None
    browser = sign_in(thea)
    page = text(browser.post(f"/goals/{agreed.pk}/take-up/", follow=True))
    assert now(agreed).review_on == thea.today() + REVIEW_AFTER
    assert "Resumed. Agreed today, review" in page


def test_resumed_before_the_agreed_date_it_keeps_that_date(cleo, thea):
    day = thea.today() + timedelta(days=20)
    goal = propose(cleo, cleo.user, WORDS | {"review_on": day})
    agree(goal, thea)
    decide(goal, "aside", thea, cleo.user)
    act(thea, goal, lambda g: g.take_up(by=thea))
    assert now(goal).review_on == day


def test_agreeing_again_after_both_withdrew_asks_the_other_side(agreed, cleo, thea):
    withdraw(agreed, cleo.user)
    withdraw(agreed, thea)
    assert now(agreed).ended_as == "aside"
    act(thea, agreed, lambda g: g.take_up(by=thea))
    assert now(agreed).waits_for == ""
    agree(agreed, thea)
    assert now(agreed).waits_for == "client"


# -- closed by the other side ---------------------------------------------------------


def test_a_declined_goal_says_who_declined_it_and_becomes_a_new_one(
    cleo, thea, sign_in
):
    goal = propose(cleo, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    browser, url = sign_in(thea), f"/goals/{goal.pk}/propose/"
    said = {"own_words": "Ride to the lake", "seen": 1}
    page = text(browser.post(url, said))
    assert "Cleo declined this goal today." in page
    assert "A new wording was proposed" not in page
    assert "Ride to the lake" in page and "Propose as a new goal" in page
    answer = browser.post(url, said | {"as_new": "1"}, follow=True)
    assert "Ride to the lake" in text(answer)
    new = Goal.objects.exclude(pk=goal.pk).get()
    assert (new.latest.own_words, new.waits_for) == ("Ride to the lake", "client")
    assert now(goal).ended_as == "declined"


def test_a_withdrawn_proposal_says_so_to_cleo_and_her_wording_becomes_a_goal(
    cleo, thea, sign_in
):
    goal = propose(cleo, thea)
    withdraw(goal, thea)
    browser, url = sign_in(cleo.user), f"/portal/goals/{goal.pk}/propose/"
    said = {"own_words": "Ride to the lake", "seen": 1}
    assert "Thea withdrew this proposal today." in text(browser.post(url, said))
    browser.post(url, said | {"as_new": "1"})
    assert Goal.objects.get(closed_at=None).waits_for == "therapist"


def test_an_error_in_the_new_goal_is_not_reported_as_a_conflict(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    withdraw(goal, thea)
    browser, url = sign_in(cleo.user), f"/portal/goals/{goal.pk}/propose/"
    keep = f"/drafts/{cleo.pk}/goal/{goal.pk}/"
    typed = {"own_words": "Ride", "revision": 0}
    assert browser.post(keep, typed).status_code == 200
    said = {"own_words": "", "why": "Fresh air", "seen": 1, "revision": 1}
    page = tight(browser.post(url, said | {"as_new": "1"}).content.decode())
    assert "Fresh air" in page
    assert 'name="revision" value="1"' in page
    assert browser.post(keep, typed | {"revision": 1}).status_code == 200


def test_the_same_wording_can_be_proposed_again_once(cleo, thea, sign_in):
    goal = propose(cleo, thea, WORDS | {"clinical_words": "Exposure"})
    withdraw(goal, thea)
    browser, url = sign_in(cleo.user), f"/portal/goals/{goal.pk}/propose/"
    page = browser.get(url).content.decode()
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    said = WORDS | {"seen": 1, "once": once, "as_new": "1"}
    for _twice in range(2):
        browser.post(url, said)
    new = Goal.objects.get(closed_at=None)
    assert new.latest.clinical_words == "Exposure"  # what Cleo's page does not show


def test_agreeing_to_a_closed_goal_is_refused_with_a_reason(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    withdraw(goal, thea)
    answer = sign_in(cleo.user).post(f"/portal/goals/{goal.pk}/agree/1/", follow=True)
    assert "Thea withdrew this proposal today." in text(answer)


def test_an_open_goal_is_not_proposed_as_a_second_one(agreed, thea, sign_in):
    url = f"/goals/{agreed.pk}/propose/"
    sign_in(thea).post(url, TRAM | {"seen": 1, "as_new": "1"})
    assert Goal.objects.count() == 1
    assert now(agreed).latest.number == 2


# -- nothing is called agreed that is not ---------------------------------------------


def test_a_wording_nobody_agreed_to_has_no_agreed_heading(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    withdraw(goal, thea)
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        page = sign_in(person).get(f"{url}/goals/{goal.pk}/").content.decode()
        assert "The agreed goal" not in page
        assert WORDS["own_words"] in page


def test_with_nothing_agreed_proposing_promises_no_agreed_wording(cleo, thea, sign_in):
    goal = propose(cleo, cleo.user)
    browser, url = sign_in(thea), f"/goals/{goal.pk}/propose/"
    assert "current wording" not in text(browser.get(url))
    said = text(browser.post(url, TRAM | {"seen": 1}, follow=True))
    assert "current wording" not in said
    assert "Proposed. You agreed to it" in said


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("none", "has no portal account and cannot agree there."),
        ("invited", "can agree after joining the portal."),
        ("joined", "Waiting for Cleo to agree."),
        ("closed", "closed the portal account and cannot agree there."),
        ("discharged", "is discharged and cannot agree."),
    ],
)
def test_it_waits_only_for_a_client_who_can_agree(state, says, cleo, thea, sign_in):
    goal = propose(cleo, thea)
    user = cleo.user
    if state == "none":
        Client.objects.filter(pk=cleo.pk).update(user=None)
    if state == "invited":
        type(user).objects.filter(pk=user.pk).update(joined_at=None)
    if state == "closed":
        type(user).objects.filter(pk=user.pk).update(is_active=False)
    if state == "discharged":
        Client.objects.filter(pk=cleo.pk).update(
            state="discharged", discharged_at=timezone.now()
        )
    browser = sign_in(thea)
    for url in (f"/goals/{goal.pk}/", f"/clients/{cleo.pk}/"):
        page = text(browser.get(url))
        assert says in page
        assert ("Waiting for Cleo" in page) == (state == "joined")
        assert ("Agree on this device" in page) == (
            state == "joined" and "goals" in url
        )


@pytest.mark.parametrize("closed", [False, True])
def test_a_client_who_closed_the_portal_is_not_said_to_read_or_answer(
    closed, cleo, thea, sign_in
):
    day = (cleo.user.today() + timedelta(days=30)).isoformat()
    goal = agreed_goal(cleo, thea, content=WORDS | {"review_on": day})
    act(cleo.user, goal, lambda g: g.propose_version(TRAM, by=cleo.user))
    type(thea).objects.filter(pk=cleo.user_id).update(is_active=not closed)
    browser, start = sign_in(thea), f"/goals/{goal.pk}"
    page = text(browser.get(f"{start}/key-back/"))
    assert "stays in the history." in page
    assert ("Both of you can read it" in page) != closed
    page = text(browser.get(f"{start}/differ/"))
    assert "There is no need to agree." in page
    assert ("You are both asked to review it that day." in page) != closed


def test_a_discharged_client_is_not_asked_to_agree(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    Client.objects.filter(pk=cleo.pk).update(
        state="discharged", discharged_at=timezone.now()
    )
    browser = sign_in(cleo.user)
    for url in ("/portal/goals/", f"/portal/goals/{goal.pk}/"):
        page = text(browser.get(url))
        assert "Your therapy here has ended, so you can’t agree." in page
        assert "Needs your agreement" not in page


# -- reviews --------------------------------------------------------------------------


def test_a_sides_own_choice_stays_visible(agreed, thea, sign_in):
    browser = sign_in(thea)
    browser.post(f"/goals/{agreed.pk}/review/begin/")
    url = f"/goals/{agreed.pk}/review/"
    browser.post(url, {"goal_fits": "partly", "goal_words": "Hm", "choice": "aside"})
    page = text(browser.get(url))
    assert "You chose: Set it aside." in page
    assert "Not quite" in page and "Hm" in page


def test_the_side_that_chose_first_is_asked_again_if_the_other_chose_differently(
    agreed, cleo, thea, sign_in
):
    decide(agreed, "keep", thea)
    decide(agreed, "aside", cleo.user)
    assert "it is your turn to choose" in text(sign_in(thea).get("/today/"))
    browser = sign_in(cleo.user)
    assert "your turn to choose" not in text(browser.get("/portal/"))
    decide(agreed, "change", thea)
    assert "it is your turn to choose" not in text(sign_in(thea).get("/today/"))
    assert "your turn to choose" in text(browser.get("/portal/"))


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        ("keep", "keep it as it is"),
        ("aside", "set it aside"),
        ("reached", "reached"),
    ],
)
def test_the_other_side_learns_the_decision_on_its_home_page(
    choice, says, agreed, cleo, thea, sign_in
):
    decide(agreed, choice, cleo.user, thea)
    home = sign_in(cleo.user)
    assert f"Goal review decided: {says}" in text(home.get("/portal/"))
    assert "Goal review decided" not in text(sign_in(thea).get("/today/"))
    assert home.get(f"/portal/goals/{agreed.pk}/").status_code == 200
    assert "Goal review decided" not in text(home.get("/portal/"))


def test_a_supervisors_opening_does_not_clear_the_therapists_notification(
    agreed, cleo, thea, theo, sign_in
):
    from conftest import in_care

    in_care(cleo, theo, "supervisor")
    decide(agreed, "keep", thea, cleo.user)
    sign_in(theo).get(f"/goals/{agreed.pk}/")
    assert "Goal review decided" in text(sign_in(thea).get("/today/"))


def test_a_late_decision_says_what_was_decided_meanwhile(agreed, cleo, thea, sign_in):
    decide(agreed, "keep", thea, cleo.user)
    answer = sign_in(thea).post(
        f"/goals/{agreed.pk}/review/",
        {"goal_fits": "no", "choice": "aside"},
        follow=True,
    )
    page = text(answer)
    assert "The review was decided today: Keep it as it is." in page
    assert "Your answers arrived after that and were not saved." in page


def test_withdrawing_an_agreement_ends_its_review(agreed, cleo, thea, sign_in):
    decide(agreed, "keep", thea)
    withdraw(agreed, cleo.user)
    assert now(agreed).review_id is None
    assert "Goal review" not in text(sign_in(cleo.user).get("/portal/"))


def test_withdrawing_the_second_agreement_is_not_withdrawing_a_proposal(
    agreed, cleo, thea, sign_in
):
    withdraw(agreed, cleo.user)
    browser = sign_in(thea)
    assert "Withdraw my agreement too" in text(browser.get(f"/goals/{agreed.pk}/"))
    page = text(browser.get(f"/goals/{agreed.pk}/key-back/"))
    assert "Neither of you then agrees to this wording" in page
    assert "Withdraw my proposal" not in page
    browser.post(f"/goals/{agreed.pk}/key-back/", {"reason": "Not now"})
    assert now(agreed).ended_as == "aside"


def test_the_history_says_that_a_first_proposal_was_declined(cleo, thea, sign_in):
    goal = propose(cleo, thea)
    act(cleo.user, goal, lambda g: g.latest.decline("", by=cleo.user))
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/"))
    assert "Version 1: declined by Cleo" in page
    assert "kept what stood before" not in page


# -- a colleague of the same side -----------------------------------------------------


@pytest.fixture
def colleague(cleo, theo):
    in_care(cleo, theo, "co_therapist")
    return theo


def test_only_the_person_who_withdrew_a_proposal_reads_you(
    cleo, thea, colleague, sign_in
):
    goal = propose(cleo, thea)
    withdraw(goal, thea)
    url = f"/goals/{goal.pk}/"
    for address in (url, f"{url}propose/"):
        assert "You withdrew this proposal" in text(sign_in(thea).get(address))
        said = text(sign_in(colleague).get(address))
        assert "Thea withdrew this proposal" in said and "You withdrew" not in said


def test_a_colleagues_agreement_has_the_colleagues_name(cleo, thea, colleague, sign_in):
    goal = propose(cleo, thea)
    url = f"/goals/{goal.pk}/"
    assert "You agreed today" in text(sign_in(thea).get(url))
    said = text(sign_in(colleague).get(url))
    assert "Thea agreed today" in said and "You agreed today" not in said


def test_a_colleagues_view_of_two_wordings_has_the_colleagues_name(
    cleo, thea, colleague, sign_in
):
    goal = propose(cleo, cleo.user)
    act(thea, goal, lambda g: g.latest.differ("The lake", by=thea))
    act(thea, goal, lambda g: g.latest.suggest_next("talk", by=thea))
    url = f"/goals/{goal.pk}/differ/"
    said = text(sign_in(thea).get(url))
    assert "What matters to you about it The lake" in said and "You suggested:" in said
    said = text(sign_in(colleague).get(url))
    assert "What matters to Thea about it The lake" in said
    assert "Thea suggested:" in said and "You suggested:" not in said


def test_a_colleagues_answers_in_a_review_have_the_colleagues_name(
    agreed, cleo, thea, colleague, sign_in
):
    decide(agreed, "keep", thea)
    url = f"/goals/{agreed.pk}/review/"
    said = text(sign_in(thea).get(url))
    assert "Your answers" in said and "You chose:" in said
    said = text(sign_in(colleague).get(url))
    assert "Thea’s answers" in said and "Thea chose:" in said
    assert "Your answers" not in said and "You chose:" not in said
    decide(agreed, "change", cleo.user)
    url = f"/goals/{agreed.pk}/review/"
    for person, name in ((thea, "You"), (colleague, "Thea")):
        said = text(sign_in(person).get(url)).split("Three questions, two answers")[1]
        said = said.split("What happens next?")[0]
        assert set(re.findall(r"\b(?:You|Thea)\b", said)) == {name}


# -- who said that it is reached ------------------------------------------------------


def test_a_reached_goal_names_both_only_if_both_said_so(agreed, cleo, thea, sign_in):
    decide(agreed, "reached", cleo.user, thea)
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        page = text(sign_in(person).get(f"{url}/goals/{agreed.pk}/reached/"))
        assert "You both decided it." in page and "Marked as reached" not in page


def test_a_goal_marked_reached_by_thea_alone_names_her(cleo, thea, sign_in):
    goal = propose(cleo, thea)  # Cleo never agreed to it
    Client.objects.filter(pk=cleo.pk).update(
        state="discharged", discharged_at=timezone.now()
    )
    decide(goal, "reached", thea)
    Client.objects.filter(pk=cleo.pk).update(state="active", discharged_at=None)
    page = text(sign_in(cleo.user).get(f"/portal/goals/{goal.pk}/reached/"))
    assert "Marked as reached by Thea." in page and "You both decided it" not in page
    page = text(sign_in(thea).get(f"/goals/{goal.pk}/reached/"))
    assert "You marked it as reached." in page and "You both decided it" not in page


def test_the_history_says_with_whose_answer_a_review_was_decided(
    agreed, cleo, thea, sign_in
):
    decide(agreed, "keep", cleo.user, thea)
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        page = text(sign_in(person).get(f"{url}/goals/{agreed.pk}/"))
        assert "Decided with Thea’s answer, " in page


@pytest.mark.parametrize("role", ["supervisor", "co_therapist"])
def test_only_the_person_who_agreed_reads_you_agreed(
    role, agreed, cleo, thea, theo, sign_in
):
    in_care(cleo, theo, role)
    url = f"/goals/{agreed.pk}/"
    assert "Agreed by you:" in text(sign_in(thea).get(url))
    said = text(sign_in(theo).get(url))
    assert "Agreed by you:" not in said and "Agreed by Thea:" in said


def test_a_supervisor_is_not_asked_to_agree(cleo, thea, theo, sign_in):
    goal = propose(cleo, cleo.user)
    in_care(cleo, theo, "supervisor")
    url = f"/goals/{goal.pk}/"
    assert "You not yet" in text(sign_in(thea).get(url))
    said = text(sign_in(theo).get(url))
    assert "You not yet" not in said and "Therapist not yet" in said


def hidden(name, page):
    """The value that a page sends under that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return {name: found[1]} if found else {}


def test_a_stale_page_starts_no_second_review(agreed, cleo, thea, sign_in):
    for person, url in ((thea, ""), (cleo.user, "/portal")):
        browser = sign_in(person)
        page = browser.get(f"{url}/goals/{agreed.pk}/").content.decode()
        decide(agreed, "keep", thea, cleo.user)
        begin = f"{url}/goals/{agreed.pk}/review/begin/"
        said = text(browser.post(begin, hidden("seen", page), follow=True))
        assert "The review was decided today: Keep it as it is." in said
        assert now(agreed).review_id is None
    page = browser.get(f"{url}/goals/{agreed.pk}/").content.decode()
    browser.post(begin, hidden("seen", page))
    assert now(agreed).review_id is not None


def test_answers_to_a_decided_review_do_not_count_in_the_next(
    agreed, cleo, thea, sign_in
):
    browser, url = sign_in(thea), f"/goals/{agreed.pk}/review/"
    browser.post(f"{url}begin/")
    page = browser.get(url).content.decode()
    old = hidden("review", page)
    decide(agreed, "keep", thea, cleo.user)
    act(cleo.user, agreed, lambda g: Review.begin(g, by=cleo.user))
    said = {"goal_fits": "no", "choice": "aside", "goal_words": "Hm"}
    page = text(browser.post(url, said | old))
    assert "The review was decided today: Keep it as it is." in page
    assert "Your answers arrived after that and were not saved." in page
    assert "Hm" in page
    assert now(agreed).review.therapist_at is None


# -- actions on a closed goal ---------------------------------------------------------


@pytest.mark.parametrize("page", ["numbers", "links"])
def test_ratings_and_links_on_a_closed_goal_are_refused_with_a_reason(
    page, agreed, cleo, thea, sign_in
):
    other = propose(cleo, thea, TRAM)
    decide(agreed, "aside", thea, cleo.user)
    said = {
        "numbers": {"importance": "5", "importance_why": "Fresh air"},
        "links": {"kind": "helps", "other": str(other.pk)},
    }[page]
    for person, prefix in ((thea, ""), (cleo.user, "/portal")):
        browser, url = sign_in(person), f"{prefix}/goals/{agreed.pk}/{page}/"
        for answer in (
            browser.get(url, follow=True),
            browser.post(url, said, follow=True),
        ):
            assert "This goal was set aside today." in text(answer)
            assert "Something changed while" not in text(answer)
    assert not agreed.scores.exists()
