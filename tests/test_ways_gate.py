"""Leaving quickly and pressing Back, passkeys with names, and two links to join in two
tabs, as a real browser does them."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from accounts import invitations
from accounts.models import Invitation, OutgoingEmail, SignIn, User
from conftest import admit
from database.identity import acting_as
from portal.leave_views import AWAY
from tests.cast import agreed_goal, hold
from tests.test_form_gate import LONG, main, press

pytestmark = pytest.mark.browser


# -- leave quickly, then Back ----------------------------------------------------------


@pytest.mark.requirement("R54")
@pytest.mark.parametrize("how", ["button", "Shift", "button without scripts"])
def test_after_leaving_quickly_back_finds_the_sign_in_page_alone(at, thea, cleo, how):
    """As *More* promises: the address of the page that was left, and nothing of it."""
    goal = agreed_goal(cleo, thea, ratings=[4])
    hold(cleo, thea, at=timezone.now() - timedelta(days=2))
    scripts = how != "button without scripts"
    page = at(cleo.user, phone=True, scripts=scripts)
    page.route(AWAY, lambda route: route.fulfill(body="<title>Rain</title>"))
    page.goto("/portal/more/")
    promise = (
        "“Back” then leads only to the sign-in page. Its address still shows which"
    )
    expect(main(page)).to_contain_text(promise)
    page.goto(f"/portal/goals/{goal.pk}/")
    left = main(page).inner_text()
    if how == "Shift":
        for _ in range(3):
            page.keyboard.press("Shift")
    else:
        press(page, "Leave quickly")
    page.wait_for_url(AWAY)
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in/"))
    expect(page.get_by_label("Password")).to_be_visible()
    there = page.content()
    for line in left.splitlines():
        if len(line.split()) > 2:
            assert line not in there, line
    if scripts:  # the page left is replaced; Back finds the one before it
        assert "portal" in page.url
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in/|about:blank"))
    assert not SignIn.objects.filter(user=cleo.user).exists()
    kept = {cookie["name"] for cookie in page.context.cookies()}
    assert "sessionid" not in kept


def test_back_at_once_finds_the_sign_in_page_though_leaving_was_not_heard(at, cleo):
    """The server had not signed Cleo out yet when Back was pressed."""
    page = at(cleo.user, expect=["ERR_FAILED"])
    page.route(AWAY, lambda route: route.fulfill(body="<title>Rain</title>"))
    page.goto("/portal/more/")
    page.goto("/portal/goals/")
    page.route("**/leave/", lambda route: route.abort(), times=1)
    press(page, "Leave quickly")
    page.wait_for_url(AWAY)
    assert SignIn.objects.filter(user=cleo.user).exists()
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in/"))
    expect(page.get_by_label("Password")).to_be_visible()
    assert not SignIn.objects.filter(user=cleo.user).exists()


def test_who_left_quickly_can_come_back_at_once(at, cleo):
    page = at(cleo.user)
    page.route(AWAY, lambda route: route.fulfill(body="<title>Rain</title>"))
    page.goto("/portal/more/")
    page.goto("/portal/goals/")
    press(page, "Leave quickly")
    page.wait_for_url(AWAY)
    page.go_back()
    expect(page).to_have_url(re.compile("/sign-in/"))
    page.get_by_label("Email").fill(cleo.user.email)
    page.get_by_label("Password").fill("cleo-passes-by-the-lake")
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/portal/"))
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("button", name="Leave quickly")).to_be_visible()
    assert SignIn.objects.filter(user=cleo.user).exists()


def fields_of(page):
    return page.eval_on_selector_all(
        "input:is([type=email], [type=password], [type=text])",
        "all => all.map((one) => one.value).filter(Boolean)",
    )


@pytest.mark.requirement("R54")
@pytest.mark.parametrize("how", ["button", "Shift"])
def test_after_leaving_quickly_back_finds_no_address_that_was_typed(at, cleo, how):
    """Signed in by hand before: the sign-in page is behind, without what was typed."""
    page = at(None, phone=True)
    page.route(AWAY, lambda route: route.fulfill(body="<title>Rain</title>"))
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(cleo.user.email)
    page.get_by_label("Password").fill("cleo-passes-by-the-lake")
    press(page, "Sign in")
    expect(page).to_have_url(re.compile("/portal/"))
    page.goto("/portal/goals/")
    if how == "Shift":
        for _ in range(3):
            page.keyboard.press("Shift")
    else:
        press(page, "Leave quickly")
    page.wait_for_url(AWAY)
    for _ in range(4):  # as far back as there is anything
        page.go_back()
        if page.url == "about:blank":
            break
        expect(page.get_by_label("Password")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert fields_of(page) == []
        assert cleo.user.email not in page.content()
    assert page.url == "about:blank"


@pytest.mark.requirement("R54")
@pytest.mark.parametrize("path", ["/reset/", "/sign-in/"])
def test_back_to_a_page_for_those_who_are_signed_out_finds_its_fields_empty(at, path):
    page = at(None)
    page.goto(path)
    page.get_by_label("Email").fill("cleo@example.test")
    page.goto("/help/")
    page.go_back()
    expect(page.get_by_label("Email")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert fields_of(page) == []


# -- passkeys --------------------------------------------------------------------------


DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def passkeys(page):
    return main(page).get_by_role("listitem").filter(has_text="Passkey, ")


def test_cleo_names_passkeys_is_told_of_the_same_device_and_of_the_last_one(
    at, cleo, accessible
):
    page = at(cleo.user, phone=True)
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    device = tools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    device = device["authenticatorId"]
    page.goto("/settings/second-step/")
    page.get_by_label("Name of this passkey").fill("My <old> phone & me")
    press(page, "Create a passkey on this device")
    expect(main(page)).to_contain_text("Save your recovery codes")
    page.goto("/settings/")
    expect(passkeys(page)).to_have_count(1)
    expect(passkeys(page)).to_contain_text("Passkey, My <old> phone & me")

    press(page, "Add another passkey or authenticator app", role="link")
    page.get_by_label("Name of this passkey").fill("Repeat it")
    press(page, "Create a passkey on this device")
    said = page.get_by_role("status").filter(has_text="already has a passkey")
    expect(said).to_contain_text("You can use it to sign in.")
    accessible(page)
    assert Authenticator.objects.filter(type="webauthn").count() == 1

    tools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": device})
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})  # another one
    page.reload()
    page.get_by_label("Name of this passkey").fill("  ")  # nothing is no name
    press(page, "Create a passkey on this device")
    expect(page).to_have_url(re.compile("[0-9]/settings/$"))
    expect(passkeys(page)).to_have_count(2)
    expect(passkeys(page).last).to_contain_text("Passkey, Chrome, Linux")

    for left in (1, 0):
        passkeys(page).last.get_by_role("button", name="Remove").click()
        expect(passkeys(page)).to_have_count(left)
        said = page.get_by_role("status").first
        expect(said).to_contain_text("Removed")
        last = "your recovery codes. You now sign in with only your password."
        if left:
            expect(said).not_to_contain_text(last)
        else:
            expect(said).to_contain_text(last)
    accessible(page)
    assert not Authenticator.objects.filter(user=cleo.user).exists()
    told = OutgoingEmail.objects.filter(recipient=cleo.user, kind="account-changed")
    assert told.count() == 4  # two added, two removed


# -- two links to join, two tabs -------------------------------------------------------


def invited(name, by):
    client = admit(name, by=by, joined=False, email=f"{name.lower()}@example.test")
    with acting_as(by.pk), transaction.atomic():
        client.invite(by=by)
    return client.user


def link_of(person):
    return f"/join/{invitations.token(Invitation.objects.open().get(user=person).pk)}/"


def join(page, password):
    main(page).get_by_label("Password").fill(password)
    page.get_by_label("Where you are").select_option("Europe/Berlin")
    page.get_by_label("I have read what happens to what I write").check()
    press(page, "Open my account")


@pytest.mark.parametrize("first", ["the earlier tab", "the later tab"])
def test_two_links_in_two_tabs_and_each_joins_as_their_own_person(at, thea, first):
    """One browser keeps one link at a time: the earlier page says so, and its own link,
    opened again, is for its own person."""
    nadia, beth = invited("Nadia", thea), invited("Beth", thea)
    nadias = at(None, expect=["410", "403"])
    nadias.goto(link_of(nadia))
    beths = nadias.context.new_page()
    beths.goto(link_of(beth))
    expect(main(nadias)).to_contain_text("Welcome, Nadia")
    expect(main(beths)).to_contain_text("Welcome, Beth")
    nadias_words, beths_words = f"nadia {LONG}", f"beth {LONG}"
    if first == "the later tab":
        join(beths, beths_words)
        expect(beths).to_have_url(re.compile("/portal/"))
    join(nadias, nadias_words)
    if first == "the later tab":  # that link is used, and this browser has no other
        expect(main(nadias)).not_to_contain_text("Welcome")
        expect(main(nadias).get_by_label("Password")).to_have_count(0)
    else:
        expect(main(nadias)).to_contain_text("Open your link again.")
        expect(nadias.locator("body")).not_to_contain_text("Beth")
        join(beths, beths_words)
        expect(beths).to_have_url(re.compile("/portal/"))
    assert not User.objects.get(pk=nadia.pk).joined_at
    nadias.goto(link_of(nadia))
    expect(main(nadias)).to_contain_text("Welcome, Nadia")
    join(nadias, nadias_words)
    expect(nadias).to_have_url(re.compile("/portal/"))
    for person, words in ((nadia, nadias_words), (beth, beths_words)):
        person.refresh_from_db()
        assert person.check_password(words), person.name
        assert person.joined_at
