"""What is planned, when, and only once."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import transaction

from accounts.models import OutgoingEmail, User
from appointments.models import TherapySession
from conftest import admit, as_role
from digests import plan
from digests.models import Digest
from digests.tests.conftest import (
    HOUR,
    TUESDAY,
    berlin,
    digests,
    emails,
    move,
    on_calendar,
    reminders,
    send_at,
)
from tests.cast import wish
from therapy import tasks

MINUTE = timedelta(minutes=1)


def every(step, begin, count):
    return [begin + step * number for number in range(count)]


def test_cleo_is_reminded_at_ten_the_day_before(session):
    send_at(berlin(25, 9, 59))
    assert not reminders()
    send_at(berlin(25, 10))
    assert reminders() == ["Your appointment: Thursday, November 26 at 10:00 am"]
    assert mail.outbox[-1].to == ["cleo@example.test"]


@pytest.mark.parametrize("entry", ["tick", "send_due", "command", "all"])
def test_a_day_of_runs_of_every_kind_sends_one_email(session, entry):
    def command():
        call_command("send_due")

    def due_only():
        plan.plan()
        tasks.send_due()

    doors = {"tick": [tasks.tick], "send_due": [due_only], "command": [command]}
    chosen = doors.get(entry) or [tasks.tick, due_only, command]
    for number, moment in enumerate(every(HOUR / 2, berlin(25, 4), 48)):
        with time_machine.travel(moment, tick=False), as_role("cairn_worker"):
            chosen[number % len(chosen)]()
    assert len(reminders()) == 1


def test_twelve_skipped_runs_lose_nothing(session):
    send_at(berlin(25, 9, 58), *every(MINUTE, berlin(25, 10, 10), 5))
    assert len(reminders()) == 1


def test_planning_again_changes_nothing(session, thea, cleo):
    with time_machine.travel(berlin(25, 9), tick=False), as_role("cairn_worker"):
        assert plan.plan() == 3  # the reminder, and each one's digest of the week
        assert plan.plan() == 0


def test_a_moved_session_is_reminded_of_only_at_its_new_time(session, thea):
    send_at(berlin(24, 12))
    with time_machine.travel(berlin(24, 12), tick=False):
        move(session, berlin(27, 9))
    send_at(*every(3 * HOUR, berlin(24, 12), 24))
    assert reminders() == ["Your appointment: Friday, November 27 at 9:00 am"]
    assert emails() == [("dropped", "moved"), ("sent", "")]


def test_a_session_moved_away_and_back_is_reminded_of_again(session):
    send_at(berlin(25, 10))
    session = TherapySession.objects.get(pk=session.pk)
    with time_machine.travel(berlin(25, 11), tick=False):
        move(session, berlin(27, 9))
        move(session, berlin(26, 10))
    send_at(berlin(25, 11))
    assert reminders() == ["Your appointment: Thursday, November 26 at 10:00 am"] * 2
    assert len({sent.extra_headers["Message-ID"] for sent in mail.outbox}) >= 2


def test_a_session_moved_at_the_last_second_is_not_announced_at_its_old_time(session):
    send_at(berlin(25, 9, 59))
    with time_machine.travel(berlin(25, 9, 59), tick=False):
        move(session, berlin(30, 9))
    send_at(berlin(25, 10))
    assert not reminders()


@pytest.mark.parametrize("state", ["cancelled", "missed"])
def test_nobody_is_reminded_of_a_missed_or_canceled_session(session, state):
    send_at(berlin(24, 12))
    TherapySession.objects.update(state=state)
    send_at(berlin(25, 10), berlin(26, 9))
    assert not reminders()
    assert emails() == [("dropped", "cancelled")]


def test_after_36_hours_of_downtime_no_reminder_is_sent_after_the_start(cleo, thea):
    over, ahead = (
        on_calendar(cleo, thea, berlin(26, 10)),
        on_calendar(cleo, thea, berlin(27, 18)),
    )
    send_at(berlin(25, 9), berlin(26, 21) - HOUR / 2)
    assert reminders() == ["Your appointment: Friday, November 27 at 6:00 pm"]
    assert OutgoingEmail.objects.get(about=over.pk).state == "dropped"
    assert OutgoingEmail.objects.get(about=ahead.pk).state == "sent"


def test_a_session_booked_for_this_afternoon_is_confirmed_at_once(cleo, thea):
    on_calendar(cleo, thea, berlin(25, 16), booked_at=berlin(25, 11))
    on_calendar(
        cleo, thea, berlin(25, 12, 30), booked_at=berlin(25, 11)
    )  # less than two hours left
    send_at(berlin(25, 11), berlin(25, 12))
    assert len(reminders()) == 1
    assert "4:00 pm" in reminders()[0]


def test_the_two_hour_limit_is_exact(session, cleo):
    wish(cleo, "reminder", lead_hours=2)
    send_at(berlin(25, 10), berlin(26, 7, 59))
    assert not reminders()
    send_at(berlin(26, 8))
    assert len(reminders()) == 1


def test_without_a_chosen_lead_cleo_is_reminded_a_day_before(session, cleo):
    wish(cleo, "reminder", True, None)
    send_at(berlin(25, 9), berlin(25, 10))
    assert len(reminders()) == 1


def test_a_client_who_has_not_joined_has_no_account_or_left_gets_no_email(thea):
    beth, dora = admit("Beth", by=thea), admit("Dora", by=thea, joined=False)
    gone = admit("Gus", by=thea)
    User.objects.filter(pk=beth.user_id).update(joined_at=None)
    User.objects.filter(pk=gone.user_id).update(is_active=False)
    for client in (beth, dora, gone):
        on_calendar(client, thea, berlin(26, 10))
    send_at(berlin(25, 10), berlin(29, 18))
    assert not reminders()
    assert not OutgoingEmail.objects.exclude(recipient=thea).exists()


# -- digests ---------------------------------------------------------------------------


def test_thea_gets_hers_on_monday_at_seven_and_cleo_on_sunday_at_five(
    session, thea, cleo
):
    on_calendar(cleo, thea, berlin(30, 10) + timedelta(days=2))
    send_at(*every(4 * HOUR, berlin(28, 1), 6 * 6))
    assert digests(cleo.user) == 2  # last week's, late, and this one's
    assert digests(thea) == 2  # the week before says what was booked for this one
    weeks = Digest.objects.filter(period__in=["2026-W48", "2026-W49"])
    made = {(week.recipient_id, week.period): week.made_at for week in weeks}
    assert made[cleo.user_id, "2026-W48"] == berlin(29, 17)
    assert made[thea.pk, "2026-W49"] == berlin(30, 7)


def test_after_a_month_of_downtime_there_is_one_digest(thea, cleo):
    send_at(berlin(2, 7), *every(HOUR, berlin(27, 9), 3))
    assert digests(thea) == 2
    send_at(berlin(30, 7))
    assert digests(thea) == 3


def test_a_planned_digest_not_sent_for_a_week_is_dropped(thea, cleo):
    with time_machine.travel(berlin(21, 12), tick=False), as_role("cairn_worker"):
        plan.plan()
    send_at(berlin(30, 7) + HOUR)
    assert emails("therapist-digest")[:2] == [("dropped", "too late")] * 2
    assert digests(thea) == 1


def test_a_person_who_joined_on_wednesday_waits_for_the_first_digest(thea):
    User.objects.filter(pk=thea.pk).update(joined_at=TUESDAY)
    send_at(TUESDAY + HOUR)
    assert not Digest.objects.exists()


def test_a_reader_who_changes_time_zone_gets_one_digest_a_week(thea, cleo, in_berlin):
    send_at(berlin(28, 12))
    in_berlin(thea, zone="America/New_York")
    send_at(berlin(30, 7), berlin(30, 12, 59))
    assert digests(thea) == 1  # last week's
    send_at(*every(HOUR, berlin(30, 13), 20))
    assert digests(thea) == 2


@pytest.mark.parametrize("clients", [1, 50])
def test_planning_takes_the_same_queries_for_one_and_for_fifty(
    thea, cleo, clients, django_assert_num_queries
):
    for number in range(clients):
        client = admit(f"Client{number}", by=thea)
        on_calendar(client, thea, berlin(26, 10))
    with (
        time_machine.travel(berlin(25, 10), tick=False),
        as_role("cairn_worker"),
        # The reminder takes 2, each weekly email 4; a savepoint for each of the three
        # is 2.
        django_assert_num_queries(2 + 2 * 4 + 3 * 2),
    ):
        plan.plan()


@pytest.fixture
def beth_to_flo(transactional_db, thea, in_berlin):
    """Thea's five clients."""
    names = ["Beth", "Cara", "Dora", "Elsa", "Flo"]
    in_berlin(*(admit(name, by=thea).user for name in names))


