"""Nobody looks unseen: each page that shows something of Cleo leaves a row for her.

Every address with an id is opened by everybody who may; a 200 without a row fails here,
or stands below with its reason.
"""

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clients.record_access import LOOKS
from conftest import in_care, person
from database.identity import acting_as
from goals.models import Goal, Review
from tests.cast import agreed_goal
from tests.test_walk import NOT_ROWS, WITH_IDS, combinations, rows  # noqa: F401

FILE = {"copy fetched"}  # a copy of the record that is taken away
LISTS = {f"caseload-import{part}" for part in ("-look", "-lines", "-names")}
NO_LOOK = {  # by who opens it
    # One's own list before it is a record; who treats whom; one's own week, in which
    # each name leads to a page that leaves a row.
    "primary": LISTS | {"client-care", "digest"},
    # Who treats whom, never a word of the record; a crisis line of the practice.
    "admin": {"client-care", "line-edit"},
}


@pytest.fixture
def cleos(rows, cleo, thea):  # noqa: F811
    """Her rows; her goals in each state that has a page of its own."""
    others = {}
    for state in ("differs", "asked", "reached"):
        goal = agreed_goal(cleo, thea)
        others[state] = goal
        with acting_as(thea.pk), transaction.atomic():
            goal = Goal.objects.select_related("client__user", "review").get(pk=goal.pk)
            if state == "differs":
                goal.propose_version({"own_words": "One stop"}, by=thea)
                goal.latest.differ("The town can wait", by=thea)
            if state == "asked":
                Review.begin(goal, by=thea)
    Goal.objects.filter(pk=others["reached"].pk).update(
        closed_at=timezone.now(), ended_as="reached"
    )
    goals = [*rows["goal_id"], *(goal.pk for goal in others.values())]
    return rows | {"client_id": [cleo.pk], "goal_id": goals}


@pytest.fixture
def who_may(practice, thea, theo, ada, cleo, rows):  # noqa: F811
    in_care(cleo, theo, "co_therapist")
    cover = person(practice, "Cora", is_therapist=True)
    in_care(cleo, cover, "cover")
    supervisor = person(practice, "Sam", is_therapist=True)
    in_care(cleo, supervisor, "supervisor")
    emergency = person(practice, "Emil", is_therapist=True)
    in_care(cleo, emergency, "emergency", begins=0, ends=0.1)
    return {
        "primary": thea, "second": theo, "cover": cover, "supervisor": supervisor,
        "emergency": emergency, "client": cleo.user, "admin": ada,
    }  # fmt: skip


@pytest.mark.requirement("R16")
@pytest.mark.parametrize(
    "role",
    ["primary", "second", "cover", "supervisor", "emergency", "client", "admin"],
)
def test_every_page_with_an_id_leaves_a_row(sign_in, cleo, cleos, who_may, role):
    somebody = who_may[role]
    browser = sign_in(somebody)
    unseen, shown = set(), set()
    for pattern in WITH_IDS:
        if pattern.name in NOT_ROWS:
            continue
        for kwargs in combinations(pattern, cleos):
            looks = AuditEvent.objects.filter(
                actor_id=somebody.pk, client_id=cleo.pk, verb__in={*LOOKS, *FILE}
            )
            before = looks.count()
            answer = browser.get(reverse(pattern.name, kwargs=kwargs))
            if answer.status_code != 200:
                continue
            shown.add(pattern.name)
            if looks.count() == before:
                unseen.add(pattern.name)
    assert unseen == NO_LOOK.get(role, set())
    if role in ("primary", "client"):
        side = "portal-" if role == "client" else ""
        for page in ("review", "differ", "reached", "key-back", "numbers"):
            assert f"{side}goal-{page}" in shown
