"""Proving oneself again, initials, new codes and a shared device, as the pages offer
them in a real browser."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import KnownDevice, SignIn
from accounts.tests.test_second_step import with_app
from tests.cast import agreed_goal, book, hold
from tests.test_form_gate import LONG, main, press
from tests.test_staying import with_authenticator

pytestmark = pytest.mark.browser
LAKE = "thea-passes-by-the-lake"


def minutes_later(number):
    return time_machine.travel(timezone.now() + timedelta(minutes=number))


def sign_in_by_hand(page, person, *, shared=False):
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(person.email)
    page.get_by_label("Password").fill(LAKE)
    if shared:
        page.get_by_label("Other people use this device").check()
    press(page, "Sign in")


def sign_out(page):
    page.locator("details.menu summary").click()
    press(page, "Sign out")
    expect(page).to_have_url(re.compile("/sign-in/"))


def prove(page, password=LAKE):
    main(page).get_by_label("Your password").fill(password)
    press(page, "Continue")


# -- proving oneself again ------------------------------------------------------------


def test_after_five_minutes_thea_proves_herself_and_goes_on_to_what_she_asked(
    at, thea, accessible
):
    page = at(thea)
    page.goto("/settings/")
    with minutes_later(6):
        press(page, "Change the password", role="link")
        expect(main(page)).to_contain_text("Confirm it’s you")
        accessible(page)
        prove(page, "not this one at all")
        expect(main(page)).to_contain_text("That password is not correct.")
        prove(page)
        expect(page).to_have_url(re.compile("[0-9]/settings/password/$"))
        page.get_by_label("New password").fill(LONG)
        page.get_by_label("Repeat it").fill(LONG)
        press(page, "Change password")
        expect(page.get_by_role("status").first).to_contain_text("is kept")
    thea.refresh_from_db()
    assert thea.check_password(LONG)


def test_a_button_pressed_too_late_leads_back_to_its_page(at, thea):
    """The act itself is not repeated unseen: Thea presses once more."""
    with_app(thea)
    page = at(thea)
    page.goto("/settings/")
    with minutes_later(6):
        press(page, "Remove the authenticator app")
        expect(main(page)).to_contain_text("Confirm it’s you")
        prove(page)
        expect(page).to_have_url(re.compile("[0-9]/settings/$"))
        assert Authenticator.objects.filter(user=thea).exists()
        press(page, "Remove the authenticator app")
        expect(page.get_by_role("status").first).to_contain_text("Removed")
    assert not Authenticator.objects.filter(user=thea).exists()


def test_what_was_written_too_late_can_be_copied_and_the_proof_is_one_press_away(
    at, theo, cleo
):
    why = "Rang at 19:40, crying, and hung up. Thea does not answer."
    page = at(theo, expect=["403"])
    page.goto("/emergency/")
    page.locator('[name="name"]').fill("Cleo Hart")
    page.locator('[name="reason"]').fill(why)
    with minutes_later(6):
        press(page, "Open record for four hours")
        expect(main(page)).to_contain_text("Confirm it’s you")
        expect(page.locator('textarea[name="reason"]')).to_have_value(why)
        with page.context.expect_page() as opened:
            press(page, "Confirm in a new tab", role="link")
        beside = opened.value
        prove(beside, "theo-passes-by-the-lake")
        expect(beside).to_have_url(re.compile("[0-9]/emergency/$"))
        beside.locator('[name="name"]').fill("Cleo Hart")
        beside.locator('[name="reason"]').fill(why)
        press(beside, "Open record for four hours")
        expect(main(beside)).to_contain_text("Emergency access, read-only, until")


# -- new codes ------------------------------------------------------------------------


def test_new_recovery_codes_open_and_the_old_ones_do_not(at, thea, accessible):
    RecoveryCodes.activate(with_app(thea))
    page = at(thea)
    page.goto("/settings/")
    expect(main(page)).to_contain_text("8 of 8 left, made today")
    old = Authenticator.objects.get(user=thea, type="recovery_codes")
    old = [f"{code[:4]} {code[4:]}" for code in old.wrap().get_unused_codes()]
    press(page, "New codes", role="link")
    codes = page.locator(".codes li")
    expect(main(page)).to_contain_text("You have 8 codes left")
    expect(codes).to_have_count(0)
    accessible(page)
    press(page, "Make new codes")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    accessible(page)
    new = codes.all_inner_texts()
    assert len(new) == 8
    assert not set(old) & set(new)
    page.reload()
    expect(codes).to_have_count(0)
    page.goto("/settings/")
    sign_out(page)
    sign_in_by_hand(page, thea)
    field = main(page).get_by_label("6-digit code")
    field.fill(old[0])
    press(page, "Continue")
    expect(field).to_be_visible()
    expect(page).to_have_url(re.compile("/sign-in/second/"))
    field.fill(new[0])
    press(page, "Continue")
    expect(page).to_have_url(re.compile("/today/"))
    page.goto("/settings/")
    expect(main(page)).to_contain_text("7 of 8 left")


# -- a passkey ------------------------------------------------------------------------


def test_with_a_passkey_thea_goes_on_to_the_page_she_asked_for(at, thea, cleo):
    page = with_authenticator(at(thea))
    page.goto("/settings/second-step/")
    press(page, "Create a passkey on this device")
    expect(main(page)).to_contain_text("Save your recovery codes")
    sign_out(page)
    page.goto(f"/clients/{cleo.pk}/")
    expect(page).to_have_url(re.compile("/sign-in/"))
    press(page, "Use a passkey")
    expect(page).to_have_url(re.compile(f"[0-9]/clients/{cleo.pk}/$"))
    expect(main(page)).to_contain_text("Cleo Hart")


# -- a shared screen, a shared device --------------------------------------------------


def test_thea_shares_her_screen_and_names_become_initials_until_she_is_done(
    at, thea, cleo, accessible
):
    agreed_goal(cleo, thea, ratings=[4])
    hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    book(cleo, thea, at=timezone.now() + timedelta(minutes=20))
    page = at(thea)
    pages = ("/today/", "/caseload/", f"/clients/{cleo.pk}/")
    button = page.get_by_role("button", name="Show initials for names")
    page.goto("/today/")
    expect(button).to_have_attribute("aria-pressed", "false")
    plain = button.evaluate("button => getComputedStyle(button).backgroundColor")
    button.click()
    for url in pages:
        page.goto(url)
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(main(page)).to_contain_text("C. H.")
        expect(main(page)).not_to_contain_text("Hart")
    accessible(page)
    page.mouse.move(0, 400)
    pressed = button.evaluate("button => getComputedStyle(button).backgroundColor")
    assert pressed != plain
    button.click()
    expect(page).to_have_url(re.compile(f"/clients/{cleo.pk}/$"))
    for url in pages:
        page.goto(url)
        expect(button).to_have_attribute("aria-pressed", "false")
        expect(main(page)).to_contain_text("Cleo Hart")


def test_on_a_device_that_others_use_ten_minutes_are_all_and_nothing_is_kept(at, thea):
    page = at(None)
    page.clock.install()
    sign_in_by_hand(page, thea, shared=True)
    page.goto("/settings/")
    expect(main(page)).to_contain_text("Shared device")
    assert SignIn.objects.get(user=thea).shared
    assert not KnownDevice.objects.exists()
    kept = {cookie["name"] for cookie in page.context.cookies()}
    assert settings.DEVICE_COOKIE_NAME not in kept
    asked = page.get_by_role("alertdialog", name="Still there?")
    page.clock.fast_forward("07:30")
    expect(asked).to_be_hidden()
    page.clock.fast_forward("00:40")
    expect(asked).to_be_visible()
    with minutes_later(12):
        page.goto("/today/")
        expect(page).to_have_url(re.compile("/sign-in/"))
