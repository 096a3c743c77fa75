"""How Cleo reaches Thea, and how Cairn may contact Cleo: the client alone decides."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from clients.models import ContactPreferences, ContactWish, Wish
from tests.cast import as_person, at_most

CONTACT = reverse("portal-contact")
WANTED = {"reminders": "on", "reminder_lead_hours": "2", "paused_until": ""}


def preferences(client):
    return ContactPreferences.objects.with_wishes().get(pk=client.pk)


def test_cleo_finds_thea_and_the_practice(cleo, thea, sign_in):
    thea.phone, thea.contact_hours = "020 7946 0018", "Mon to Fri 8:30-9:00"
    thea.save()
    browser = sign_in(cleo.user)
    with at_most(8):
        said = browser.get(CONTACT).content.decode()
    for words in ("Thea", "tel:02079460018", "8:30-9:00", "Harbour Practice"):
        assert words in said
    assert reverse("help-now") in said


def test_cleo_sets_the_contact_preferences_and_it_is_audited(cleo, sign_in):
    answer = sign_in(cleo.user).post(CONTACT, WANTED, follow=True)
    assert "Preferences saved" in answer.content.decode()
    wishes = preferences(cleo).wishes
    assert wishes == {"reminder": Wish(True, 2), "client-digest": Wish(False)}
    event = AuditEvent.objects.get(verb="contact preferences changed")
    assert event.detail["fields"] == ["client-digest", "reminder"]


def test_a_choice_is_updated_and_a_default_has_no_row(cleo, sign_in):
    browser, kinds = sign_in(cleo.user), ContactWish.objects.filter(client=cleo)
    usual = {"reminders": "on", "reminder_lead_hours": "24", "weekly_digest": "on"}
    assert browser.post(CONTACT, usual).status_code == 302
    assert not kinds.exists()
    assert browser.post(CONTACT, WANTED | {"weekly_digest": "on"}).status_code == 302
    assert [row.kind for row in kinds] == ["reminder"]
    with at_most(14):
        assert browser.post(CONTACT, usual).status_code == 302
    assert kinds.get().lead_hours == 24
    form = browser.get(CONTACT).context["form"]
    assert form.initial["reminder_lead_hours"] == 24


@pytest.mark.parametrize("sent", ["3", "", "x"])
def test_an_invalid_lead_is_refused(cleo, sign_in, sent):
    answer = sign_in(cleo.user).post(CONTACT, WANTED | {"reminder_lead_hours": sent})
    assert answer.status_code == 200
    assert not ContactWish.objects.exists()


def test_a_pause_begins_now_and_ends_on_a_future_date(cleo, sign_in):
    browser, today = sign_in(cleo.user), timezone.localdate()
    answer = browser.post(CONTACT, {**WANTED, "paused_until": today.isoformat()})
    assert "Choose a day after today" in answer.content.decode()
    until = today + timedelta(days=7)
    browser.post(CONTACT, {**WANTED, "paused_until": until.isoformat()})
    assert preferences(cleo).paused_until == until


def test_a_past_pause_is_ignored(cleo, sign_in):
    ContactPreferences.objects.update(paused_until=timezone.localdate())
    browser = sign_in(cleo.user)
    assert browser.get(CONTACT).context["form"].initial["paused_until"] is None
    assert browser.post(CONTACT, WANTED).status_code == 302


def test_nobody_sets_the_contact_preferences_for_cleo(cleo, carl, thea):
    for other in (thea, carl.user):
        with as_person(other):
            silent = {"reminder": Wish(False, 24)}
            assert not preferences_of(cleo).set(by=other, wishes=silent)
    assert not ContactWish.objects.exists()


def preferences_of(client):
    return ContactPreferences(pk=client.pk, practice_id=client.practice_id)
