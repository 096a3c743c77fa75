"""What Cleo's home tells her, whatever else is asked about the same goal."""

from django.urls import reverse

from clients.models import Correction
from goals.models import Comment, Goal, Review
from goals.tests.test_what_is_agreed import decide, text
from tests.cast import act, agreed_goal, as_person, pinned, propose, read_goal

HOME = reverse("portal-home")
OTHER = {"own_words": "Six stops, alone"}
COMMENTED = "Your therapist commented on this goal"
ANSWERED = "Your correction request was answered"


def say(goal, by):
    with as_person(by):
        return Comment.say(goal, "It was a hard week.", by=by)


def due(goal, thea):
    """A review is due today; the next action's signals follow from that."""
    Goal.objects.filter(pk=goal.pk).update(review_on=thea.today())


def test_a_due_review_hides_no_news_of_its_goal(cleo, thea, sign_in):
    goal = propose(cleo, cleo.user, OTHER)
    due(goal, thea)
    act(thea, goal, lambda g: g.latest.agree(by=thea))
    say(goal, thea)
    page = text(sign_in(cleo.user).get(HOME))
    for line in ("Goal review due", "Your therapist agreed to this wording", COMMENTED):
        assert line in page


def test_a_due_review_hides_no_new_wording_and_no_comment(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    due(goal, thea)
    act(thea, goal, lambda g: g.propose_version(OTHER, by=thea))
    say(goal, thea)
    page = text(sign_in(cleo.user).get(f"{HOME}?all"))
    for line in ("Goal review due", "Thea suggests a new wording", COMMENTED):
        assert line in page


def test_a_decision_is_shown_beside_the_review_that_follows(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    decide(goal, "keep", cleo.user, thea)
    due(goal, thea)
    say(goal, thea)
    page = text(sign_in(cleo.user).get(HOME))
    for line in ("Goal review due", "Goal review decided: keep it as it is", COMMENTED):
        assert line in page


def test_a_comment_is_shown_beside_the_requested_answers(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    act(thea, goal, lambda g: Review.begin(g, by=thea))
    say(goal, thea)
    page = text(sign_in(cleo.user).get(HOME))
    assert "Your therapist started a goal review: add your answers" in page
    assert COMMENTED in page


def test_a_comment_notifies_the_other_side_until_it_opens_the_goal(cleo, thea, sign_in):
    goal = agreed_goal(cleo, thea)
    say(goal, thea)
    assert COMMENTED in text(sign_in(cleo.user).get(HOME))
    assert "commented on a goal" not in text(sign_in(thea).get("/today/"))
    read_goal(goal, by=cleo.user)
    assert COMMENTED not in text(sign_in(cleo.user).get(HOME))
    say(goal, cleo.user)
    assert COMMENTED not in text(sign_in(cleo.user).get(HOME))
    browser = sign_in(thea)
    assert "The client commented on a goal." in text(browser.get("/today/"))
    browser.get(f"/goals/{goal.pk}/")
    assert "commented on a goal" not in text(browser.get("/today/"))


def ask(cleo, about="A name"):
    with as_person(cleo.user):
        return Correction.ask(cleo, about, "Mara.", by=cleo.user)


def reply(correction, by):
    with as_person(by):
        assert Correction.objects.get(pk=correction.pk).reply("It is mended.", by=by)


def test_an_answered_correction_is_shown_until_cleo_reads_the_answer(
    cleo, thea, sign_in
):
    first = ask(cleo)
    browser = sign_in(cleo.user)
    assert ANSWERED not in text(browser.get(HOME))
    reply(first, thea)
    page = browser.get(HOME)
    assert ANSWERED in text(page) and "With the moment" not in text(page)
    assert f'href="{reverse("portal-corrections")}"' in page.content.decode()
    assert ANSWERED not in text(sign_in(thea).get("/today/"))
    assert "It is mended." in text(browser.get(reverse("portal-corrections")))
    assert ANSWERED not in text(browser.get(HOME))
    reply(ask(cleo, "A date"), thea)  # the first is not shown again with the second
    browser.get(reverse("portal-corrections"))
    assert ANSWERED not in text(browser.get(HOME))


def test_answers_already_read_cost_no_more_queries(cleo, thea, sign_in):
    browser, costs = sign_in(cleo.user), []
    for many in (1, 10):
        for number in range(many):
            reply(ask(cleo, f"Number {number}"), thea)
        browser.get(reverse("portal-corrections"))
        costs.append(pinned(browser, reverse("portal-corrections")))
    assert costs[0] == costs[1]
