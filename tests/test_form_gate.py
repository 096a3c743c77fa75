"""Each form, filled as the page offers it, sent, and found again on both sides.

Admin's and therapist's forms are here, the client's in portal/tests.
"""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from accounts import invitations
from accounts.models import OutgoingEmail, User
from appointments.models import TherapySession
from clients.models import Client
from conftest import admit, ten_seconds_pass
from database.identity import acting_as
from digests.models import Digest
from goals.models import Goal
from ops.mail import Sink
from tests.cast import agreed_goal, book, hold, plan_and_send
from ui.time_zones import ZONES

pytestmark = pytest.mark.browser
LONG = "the long way home at night"


def press(page, name, role="button"):
    page.get_by_role(role, name=name, exact=True).first.click()


def fill(page, **fields):
    for name, words in fields.items():
        page.locator(f'[name="{name}"]:visible').fill(words)


def stone(page, name, value):
    """The stone itself: the radio under it is not to be seen."""
    page.locator(f'input[name="{name}"][value="{value}"] + label').click()


def main(page):
    return page.get_by_role("main")


@pytest.fixture
def sink(tmp_path, settings, live_server):
    """A real mail server; links in emails lead to this test's site."""
    with Sink(tmp_path / "box") as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.smtp_port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.SITE_URL = live_server.url
        yield sink


def where_it_is_noon() -> str:
    """A zone in which reminders may go now, whenever this runs."""
    now = timezone.now()
    named = sorted(zone for zone in ZONES if zone.startswith(("Europe/", "Pacific/",
                   "America/", "Asia/", "Australia/")))  # fmt: skip
    return next(z for z in named if datetime.now(ZoneInfo(z)).hour in (11, 12, 13)
                and now.astimezone(ZoneInfo(z)).utcoffset())  # fmt: skip


def link_in(message):
    return next(word for word in message.text.split() if "://" in word)


# -- signed out -----------------------------------------------------------------------


def test_thea_signs_in_and_out(at, thea):
    page = at(None)
    page.goto("/today/")
    page.get_by_label("Email").fill(thea.email)
    page.get_by_label("Password").fill("thea-passes-by-the-lake")
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/today/"))
    page.locator("details.menu summary").click()
    press(page, "Sign out")
    page.goto("/today/")
    expect(page).to_have_url(re.compile("/sign-in/"))


def test_a_forgotten_password_comes_back_by_mail(at, theo, sink):
    page = at(None)
    page.goto("/sign-in/")
    press(page, "Trouble signing in?", role="link")
    page.get_by_label("Email").fill(theo.email)
    main(page).get_by_role("button").first.click()
    expect(main(page)).to_contain_text("Check your email")
    plan_and_send()
    page.goto(link_in(sink.messages[0]))
    page.get_by_label("New password").fill(LONG)
    page.get_by_label("Repeat it").fill(LONG)
    press(page, "Save password")
    page.get_by_label("Email").fill(theo.email)
    page.get_by_label("Password").fill(LONG)
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/today/"))


def test_nadia_joins_by_her_link_and_thea_sees_that_she_did(at, thea, sink):
    nadia = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    with acting_as(thea.pk), transaction.atomic():
        nadia.invite(by=thea)
    plan_and_send()
    page = at(None, phone=True)
    page.goto(link_in(sink.messages[0]))
    page.get_by_label("Password").fill(LONG)
    page.get_by_label("Your time zone").select_option("Europe/Berlin")
    page.get_by_label("I have read what happens to what I write").check()
    press(page, "Open my account")
    expect(page).to_have_url(re.compile("/portal/"))
    hers = at(thea)
    hers.goto(f"/clients/{nadia.pk}/")
    expect(main(hers)).to_contain_text("Reminders the day before")


# -- the admin ------------------------------------------------------------------------


