"""The client page: current goals and what was reached."""

from django.utils import timezone

from goals.models import Goal
from tests.cast import agreed_goal


def page_of(sign_in, thea, cleo):
    answer = sign_in(thea).get(f"/clients/{cleo.pk}/")
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def closed(goal, ended_as):
    Goal.objects.filter(pk=goal.pk).update(closed_at=timezone.now(), ended_as=ended_as)


def test_a_reached_goal_stays_visible(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea, ratings=(2, 5, 9))
    closed(goal, "reached")
    page = page_of(sign_in, thea, cleo)
    assert "1 closed goal" in page
    assert f'href="/goals/{goal.pk}/"' in page
    assert "No open goals." in page


def test_a_goal_set_aside_is_listed_among_the_closed_ones(sign_in, thea, cleo):
    goal = agreed_goal(cleo, thea)
    closed(goal, "aside")
    page = page_of(sign_in, thea, cleo)
    assert f'href="/goals/{goal.pk}/"' in page and "Set aside" in page
    assert "No open goals." in page