@pytest.fixture
def in_twos(monkeypatch):
    """The planner works in batches of two, and has no time left at once."""
    monkeypatch.setattr(plan, "BATCH", 2)
    monkeypatch.setattr(plan, "BUDGET", -1)


def plan_at(moment):
    with time_machine.travel(moment, tick=False), as_role("cairn_worker"):
        return plan.plan()


def each_has_one():
    emails = OutgoingEmail.objects.values_list("recipient", "kind", "period")
    return len(emails) == len(set(emails)) == Digest.objects.count() == 6


def test_what_one_run_leaves_is_planned_by_the_next_ones(beth_to_flo, in_twos):
    assert [plan_at(berlin(25, 10)) for _tick in range(4)] == [1 + 2, 2, 1, 0]
    assert each_has_one()


def test_within_a_callers_transaction_everything_is_planned(beth_to_flo, in_twos):
    with transaction.atomic():
        assert plan_at(berlin(25, 10)) == 6


class Died(Exception):
    pass


def test_a_planner_that_dies_leaves_what_was_written_before(
    beth_to_flo, in_twos, monkeypatch
):
    monkeypatch.setattr(plan, "BUDGET", 60)

    def die(point):
        if OutgoingEmail.objects.count() > 3:  # Thea's and two clients' are committed
            raise Died

    monkeypatch.setattr(plan.crash, "here", die)
    with pytest.raises(Died):
        plan_at(berlin(25, 10))
    assert OutgoingEmail.objects.count() == Digest.objects.count() == 3
    monkeypatch.undo()
    assert plan_at(berlin(25, 10)) == 3
    assert each_has_one()
