"""The latest ratings of many goals, oldest first, as sparklines show them."""

from django.db import transaction

from database.identity import acting_as
from goals.models import GoalRating
from goals.recent_ratings import SHOWN, recent_lines
from tests.cast import agreed_goal


def lines_of(thea, *clients):
    with acting_as(thea.pk), transaction.atomic():
        return recent_lines([client.pk for client in clients])


def take_back_last(goal, by):
    with acting_as(by.pk), transaction.atomic():
        rating = GoalRating.objects.filter(goal=goal).latest("at")
        assert rating.withdraw(by=by)


def test_the_last_twelve_ratings_oldest_first(thea, cleo):
    agreed_goal(cleo, thea, ratings=[n % 11 for n in range(15)])
    [line] = lines_of(thea, cleo)[cleo.pk]
    assert line.ratings == [n % 11 for n in range(15)][-SHOWN:]
    assert line.last == 3


def test_a_withdrawn_rating_does_not_count(thea, cleo):
    goal = agreed_goal(cleo, thea, ratings=(2, 4, 9))
    take_back_last(goal, thea)
    [line] = lines_of(thea, cleo)[cleo.pk]
    assert line.ratings == [2, 4]


def test_another_therapists_client_has_no_line(thea, theo, cleo, carl):
    agreed_goal(cleo, thea, ratings=(2,))
    agreed_goal(carl, theo, ratings=(7,))
    assert set(lines_of(thea, cleo, carl)) == {cleo.pk}
