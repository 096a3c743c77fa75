"""Ways in and ways back, in a real browser: no word is lost, none shown to others."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import SignIn, User
from accounts.tests.test_second_step import code_now
from notes.models import ProgressNote
from tests.cast import agreed_goal, book
from tests.test_form_gate import LONG, link_in, main, plan_and_send, press, sink, stone

__all__ = ["sink"]  # a fixture

pytestmark = pytest.mark.browser

LAKE = "thea-passes-by-the-lake"
ENDED = ("401", "400", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED")


@pytest.fixture
def session(thea, cleo):
    return book(cleo, thea, at=timezone.now() - timezone.timedelta(minutes=10))


def note_of(session):
    from database.identity import acting_as

    with acting_as(session.therapist_id):
        return ProgressNote.objects.get(session=session).body


def write(page, session, words):
    page.goto(f"/sessions/{session.pk}/")
    page.get_by_label("Data").fill(words)


def saved(page):
    expect(page.locator("[data-saved-words]")).to_contain_text("Saved")


def gone(page):
    dialog = page.get_by_role("dialog", name="Your text is safe")
    expect(dialog).to_be_visible()
    return dialog


# -- a sign-in that ended -------------------------------------------------------------


def test_a_sign_in_that_ends_in_mid_sentence_loses_no_word(
    at, thea, session, accessible
):
    page = at(thea, expect=ENDED)
    write(page, session, "Came in tired.")
    saved(page)
    SignIn.objects.all().delete()
    field = page.get_by_label("Data")
    field.press_sequentially(" Hands shook for about one song.")
    dialog = gone(page)
    expect(page.get_by_role("main")).to_be_hidden()
    assert not field.is_visible()
    expect(dialog).to_contain_text("not on the server yet")
    accessible(page)
    dialog.get_by_label("Password").fill("not this one")
    press(page, "Sign in and continue")
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    dialog.get_by_label("Password").fill(LAKE)
    press(page, "Sign in and continue")
    expect(dialog).to_be_hidden()
    saved(page)
    expect(field).to_have_value("Came in tired. Hands shook for about one song.")
    assert "about one song." in note_of(session)
    press(page, "Sign and lock")
    press(page, "Sign note")  # though two parts are empty
    expect(main(page)).to_contain_text("about one song.")


def test_saved_stays_said_until_there_is_something_to_save(at, thea, session):
    page = at(thea)
    write(page, session, "Came in tired.")
    saved(page)
    field, words = page.get_by_label("Data"), page.locator("[data-saved-words]")
    field.blur()  # which is a change, of nothing
    expect(words).to_contain_text("Saved")
    field.press("End")
    page.keyboard.type("x")
    page.keyboard.press("Backspace")
    expect(words).to_contain_text("Saved")
    assert "Came in tired." in note_of(session)


def test_in_mid_sentence_the_second_step_is_asked_for_too(at, thea, session):
    from accounts.tests.test_second_step import with_app

    page = at(thea, expect=ENDED)
    write(page, session, "One line.")
    saved(page)
    with_app(thea)
    SignIn.objects.all().delete()
    page.get_by_label("Data").press_sequentially(" Two.")
    dialog = gone(page)
    dialog.get_by_label("Password").fill(LAKE)
    press(page, "Sign in and continue")
    dialog.get_by_label("6-digit code").fill(code_now())
    press(page, "Sign in and continue")
    expect(dialog).to_be_hidden()
    saved(page)
    assert "One line. Two." in note_of(session)


def test_somebody_else_who_signs_in_there_sees_nothing_of_it(at, thea, theo, session):
    page = at(thea, expect=ENDED)
    write(page, session, "Only between us.")
    saved(page)
    SignIn.objects.all().delete()
    page.get_by_label("Data").press_sequentially(" And more.")
    gone(page)
    other = page.context.new_page()
    other.goto("/sign-in/")
    other.get_by_label("Email").fill(theo.email)
    other.get_by_label("Password").fill("theo-passes-by-the-lake")
    press(other, "Sign in")
    expect(other).to_have_url(re.compile("/today/"))
    page.bring_to_front()
    page.wait_for_timeout(500)
    gone(page)
    assert "And more" not in note_of(session)
    assert "And more" not in other.content()


def test_two_minutes_before_the_end_it_asks_and_one_press_is_enough(
    at, thea, accessible
):
    page = at(thea, expect=ENDED)
    page.clock.install()
    page.goto("/today/")
    page.clock.fast_forward("28:05")
    asked = page.get_by_role("alertdialog", name="Still there?")
    expect(asked).to_be_visible()
    expect(asked.get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(asked.get_by_role("timer")).to_contain_text(re.compile("1:5"))
    accessible(page)
    with page.expect_response("**/stay/"):
        page.keyboard.press("Enter")
    expect(asked).to_be_hidden()
    page.clock.fast_forward("27:00")
    expect(asked).to_be_hidden()
    SignIn.objects.all().delete()
    page.clock.fast_forward("05:00")
    page.clock.run_for(3000)
    gone(page)


# -- no way to the server -------------------------------------------------------------

KEPT = """async () => {
  const open = indexedDB.open("cairn", 1);
  const base = await new Promise((y, n) => { open.onsuccess = () => y(open.result); open.onerror = n; });
  if (!base.objectStoreNames.contains("sealed")) return [];
  const all = base.transaction("sealed").objectStore("sealed").getAll();
  const rows = await new Promise((y) => { all.onsuccess = () => y(all.result); });
  base.close();
  return rows.map((row) => new TextDecoder("latin1").decode(row.sealed));
}"""  # noqa: E501


@pytest.mark.requirement("R11")
def test_what_was_typed_offline_is_sealed_and_there_after_a_crash(at, thea, session):
    page = at(None, expect=ENDED)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(thea.email)
    page.get_by_label("Password").fill(LAKE)
    press(page, "Sign in")
    write(page, session, "Begun.")
    saved(page)
    page.context.set_offline(True)
    page.get_by_label("Data").press_sequentially(" Canary on the wire.")
    expect(page.locator("[data-saved-words]")).to_contain_text("Not saved: offline")
    page.wait_for_timeout(300)
    rows = page.evaluate(KEPT)
    assert len(rows) == 1
    assert "Canary" not in rows[0]
    storage = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Canary" not in storage
    page.close()
    page.context.set_offline(False)
    again = page.context.new_page()
    again.goto(f"/sessions/{session.pk}/")
    expect(again.get_by_label("Data")).to_have_value("Begun. Canary on the wire.")
    saved(again)
    assert "Canary on the wire." in note_of(session)
    again.wait_for_timeout(300)
    assert again.evaluate(KEPT) == []


def test_a_rating_that_was_sealed_is_shown_where_the_page_has_none(
    at, live_server, sign_in, thea, cleo, session
):
    """The other tab saved the same words; every page has a stone with that number."""
    goal = agreed_goal(cleo, thea)
    page = at(thea, expect=[*ENDED, "409"])
    root = live_server.url
    known = {"name": settings.DEVICE_COOKIE_NAME, "value": "t" * 32, "url": root}
    page.context.add_cookies([known])
    write(page, session, "Begun.")
    saved(page)
    page.context.set_offline(True)
    stone(page, f"rating-{goal.pk}", 7)
    expect(page.locator("[data-saved-words]")).to_contain_text("Not saved: offline")
    page.wait_for_timeout(300)
    assert len(page.evaluate(KEPT)) == 1
    page.close()
    for revision in (1, 2):
        typed = {"revision": revision, "format": "dap", "part0": "Begun."}
        answer = sign_in(thea).post(f"/sessions/{session.pk}/note/", typed)
        assert answer.status_code == 200
    again = page.context.new_page()
    page.context.set_offline(False)
    again.goto(f"/sessions/{session.pk}/")
    text = again.locator("[data-conflict-text]")
    expect(text).to_contain_text("7")
    assert f"{goal.shown.own_words}\n7" in text.inner_text()  # it says of what
    assert "Data\nBegun." in text.inner_text()
    again.wait_for_timeout(300)
    assert len(again.evaluate(KEPT)) == 1
    stone(again, f"rating-{goal.pk}", 7)
    saved(again)
    again.goto(f"/sessions/{session.pk}/")
    again.wait_for_timeout(300)
    expect(again.locator("[data-conflict]")).to_be_hidden()
    assert again.evaluate(KEPT) == []


@pytest.mark.requirement("R10")
def test_signing_out_takes_everything_along(at, thea, session):
    page = at(None, expect=ENDED)
    page.goto("/sign-in/")
    page.get_by_label("Email").fill(thea.email)
    page.get_by_label("Password").fill(LAKE)
    press(page, "Sign in")
    write(page, session, "Begun.")
    saved(page)
    page.context.set_offline(True)
    page.get_by_label("Data").press_sequentially(" Offline.")
    expect(page.locator("[data-saved-words]")).to_contain_text("Not saved: offline")
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('online'))")
    saved(page)
    page.locator("details.menu summary").click()
    press(page, "Sign out")
    expect(page).to_have_url(re.compile("/sign-in/"))
    found = page.evaluate("indexedDB.databases().then((all) => all.map((b) => b.name))")
    assert found == []
    page.go_back()
    expect(page.get_by_text("Begun.")).to_have_count(0)


# -- ways in --------------------------------------------------------------------------


def with_authenticator(page):
    """A passkey without hardware: Chromium's own."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


