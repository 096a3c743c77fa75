"""Who can read, open and close a signal, by SQL."""

import json

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import User
from clients.models import Client, Signal
from clients.record_access import opened
from conftest import in_care, person
from database.ids import uuid7
from goals.models import Goal
from tests.cast import agreed_goal, as_person

CLOSE = "SELECT app.close_signals(%s::uuid[], %s, %s::jsonb)"


@pytest.fixture
def both(cleo, thea):
    """A signal for each side of Cleo, open until the goal is opened."""
    goal = agreed_goal(cleo, thea)
    Signal.objects.all().delete()
    return [
        Signal.objects.create(
            practice_id=cleo.practice_id, client=cleo, kind="differs", about=goal.pk,
            side=side, since=timezone.now(), until_opened=True,
        )
        for side in ("client", "therapist")
    ]  # fmt: skip


def open_sides() -> list[str]:
    return sorted(Signal.objects.open().values_list("side", flat=True))


def execute(sql, *values) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.rowcount


def close_all(cleo):
    execute(CLOSE, [str(cleo.pk)], ["differs"], "[]")


def row(cleo, side):
    return Signal(
        practice_id=cleo.practice_id, client=cleo, kind="said", about=uuid7(),
        side=side, since=timezone.now(),
    )  # fmt: skip


def test_each_side_reads_its_own_in_the_program_and_the_database(both, cleo, thea):
    for who, side in ((cleo.user, "client"), (thea, "therapist")):
        with as_person(who):
            assert open_sides() == [side]
        for rows in (Signal.objects.visible_to(who), Signal.objects.editable_by(who)):
            assert list(rows.values_list("side", flat=True)) == [side]


def test_either_side_opens_and_closes_signals_of_the_other(both, cleo, thea):
    with as_person(cleo.user):
        close_all(cleo)
    assert open_sides() == []
    for who in (cleo.user, thea):
        with as_person(who):
            rows = [row(cleo, side) for side in ("client", "therapist")]
            Signal.objects.bulk_create(rows, ignore_conflicts=True)
    assert open_sides() == ["client"] * 2 + ["therapist"] * 2


def test_signals_that_stay_open_are_named_with_all_their_fields(both, cleo, thea):
    [mine, theirs] = both
    said = [
        {"client_id": str(cleo.pk), "side": one.side, "kind": one.kind,
         "about": str(one.about), "since": str(since), "due_on": None, "until": None}
        for one, since in ((mine, mine.since), (theirs, timezone.now()))
    ]  # fmt: skip
    with as_person(thea):
        execute(CLOSE, [str(cleo.pk)], ["differs"], json.dumps(said))
    assert open_sides() == ["client"]


STRANGERS = [
    "another therapist", "another client", "admin", "supervisor", "emergency",
    "discharged client", "nobody",
]  # fmt: skip


@pytest.fixture
def stranger(request, cleo, carl, theo, ada, practice):
    who = request.param
    if who == "discharged client":
        Client.objects.filter(pk=cleo.pk).update(
            state="discharged", discharged_at=timezone.now()
        )
        return cleo.user
    if who in ("supervisor", "emergency"):
        iris = person(practice, "Iris", is_therapist=True)
        in_care(cleo, iris, who, begins=-0.01, ends=0.1)
        return iris
    known = {"another therapist": theo, "another client": carl.user, "admin": ada}
    return known.get(who) or User()


@pytest.mark.parametrize("stranger", STRANGERS, indirect=True)
def test_nobody_else_opens_or_closes_a_signal(both, cleo, stranger):
    with as_person(stranger):
        close_all(cleo)
    assert open_sides() == ["client", "therapist"]
    with as_person(stranger):
        execute("UPDATE clients_signal SET closed_at = now()")
    assert open_sides() == ["client", "therapist"]
    for side in ("client", "therapist"):
        with pytest.raises(DatabaseError), as_person(stranger), transaction.atomic():
            row(cleo, side).save(force_insert=True)


def test_opening_the_row_closes_the_signal_of_that_side(both, cleo, thea):
    goal = Goal.objects.get(pk=both[0].about)
    with as_person(thea):
        opened(goal, thea)
    assert open_sides() == ["client"]


def test_a_supervisors_opening_closes_nothing(both, cleo, thea, practice):
    iris = person(practice, "Iris", is_therapist=True)
    in_care(cleo, iris, "supervisor")
    goal = Goal.objects.get(pk=both[0].about)
    with as_person(iris):
        opened(goal, iris)
    assert open_sides() == ["client", "therapist"]


@pytest.mark.parametrize("column", ["kind", "side", "until", "client_id", "since"])
def test_nothing_of_a_signal_changes_except_its_end(both, thea, column):
    with pytest.raises(DatabaseError), as_person(thea), transaction.atomic():
        execute(f"UPDATE clients_signal SET {column} = {column}")
