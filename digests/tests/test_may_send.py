"""What is held or dropped at the last moment, with the logged reason."""

from datetime import date, timedelta

import pytest
import time_machine

from accounts import invitations
from accounts.models import OutgoingEmail, User
from clients.models import Client, ContactPreferences
from conftest import admit
from database.identity import acting_as
from digests.tests.conftest import (
    HOUR,
    berlin,
    digests,
    emails,
    on_calendar,
    reminders,
    send_at,
)
from tests.cast import wish


@pytest.fixture
def planned(session):
    """Cleo's reminder is planned for ten o'clock on Wednesday."""
    send_at(berlin(25, 9))
    assert emails() == [("waiting", "")]


def test_cleo_who_wants_no_reminders_gets_none(planned, cleo):
    wish(cleo, "reminder", False, 24)
    send_at(berlin(25, 10))
    assert not reminders()
    assert emails() == [("held", "reminders off")]


@pytest.mark.parametrize(
    ("until", "state"),
    [
        (date(2026, 11, 26), ("held", "paused")),
        (date(2026, 11, 25), ("sent", "")),  # from that day on
    ],
)
def test_a_pause_holds_emails_until_its_end_date(planned, until, state):
    ContactPreferences.objects.update(paused_until=until)
    send_at(berlin(25, 10))
    assert emails() == [state]


def test_deactivated_discharged_and_not_joined_clients_get_no_email(planned, cleo):
    User.objects.filter(pk=cleo.user_id).update(is_active=False)
    send_at(berlin(25, 10))
    assert emails() == [("dropped", "inactive")]


def test_a_client_whose_portal_closed_after_discharge_gets_nothing(planned):
    Client.objects.update(state="discharged")
    send_at(berlin(25, 10))
    assert emails() == [("dropped", "inactive")]


@pytest.mark.parametrize("wants", [True, False])
def test_after_discharge_cleo_gets_what_her_page_says(planned, cleo, thea, wants):
    """A reminder of the session still booked, and no planned weekly email."""
    on_calendar(cleo, thea, berlin(30, 10) + timedelta(days=1))
    send_at(berlin(25, 9, 1))
    wish(cleo, "reminder", wants, 24)
    Client.objects.update(state="discharged", discharged_at=berlin(25, 9))
    send_at(berlin(25, 10))
    assert bool(reminders()) is wants
    state = Client.objects.filter(pk=cleo.pk)
    state.update(state="active", discharged_at=None)
    # the week is planned, and she is discharged before it is sent
    send_at(berlin(28, 12))
    assert ("waiting", "") in emails("client-digest")
    before = digests(cleo.user)
    state.update(state="discharged", discharged_at=berlin(28, 12))
    send_at(berlin(29, 17))
    assert ("dropped", "inactive") in emails("client-digest")
    assert digests(cleo.user) == before


def test_a_person_invited_again_gets_nothing_else(planned, cleo):
    User.objects.filter(pk=cleo.user_id).update(joined_at=None)
    send_at(berlin(25, 10))
    assert emails() == [("held", "not joined")]


def test_cleo_flies_west_and_is_reminded_in_her_new_time_zone(planned, cleo, in_berlin):
    in_berlin(cleo.user, zone="America/New_York")
    send_at(berlin(25, 10))  # four in the morning there
    assert not reminders()
    send_at(berlin(25, 12, 59))
    assert not reminders()
    send_at(berlin(25, 13))  # seven
    assert reminders() == ["Your appointment: Thursday, November 26 at 4:00 am"]


def test_a_shorter_lead_chosen_after_planning_is_respected(planned, cleo):
    wish(cleo, "reminder", lead_hours=2)
    send_at(berlin(25, 10), berlin(26, 7, 59))
    assert not reminders()
    send_at(berlin(26, 8))
    assert reminders()


def test_a_worker_running_at_night_waits_for_the_morning(planned):
    send_at(berlin(25, 22))
    assert emails() == [("waiting", "quiet hours")]
    assert OutgoingEmail.objects.get(kind="reminder").due_at == berlin(26, 7)
    send_at(berlin(26, 7))
    assert emails() == [("sent", "")]


def test_without_time_until_morning_nothing_is_sent_at_night(thea, cleo):
    on_calendar(cleo, thea, berlin(26, 6, 30))
    send_at(berlin(25, 6))
    send_at(berlin(25, 22))
    assert emails() == [("dropped", "quiet hours")]
    assert not reminders()


def test_before_an_early_start_the_reminder_comes_the_evening_before(thea, cleo):
    wish(cleo, "reminder", lead_hours=2)
    on_calendar(cleo, thea, berlin(26, 6, 30))
    send_at(berlin(25, 20, 58))
    assert not reminders()
    send_at(berlin(25, 20, 59))
    assert reminders()


def test_a_client_can_refuse_the_digest(thea, cleo):
    on_calendar(cleo, thea, berlin(30, 10) + timedelta(days=1))
    send_at(berlin(28, 12))
    before = digests(cleo.user)
    wish(cleo, "client-digest", False)
    send_at(berlin(29, 17))
    assert digests(cleo.user) == before
    assert ("held", "digest off") in emails("client-digest")


def test_a_week_without_content_is_not_announced(cleo):
    send_at(berlin(29, 17))
    assert set(emails("client-digest")) == {("held", "nothing to say")}
    assert not digests(cleo.user)


# -- accounts --------------------------------------------------------------------------


@pytest.fixture
def beth(thea):
    beth = admit("Beth", by=thea)
    User.objects.filter(pk=beth.user_id).update(joined_at=None)
    beth.user.joined_at = None
    return beth.user


def test_an_invitation_is_sent_at_any_hour(thea, beth, mailoutbox):
    with time_machine.travel(berlin(25, 23), tick=False), acting_as(thea.pk):
        invitation = invitations.invite(beth, by=thea)
    send_at(berlin(25, 23))
    [mail] = [mail for mail in mailoutbox if mail.to == [beth.email]]
    assert f"/join/{invitations.token(invitation.pk)}/" in mail.body


@pytest.mark.parametrize("verb", ["revoke", "again", "join", "expire"])
def test_an_invitation_that_no_longer_works_is_not_sent(thea, beth, verb):
    with time_machine.travel(berlin(25, 12), tick=False), acting_as(thea.pk):
        invitation = invitations.invite(beth, by=thea)
        if verb == "revoke":
            invitations.revoke(invitation, by=thea)
        elif verb == "again":
            invitations.invite(beth, by=thea)
    if verb == "join":
        User.objects.filter(pk=beth.pk).update(joined_at=berlin(25, 12))
    send_at(berlin(25, 12) + (73 * HOUR if verb == "expire" else HOUR))
    reason = {"join": "joined already", "expire": "too late"}.get(verb, "link closed")
    assert ("dropped", reason) in emails("invitation")
    assert emails("invitation").count(("sent", "")) == (verb == "again")


def test_no_password_reset_is_sent_to_a_person_deactivated_meanwhile(thea):
    now = berlin(25, 12)
    OutgoingEmail.queue(thea, "password-reset", "x", due_at=now, not_after=now + HOUR)
    User.objects.filter(pk=thea.pk).update(is_active=False)
    send_at(now)
    assert emails("password-reset") == [("dropped", "inactive")]


def test_an_unknown_kind_is_dropped(thea):
    now = berlin(25, 12)
    OutgoingEmail.queue(thea, "lottery", "x", due_at=now, not_after=now + HOUR)
    send_at(now)
    assert emails("lottery") == [("dropped", "unknown kind")]