def test_thea_makes_a_passkey_and_signs_in_with_it_alone(at, thea, sink, accessible):
    page = with_authenticator(at(thea, expect=ENDED))
    page.goto("/settings/")
    press(page, "Add a passkey or authenticator app", role="link")
    accessible(page)
    press(page, "Create a passkey on this device")
    expect(main(page)).to_contain_text("Save your recovery codes")
    expect(page.locator(".codes li")).to_have_count(8)
    accessible(page)
    page.goto("/settings/")
    expect(main(page)).to_contain_text("Passkey, Chrome, Linux")
    page.locator("details.menu summary").click()
    press(page, "Sign out")
    press(page, "Use a passkey")
    expect(page).to_have_url(re.compile("/today/"))
    page.goto("/settings/")
    expect(main(page)).to_contain_text("Signed in with a passkey")
    SignIn.objects.all().delete()
    page.evaluate("dispatchEvent(new Event('cairn:signed-out'))")
    gone(page)
    press(page, "Use a passkey on this device")
    expect(page.get_by_role("dialog")).to_be_hidden()
    plan_and_send()
    assert any("was changed" in mail.text for mail in sink.messages)
    press(page, "Remove the passkey, Chrome, Linux")
    expect(page.get_by_role("status").first).to_contain_text("Removed")
    assert not Authenticator.objects.exists()