def test_ada_invites_kit_who_joins_and_is_among_the_people(at, ada, sink):
    page = at(ada)
    page.goto("/people/")
    press(page, "Invite someone", role="link")
    fill(page, name="Kit Sandoval", email="kit@example.test")
    page.get_by_text("Sees clients and their records").click()
    press(page, "Send invitation")
    expect(main(page)).to_contain_text("Invited, link expires")
    plan_and_send()
    kits = at(None)
    kits.goto(link_in(sink.messages[0]))
    kits.get_by_label("Password").fill(LONG)
    press(kits, "Open my account")
    expect(kits).to_have_url(re.compile("/today/"))
    page.reload()
    row = page.get_by_role("row").filter(has_text="Kit Sandoval")
    expect(row).to_contain_text("Active")


def test_ada_sends_a_link_again_and_revokes_it(at, ada, practice):
    page = at(ada)
    page.goto("/people/invite/")
    fill(page, name="Kit", email="kit@example.test")
    page.get_by_text("Manages accounts; cannot see clinical records").click()
    press(page, "Send invitation")
    press(page, "Send again Kit")
    expect(main(page)).to_contain_text("Invited, link expires")
    press(page, "Revoke Kit")
    expect(main(page)).to_contain_text("Not joined, no valid invitation")
    kit = User.objects.get(name="Kit")
    newest = kit.invitations.latest("created_at")
    visitor = at(None, expect=["410"])
    visitor.goto(f"/join/{invitations.token(newest.pk)}/")
    expect(main(visitor)).to_contain_text("This link no longer works")


def test_ada_brings_a_client_to_theo_who_finds_them(at, ada, theo):
    page = at(ada)
    page.goto("/care-roles/")
    press(page, "Invite a client", role="link")
    fill(page, preferred_name="Mo", email="mo@example.test")
    page.get_by_label("Primary therapist").select_option(label="Theo")
    press(page, "Send invitation")
    expect(page.get_by_role("row").filter(has_text="Mo")).to_contain_text("Theo")
    theos = at(theo)
    theos.goto("/caseload/")
    expect(main(theos)).to_contain_text("Mo")


def test_theo_changes_his_settings_and_carl_sees_his_hours(at, theo, carl):
    page = at(theo)
    page.goto("/settings/")
    fill(page, name="Theo Marsh", phone="020 7946 0180", contact_hours="Mondays at 8")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    press(page, "Save changes")
    expect(page.get_by_role("textbox", name="Name")).to_have_value("Theo Marsh")
    carls = at(carl.user, phone=True)
    carls.goto("/portal/contact/")
    expect(main(carls)).to_contain_text("020 7946 0180")
    expect(main(carls)).to_contain_text("Mondays at 8")


# -- the therapist --------------------------------------------------------------------


def test_thea_adds_a_client_and_the_admin_sees_name_and_no_concern(at, thea, ada):
    page = at(thea)
    page.goto("/caseload/")
    press(page, "Add a client", role="link")
    fill(
        page, preferred_name="Nadia", family_name="Rahimi", pronouns="she/her",
        email="nadia@example.test", phone="07700 900418", emergency_name="Leila",
        emergency_phone="07700 900263", presenting_concern="Wakes at four.",
    )  # fmt: skip
    page.get_by_text("Invite by email").click()
    press(page, "Add client and send invitation")
    for words in ("Nadia Rahimi", "she/her", "07700 900418", "Leila", "Wakes at four."):
        expect(main(page)).to_contain_text(words)
    admins = at(ada)
    admins.goto("/care-roles/")
    expect(main(admins)).to_contain_text("Nadia Rahimi")
    expect(main(admins)).not_to_contain_text("Wakes")


def test_thea_corrects_a_client_and_invites_later(at, thea):
    mo = admit("Mo", by=thea, joined=False)
    page = at(thea)
    page.goto(f"/clients/{mo.pk}/")
    press(page, "Details", role="link")
    fill(page, preferred_name="Momo", email="mo@example.test")
    press(page, "Save details")
    expect(main(page)).to_contain_text("Momo")
    press(page, "Invite to the portal")
    expect(main(page)).to_contain_text("Invitation sent")
    assert Client.objects.get().user.email == "mo@example.test"


