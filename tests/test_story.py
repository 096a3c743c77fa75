"""The whole way: two people who are invited by mail agree a goal and see it grow."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import OutgoingEmail, User
from appointments.models import TherapySession
from conftest import ten_seconds_pass
from tests.test_form_gate import (
    LONG,
    fill,
    link_in,
    main,
    plan_and_send,
    press,
    sink,
    stone,
)
from ui.time_zones import CITIES

__all__ = ["sink"]  # a fixture

pytestmark = pytest.mark.browser


def city_at_noon():
    """One that the list offers, so that no quiet hours come between."""
    hours = {name: timezone.localtime(timezone=ZoneInfo(name)).hour for name in CITIES}
    return min(hours, key=lambda name: abs(hours[name] - 13))


def join(page, message, zone=None):
    page.goto(link_in(message))
    page.get_by_label("Password").fill(LONG)
    if zone:
        page.get_by_label("Where you are").select_option(zone)
        page.get_by_label("I have read what happens to what I write").check()
    press(page, "Open my account")


def test_from_an_invitation_to_a_shared_line(at, ada, sink):
    zone = city_at_noon()
    admin, kit, nadia = at(ada), at(None), at(None, phone=True)

    admin.goto("/people/invite/")
    fill(admin, name="Kit Sandoval", email="kit@example.test")
    admin.get_by_text("Sees clients and their records").click()
    press(admin, "Send invitation")
    plan_and_send()
    join(kit, sink.messages[-1])
    expect(main(kit)).to_contain_text("Add your first client")

    kit.goto("/clients/add/")
    fill(kit, preferred_name="Nadia", email="nadia@example.test")
    kit.get_by_text("Invite by email").click()
    press(kit, "Add client and send invitation")
    plan_and_send()
    join(nadia, sink.messages[-1], zone)
    expect(main(nadia)).to_contain_text("Nadia")

    nadia.goto("/portal/goals/add/")
    nadia.get_by_label("What would you like to be different?").fill("Sleep again")
    press(nadia, "Propose this goal")
    expect(main(nadia)).to_contain_text("Waiting for your therapist to agree")

    kit.goto("/today/")
    kit.get_by_role("link", name=re.compile("^Read")).click()
    expect(main(kit)).to_contain_text("Sleep again")
    press(kit, "Agree to version 1")
    expect(main(kit)).to_contain_text("Agreed today")
    nadia.reload()
    expect(main(nadia)).to_contain_text("Agreed today")

    # In three hours, in Kit's own time; booked so late, the reminder goes at once.
    therapist = User.objects.get(name="Kit Sandoval")
    soon = (timezone.now() + timedelta(hours=3)).astimezone(therapist.zone)
    kit.get_by_role("link", name="Client", exact=True).click()
    press(kit, "Book a session", role="link")
    kit.get_by_text("Another day or another time").click()
    fill(kit, other_day=soon.strftime("%Y-%m-%d"), other_time=soon.strftime("%H:%M"),
         place="Room 2")  # fmt: skip
    press(kit, "Book session")
    expect(main(kit)).to_contain_text("Room 2")
    plan_and_send()
    plan_and_send()
    reminders = [m for m in sink.messages if "appointment" in m.subject]
    assert len(reminders) == 1
    assert reminders[0].to == "nadia@example.test"
    for word in ("Kit", "Nadia", "Sleep", "therap", "session", "Room"):
        assert word not in reminders[0].raw.decode()
    nadia.goto("/portal/")
    expect(main(nadia)).to_contain_text("Room 2")

    began = timezone.now() - timedelta(minutes=30)  # three hours have passed
    ends = began + timedelta(minutes=50)
    TherapySession.objects.update(starts_at=began, ends_at=ends)
    session = TherapySession.objects.get()
    kit.goto(f"/sessions/{session.pk}/")
    stone(kit, f"rating-{goal_of(session)}", 4)
    fill(kit, part0="We began.", take_away="One night at a time.")
    press(kit, "Sign and lock")
    press(kit, "Sign note")  # though two parts are empty
    expect(main(kit)).to_contain_text("Signed by you")

    nadia.goto("/portal/sessions/")
    expect(main(nadia)).to_contain_text("One night at a time.")
    ten_seconds_pass()
    nadia.goto(f"/portal/sessions/{session.pk}/")
    expect(main(nadia)).to_contain_text("We began.")
    nadia.goto(f"/portal/goals/{goal_of(session)}/")
    stone(nadia, "value", 5)
    nadia.get_by_role("button", name="Save rating").click()
    kit.goto(f"/goals/{goal_of(session)}/")
    expect(main(kit)).to_contain_text("5")
    nadia.goto("/portal/looked/")
    expect(main(nadia)).to_contain_text("Kit Sandoval")

    # Each email left once, and nothing else did.
    assert not OutgoingEmail.objects.exclude(state__in=["sent", "waiting"]).exists()
    kinds = OutgoingEmail.objects.filter(state="sent").values_list("kind", flat=True)
    assert sorted(kinds) == ["invitation", "invitation", "reminder"]


def goal_of(session):
    return session.client.goals.get().pk
