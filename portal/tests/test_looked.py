"""Cleo reads who opened her record, in which role, and when."""

import pytest
from django.urls import reverse

from accounts import audit
from tests.cast import agreed_goal, as_person, at_most, hold

LOOKED = reverse("portal-looked")


def told(browser):
    answer = browser.get(LOOKED)
    assert answer.status_code == 200
    return answer.content.decode()


def test_nobody_has_looked_yet(cleo, sign_in):
    assert "No one has opened your record yet" in told(sign_in(cleo.user))


def test_a_goal_that_thea_opened_three_times_is_one_line(cleo, thea, sign_in):
    goal = agreed_goal(cleo, by=thea)
    hers = sign_in(thea)
    for _ in range(3):
        assert hers.get(reverse("goal", args=[goal.pk])).status_code == 200
    browser = sign_in(cleo.user)
    said = told(browser)
    assert "Thea, your therapist" in said and "Opened your goals, 3 times" in said
    assert len(browser.get(LOOKED).context["looks"]) == 1
    assert "the bus" not in said


def test_what_cleo_opens_herself_is_not_listed(cleo, thea, sign_in):
    goal, session = agreed_goal(cleo, by=thea), hold(cleo, by=thea, body=None)
    browser = sign_in(cleo.user)
    browser.get(reverse("portal-goal", args=[goal.pk]))
    browser.get(reverse("portal-session", args=[session.pk]))
    assert "No one has opened your record yet" in told(browser)


def test_cleo_does_not_learn_who_looked_at_carl(cleo, carl, theo, sign_in):
    goal = agreed_goal(carl, by=theo)
    sign_in(theo).get(reverse("goal", args=[goal.pk]))
    assert "Theo" not in told(sign_in(cleo.user))
    assert "Theo, your therapist" in told(sign_in(carl.user))


def test_an_export_and_its_reason_are_listed(cleo, ada, sign_in):
    with as_person(ada):
        audit.record("exported", about=cleo, role="admin", reason="Asked by Cleo")
    said = told(sign_in(cleo.user))
    assert "Exported from your record" in said and ">Asked by Cleo<" in said
    assert "Ada, practice administrator" in said


@pytest.mark.parametrize("many", [1, 50])
def test_who_looked_takes_few_queries(cleo, thea, sign_in, many):
    for number in range(many):
        with as_person(thea):
            audit.record("opened", about=cleo, role=f"primary{number}")
    browser = sign_in(cleo.user)
    with at_most(7):  # one for pending care roles
        told(browser)
