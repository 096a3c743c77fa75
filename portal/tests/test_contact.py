"""How Cleo reaches Thea, and how Cairn may reach Cleo: the client alone decides."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clients.models import ContactPreferences
from tests.cast import as_person, at_most

CONTACT = reverse("portal-contact")
WANTED = {"reminders": "on", "reminder_lead_hours": "2", "paused_until": ""}


def preferences(client):
    return ContactPreferences.objects.get(pk=client.pk)


def test_cleo_finds_thea_and_the_practice(cleo, thea, sign_in):
    thea.phone, thea.contact_hours = "020 7946 0018", "Mon to Fri 8:30-9:00"
    thea.save()
    browser = sign_in(cleo.user)
    with at_most(8):
        said = browser.get(CONTACT).content.decode()
    for words in ("Thea", "tel:02079460018", "8:30-9:00", "Harbour Practice"):
        assert words in said
    assert reverse("help-now") in said


def test_cleo_sets_the_contact_preferences_and_it_is_written_down(cleo, sign_in):
    answer = sign_in(cleo.user).post(CONTACT, WANTED, follow=True)
    assert "From now on it is like this" in answer.content.decode()
    kept = preferences(cleo)
    assert (kept.reminders, kept.reminder_lead_hours) == (True, 2)
    assert not kept.weekly_digest
    event = AuditEvent.objects.get(verb="contact preferences changed")
    assert event.detail["fields"] == ["reminder_lead_hours", "weekly_digest"]


def test_a_pause_begins_now_and_ends_on_a_day_to_come(cleo, sign_in):
    browser, today = sign_in(cleo.user), timezone.localdate()
    answer = browser.post(CONTACT, {**WANTED, "paused_until": today.isoformat()})
    assert "Choose a day after today" in answer.content.decode()
    until = today + timedelta(days=7)
    browser.post(CONTACT, {**WANTED, "paused_until": until.isoformat()})
    assert preferences(cleo).paused_until == until


def test_a_pause_that_is_over_is_not_in_the_way(cleo, sign_in):
    ContactPreferences.objects.update(paused_until=timezone.localdate())
    browser = sign_in(cleo.user)
    assert browser.get(CONTACT).context["form"].initial["paused_until"] is None
    assert browser.post(CONTACT, WANTED).status_code == 302


def test_nobody_sets_the_contact_preferences_for_cleo(cleo, carl, thea):
    for other in (thea, carl.user):
        with as_person(other):
            assert not preferences_of(cleo).set(by=other, reminders=False)
    assert preferences(cleo).reminders


def preferences_of(client):
    return ContactPreferences(pk=client.pk, practice_id=client.practice_id)