def test_cleo_adds_an_app_on_her_phone_and_is_asked_for_its_code(at, cleo, accessible):
    page = at(cleo.user, phone=True)
    page.goto("/settings/second-step/")
    accessible(page)
    shown = page.get_by_label("Or enter this setup key in the app").input_value()
    secret = shown.replace(" ", "")
    main(page).get_by_label("6-digit code").fill(code_now(secret))
    press(page, "Add app")
    expect(main(page)).to_contain_text("Save your recovery codes")
    code = page.locator(".codes li").first.inner_text()
    page.goto("/settings/")
    accessible(page)
    press(page, "Sign out")
    page.get_by_label("Email").fill(cleo.user.email)
    page.get_by_label("Password").fill("cleo-passes-by-the-lake")
    press(page, "Sign in")
    expect(main(page)).to_contain_text("Enter your code")
    accessible(page)
    main(page).get_by_label("6-digit code").fill(code)
    press(page, "Continue")
    expect(page).to_have_url(re.compile("/portal/"))


def test_thea_ends_a_sign_in_changes_her_password_and_her_address(
    at, thea, sink, accessible
):
    page, other = at(thea), at(thea)
    other.goto("/today/")
    page.goto("/settings/")
    accessible(page)
    press(page, "Sign out of all other devices")
    expect(page.get_by_role("status").first).to_contain_text(
        "Signed out of all other devices"
    )
    other.goto("/today/")
    expect(other).to_have_url(re.compile("/sign-in/"))
    press(page, "Change the password", role="link")
    page.get_by_label("New password").fill(LONG)
    page.get_by_label("Repeat it").fill(LONG)
    press(page, "Change password")
    expect(page.get_by_role("status").first).to_contain_text("Password changed")
    press(page, "Change the address", role="link")
    page.get_by_label("New email address").fill("thea.new@example.test")
    press(page, "Send link")
    expect(main(page)).to_contain_text(
        "Waiting for thea.new@example.test to be confirmed"
    )
    plan_and_send()
    [mail] = [one for one in sink.messages if "confirms" in one.text]
    page.goto(link_in(mail))
    press(page, "Use this address")
    expect(main(page)).to_contain_text("thea.new@example.test")
    assert User.objects.get(pk=thea.pk).email == "thea.new@example.test"
    other.get_by_label("Email").fill("thea.new@example.test")
    other.get_by_label("Password").fill(LONG)
    press(other, "Sign in")
    expect(other).to_have_url(re.compile("/today/"))


def test_without_scripts_the_account_can_be_kept_too(at, thea):
    page = at(thea, scripts=False)
    page.goto("/settings/second-step/")
    shown = page.get_by_label("Or enter this setup key in the app").input_value()
    secret = shown.replace(" ", "")
    main(page).get_by_label("6-digit code").fill(code_now(secret))
    press(page, "Add app")
    expect(main(page)).to_contain_text("Save your recovery codes")