def test_thea_books_in_two_presses_moves_and_cancels(at, thea, cleo):
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto(f"/clients/{cleo.pk}/")
    press(page, "Book a session", role="link")
    press(page, "Next week", role="link")
    page.locator(".week input:not(:disabled) + label").nth(1).click()
    page.locator(".times label", has_text="11:00 am").click()
    fill(page, place="Room 7")
    press(page, "Book session")
    expect(main(page)).to_contain_text("Room 7")
    cleos.goto("/portal/")
    expect(main(cleos)).to_contain_text("Room 7")
    page.get_by_role("link", name=re.compile("^Move")).click()
    fill(page, other_time="15:30", place="Room 8")
    press(page, "Move session")
    cleos.reload()
    expect(main(cleos)).to_contain_text("3:30 pm")
    expect(main(cleos)).to_contain_text("Room 8")
    page.get_by_role("button", name=re.compile("^Cancel session")).click()
    expect(main(page)).not_to_contain_text("Room 8")
    cleos.reload()
    expect(main(cleos)).not_to_contain_text("Room 8")


def test_thea_proposes_cleo_agrees_and_thea_suggests_other_words(at, thea, cleo):
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto(f"/clients/{cleo.pk}/")
    press(page, "New goal", role="link")
    page.get_by_text("Add details").click()
    fill(page, own_words="Take the bus into town", clinical_words="Travel alone",
         low_end="never", high_end="just a bus", review_on="2099-03-01")  # fmt: skip
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    press(page, "Propose goal")
    expect(main(page)).to_contain_text("Waiting for Cleo to agree")
    goal = Goal.objects.get()
    cleos.goto(f"/portal/goals/{goal.pk}/")
    expect(main(cleos)).to_contain_text("Take the bus into town")
    cleos.get_by_role("button", name=re.compile("Agree")).first.click()
    page.reload()
    expect(main(page)).to_contain_text("Agreed today")
    press(page, "Suggest new wording", role="link")
    fill(page, own_words="Take the bus into town twice a week")
    press(page, "Propose wording")
    expect(page.locator(".diff ins")).to_contain_text("twice a week")
    cleos.reload()
    expect(main(cleos)).to_contain_text("twice a week")
    goal.refresh_from_db()
    assert goal.in_force.number == 1


def test_thea_agrees_to_what_cleo_proposed(at, thea, cleo):
    goal = agreed_goal(cleo, thea, by_client_only=True)
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto("/today/")
    page.get_by_role("link", name=re.compile("^Read")).click()
    press(page, "Agree to version 1")
    cleos.goto(f"/portal/goals/{goal.pk}/")
    expect(main(cleos)).to_contain_text("Agreed today")


def test_thea_rates_takes_it_back_and_cleo_sees_each(at, thea, cleo):
    goal = agreed_goal(cleo, thea)
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto(f"/goals/{goal.pk}/")
    stone(page, "value", 7)
    press(page, "Save rating")
    expect(main(page)).to_contain_text("You rated 7")
    cleos.goto(f"/portal/goals/{goal.pk}/")
    expect(main(cleos)).to_contain_text("7")
    press(page, "Remove my rating")
    expect(main(page)).not_to_contain_text("You rated 7")


def test_thea_adds_a_step_lays_its_stone_and_undoes_it(at, thea, cleo):
    goal = agreed_goal(cleo, thea)
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto(f"/goals/{goal.pk}/")
    press(page, "Add a step", role="link")
    page.get_by_label("Next step").fill("Stand at the stop")
    press(page, "Add step")
    press(page, "Reached Stand at the stop")
    expect(main(page)).to_contain_text("1 of 1 reached")
    cleos.goto(f"/portal/goals/{goal.pk}/")
    expect(main(cleos)).to_contain_text("Stand at the stop")
    page.locator(".toasts").get_by_role("button", name="Undo").click()
    expect(main(page)).to_contain_text("0 of 1 reached")


def test_thea_logs_a_session_in_three_presses_without_loading_another_page(
    at, thea, cleo
):
    """The nearest peer needs eight clicks and three page loads for this."""
    goal = agreed_goal(cleo, thea, ratings=[4])
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto("/today/")
    loads = []
    page.on("request", lambda r: r.is_navigation_request() and loads.append(r.url))
    press(page, "Open the session", role="link")
    stone(page, f"rating-{goal.pk}", 6)
    fill(page, part0="Came in pleased.", practice="Two stops on Friday",
         take_away="The wave has a clock on it.")  # fmt: skip
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    press(page, "Sign and lock")
    press(page, "Sign note")  # though two parts are empty
    expect(main(page)).to_contain_text("Signed by you")
    assert len(loads) == 1, loads
    cleos.goto("/portal/")
    expect(main(cleos)).to_contain_text("The wave has a clock on it.")
    expect(main(cleos)).to_contain_text("Two stops on Friday")
    ten_seconds_pass()
    cleos.goto(f"/portal/sessions/{session.pk}/")
    expect(main(cleos)).to_contain_text("Came in pleased.")


def test_no_change_is_one_press(at, thea, cleo):
    goal = agreed_goal(cleo, thea, ratings=[4])
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    page = at(thea)
    page.goto(f"/sessions/{session.pk}/")
    press(page, "No change, 4")
    press(page, "Save and close")
    expect(page).to_have_url(re.compile("/today/"))
    assert goal.ratings.not_withdrawn().count() == 2


def test_a_note_survives_a_crash_and_a_second_tab(at, thea, cleo):
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    url = f"/sessions/{session.pk}/"
    first = at(thea, expect=["409"])
    first.goto(url)
    fill(first, part0="Half a sen")
    expect(first.locator("[data-saved]")).to_contain_text("Saved")
    second = at(thea)
    second.goto(url)  # as after a crash, or beside it
    expect(second.locator('[name="part0"]')).to_have_value("Half a sen")
    fill(second, part0="A whole sentence")
    expect(second.locator("[data-saved]")).to_contain_text("Saved")
    fill(first, part0="Another sentence")
    expect(first.locator("[data-saved]")).to_contain_text(
        "You saved this note in another tab"
    )
    expect(first.locator("[data-conflict-text]")).to_contain_text("A whole sentence")
    expect(first.locator('[name="part0"]')).to_have_value("Another sentence")


def test_signed_in_again_in_another_tab_she_goes_on_in_this_one(at, thea, cleo):
    from accounts.models import SignIn

    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    page = at(thea, expect=["401"])
    page.goto(f"/sessions/{session.pk}/")
    fill(page, part0="Previous")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    SignIn.objects.all().delete()
    fill(page, part0="Before and after")
    expect(page.locator("[data-saved]")).to_contain_text("sign in again")
    elsewhere = page.context.new_page()
    elsewhere.goto("/sign-in/")
    elsewhere.get_by_label("Email").fill(thea.email)
    elsewhere.get_by_label("Password").fill("thea-passes-by-the-lake")
    press(elsewhere, "Sign in")
    elsewhere.wait_for_url(re.compile("/today/"))
    page.bring_to_front()
    expect(page.get_by_role("dialog", name="Your text is safe")).to_be_hidden()
    fill(page, part0="Before and after it")
    expect(page.locator("[data-saved]")).to_contain_text("Saved")
    with acting_as(thea.pk):
        note = TherapySession.objects.get().note
        assert note.parts[0] == "Before and after it"


def test_thea_holds_a_note_back_and_lets_it_be_read_again(at, thea, cleo):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    page, cleos = at(thea), at(cleo.user, phone=True)
    page.goto(f"/sessions/{session.pk}/")
    page.locator("summary", has_text="Don’t share yet").click()
    fill(page, reason="To talk about first")
    press(page, "Don’t share yet")
    expect(main(page)).to_contain_text("Not shared since")
    cleos.goto(f"/portal/sessions/{session.pk}/")
    expect(main(cleos)).not_to_contain_text("She came in tired.")
    press(page, "Share again")
    cleos.reload()
    expect(main(cleos)).to_contain_text("She came in tired.")


def test_thea_notes_that_a_session_did_not_take_place(at, thea, cleo):
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    page = at(thea)
    page.goto(f"/sessions/{session.pk}/")
    press(page, "Mark as missed")
    page.goto(f"/sessions/{session.pk}/")
    expect(main(page)).to_contain_text("Session not held.")


def test_without_scripts_a_session_is_logged_all_the_same(at, thea, cleo):
    goal = agreed_goal(cleo, thea)
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    page = at(thea, scripts=False)
    page.goto(f"/sessions/{session.pk}/")
    stone(page, f"rating-{goal.pk}", 6)
    fill(page, part0="Plain.")
    press(page, "Sign and lock")
    expect(main(page)).to_contain_text("These parts are empty: Assessment, Plan.")
    press(page, "Sign note")
    expect(main(page)).to_contain_text("Signed by you")
    assert goal.ratings.get().value == 6


def test_the_week_arrives_by_mail_and_opens_in_the_app(at, thea, cleo, sink):
    now = timezone.now()
    User.objects.filter(pk=thea.pk).update(time_zone=where_it_is_noon())
    hold(cleo, thea, at=now - timedelta(days=1))  # else there is nothing to say
    digest = Digest.objects.create(
        practice_id=thea.practice_id,
        recipient=thea,
        period="2026-W47",
        starts_at=now - timedelta(days=7),
        ends_at=now,
        made_at=now,
    )
    OutgoingEmail.queue(
        thea,
        "therapist-digest",
        "2026-W47",
        due_at=now,
        not_after=now + timedelta(days=1),
        about=digest.pk,
    )
    plan_and_send()
    email = sink.messages[0]
    assert email.subject == "Your week is ready"
    page = at(thea)
    page.goto(link_in(email))
    expect(page).to_have_url(re.compile("/digest/"))
    expect(main(page)).to_contain_text("Sessions held")


# -- what every page keeps -------------------------------------------------------------


def test_pages_are_accessible_and_fit_a_phone(at, accessible, thea, ada, cleo):
    goal = agreed_goal(cleo, thea, ratings=[3, 4, 5])
    signed = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    planned = book(cleo, thea, at=timezone.now() + timedelta(days=1))
    theirs = {
        thea: ["/today/", "/caseload/", f"/clients/{cleo.pk}/", f"/goals/{goal.pk}/",
               f"/sessions/{signed.pk}/", f"/sessions/{planned.pk}/",
               f"/clients/{cleo.pk}/book/", f"/sessions/{planned.pk}/move/",
               f"/clients/{cleo.pk}/goals/add/", f"/goals/{goal.pk}/propose/",
               f"/clients/{cleo.pk}/edit/", f"/clients/{cleo.pk}/sessions/",
               "/clients/add/", "/settings/", "/digest/"],
        ada: ["/people/", "/people/invite/", "/care-roles/", "/care-roles/bring/",
              f"/care-roles/{cleo.pk}/"],
        None: ["/sign-in/", "/reset/", "/help/", "/help/harbour/"],
    }  # fmt: skip
    for person, urls in theirs.items():
        page = at(person, phone=True)
        for url in urls:
            page.goto(url)
            accessible(page)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, (url, wide)
            title = page.title()
            assert "Cleo" not in title
            assert "Hart" not in title
