"""A password alone opens nothing: authenticator apps, passkeys, recovery codes."""

import json
import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.test import override_settings
from django.utils import timezone

from accounts import factors
from accounts.models import AuditEvent, OutgoingEmail, SignIn, User
from conftest import WebClient

LAKE = "thea-passes-by-the-lake"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
needed = override_settings(SECOND_STEP_REQUIRED=True)


def code_now(secret=SECRET):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def with_app(user):
    TOTP.activate(user, SECRET)
    return user


def first_step(user, password=None):
    browser = WebClient()
    said = {"login": user.email, "password": password or LAKE}
    return browser, browser.post("/sign-in/", said)


def whole_way(user):
    browser, _ = first_step(user)
    answer = browser.post("/sign-in/second/", {"code": code_now()})
    return browser, answer


@pytest.mark.requirement("R28")
@needed
def test_staff_without_a_second_step_can_only_add_one(sign_in, thea, cleo):
    browser = sign_in(thea)
    for url in ("/today/", "/caseload/", f"/clients/{cleo.pk}/", "/settings/"):
        assert browser.get(url).url == "/settings/second-step/", url
        assert browser.post(url).url == "/settings/second-step/", url
    asked = browser.get(f"/clients/{cleo.pk}/", headers={"accept": "application/json"})
    assert asked.status_code == 401
    assert browser.get("/help/").status_code == 200


@needed
def test_a_client_needs_no_second_step(sign_in, cleo):
    assert sign_in(cleo.user).get("/portal/").status_code == 200


@pytest.mark.requirement("R28")
@needed
def test_thea_adds_an_app_and_is_signed_in(sign_in, thea):
    browser = sign_in(thea)
    page = browser.get("/settings/second-step/")
    secret = page.context["form"].secret
    wrong = browser.post("/settings/second-step/", {"code": "000000"})
    assert "not correct" in wrong.content.decode()
    kept = browser.post("/settings/second-step/", {"code": code_now(secret)})
    assert kept.url == "/settings/codes/"
    codes = browser.get(kept.url).context["codes"]
    assert len(codes) == 8
    assert browser.get("/today/").status_code == 200
    told = OutgoingEmail.objects.get(kind="account-changed")
    assert told.recipient == thea
    assert AuditEvent.objects.filter(verb="second step added").exists()


@pytest.mark.requirement("R29")
def test_the_password_alone_signs_nobody_in_who_has_an_app(db, thea):
    browser, answer = first_step(with_app(thea))
    assert answer.url == "/sign-in/second/"
    assert browser.get("/today/").url.startswith("/sign-in/")
    wrong = browser.post("/sign-in/second/", {"code": "000000"})
    assert wrong.status_code == 200
    assert browser.get("/today/").url.startswith("/sign-in/")
    done = browser.post("/sign-in/second/", {"code": code_now()})
    assert done.url == "/"
    assert browser.get("/today/").status_code == 200


@pytest.mark.requirement("R34")
def test_a_code_works_once_and_up_to_half_a_minute_early_or_late(db, thea):
    with_app(thea)
    code = code_now()
    first, _ = first_step(thea)
    assert first.post("/sign-in/second/", {"code": code}).status_code == 302
    second, _ = first_step(thea)
    assert second.post("/sign-in/second/", {"code": code}).status_code == 200
    start = (timezone.now().timestamp() // 30 + 4) * 30 + 5
    for late, right in ((29, 302), (89, 200)):
        with time_machine.travel(start, tick=False):
            code = code_now()
            browser, _ = first_step(thea)
        with time_machine.travel(start + late, tick=False):
            answer = browser.post("/sign-in/second/", {"code": code})
        assert answer.status_code == right, late


def test_after_ten_wrong_codes_a_right_one_waits_for_a_quarter_of_an_hour(db, thea):
    browser, _ = first_step(with_app(thea))
    for _try in range(10):
        browser.post("/sign-in/second/", {"code": "000000"})
    answer = browser.post("/sign-in/second/", {"code": code_now()})
    assert answer.status_code == 429
    assert "Wait 15 minutes, then try again" in answer.content.decode()


def test_a_recovery_code_signs_thea_in_once(db, thea):
    with_app(thea)
    codes = RecoveryCodes.activate(thea).get_unused_codes()
    for used, expected in ((codes[0], 302), (codes[0], 200), (codes[1], 302)):
        browser, _ = first_step(thea)
        answer = browser.post("/sign-in/second/", {"code": used})
        assert answer.status_code == expected
    assert SignIn.objects.filter(user=thea, way="recovery_codes").count() == 2


@pytest.mark.requirement("R33")
def test_a_password_reset_keeps_the_second_step(client, thea):
    from django.contrib.auth.tokens import default_token_generator
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    with_app(thea)
    uid = urlsafe_base64_encode(force_bytes(thea.pk))
    page = client.get(f"/reset/{uid}/{default_token_generator.make_token(thea)}/")
    new = "the long way home at night"
    client.post(page.url, {"new_password1": new, "new_password2": new})
    browser, answer = first_step(thea, new)
    assert answer.url == "/sign-in/second/"
    assert browser.get("/today/").url.startswith("/sign-in/")
    assert OutgoingEmail.objects.filter(kind="account-changed", recipient=thea).exists()


def test_the_apps_secret_is_encrypted_in_the_database(db, thea):
    with_app(thea)
    RecoveryCodes.activate(thea)
    raw = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert SECRET not in raw


def test_the_secrets_are_encrypted_with_another_master_key(db, thea, settings):
    with_app(thea)
    old = settings.MASTER_KEY
    settings.MASTER_KEY, settings.OLD_MASTER_KEYS = b"n" * 32, [old]
    assert factors.reseal() == 1
    settings.OLD_MASTER_KEYS = []
    assert Authenticator.objects.get(user=thea).wrap().validate_code(code_now())


def test_the_last_second_step_of_staff_cannot_be_removed(sign_in, thea):
    browser = sign_in(with_app(thea))
    row = Authenticator.objects.get(user=thea)
    url = f"/settings/ways/{row.pk}/remove/"
    with needed:
        session = browser.session
        session["factor"] = "totp"
        session.save()
        browser.post(url)
        assert Authenticator.objects.filter(pk=row.pk).exists()
    RecoveryCodes.activate(thea)
    browser.post(url)
    # Recovery codes alone would be an eight-digit password.
    assert not Authenticator.objects.filter(user=thea).exists()
    assert AuditEvent.objects.filter(verb="second step removed").count() == 1


@pytest.mark.requirement("R39")
def test_changing_sign_in_methods_requires_reauthentication(sign_in, thea):
    browser = sign_in(with_app(thea))
    with time_machine.travel(timezone.now() + timezone.timedelta(minutes=6)):
        for url in (
            "/settings/second-step/",
            "/settings/codes/",
            "/settings/password/",
            "/settings/address/",
        ):
            assert browser.get(url).url.startswith("/prove/"), url
        row = Authenticator.objects.get(user=thea)
        answer = browser.post(f"/settings/ways/{row.pk}/remove/")
        assert answer.url.startswith("/prove/")
    assert Authenticator.objects.filter(user=thea).exists()


@pytest.mark.requirement("R22")
@pytest.mark.parametrize(
    ("password", "app", "kept"),
    [
        ("a gull at dusk", False, False),  # 14 characters
        ("a gull at dusk.", False, True),
        ("gulldusk", True, True),
        ("gulldus", True, False),
        ("lanterns on the harbour wall " * 2 + "keeping", False, True),
        ("by the slate roofs, " * 6 + "a heron", False, True),
    ],
)
def test_a_password_is_long_or_comes_with_a_second_step(
    sign_in, thea, password, app, kept
):
    if app:
        with_app(thea)
    said = {"new_password1": password, "new_password2": password}
    answer = sign_in(thea).post("/settings/password/", said)
    assert (answer.status_code == 302) is kept
    thea.refresh_from_db()
    assert thea.check_password(password) is kept
    assert not thea.check_password(password[:-1])


@pytest.mark.requirement("R23")
@pytest.mark.parametrize(
    "password",
    [
        "correcthorsebatterystaple",
        "correct horse battery staple",
        "cairncairncairncairn",
        "thea@example.test2026",
        "thea-harbour-practice",
        "passwordpassword123",
        "123456789012345678",
        "aaaaaaaaaaaaaaaaaaaa",
        "qwertyuiopasdfghjkl",
    ],
)
def test_an_easily_guessed_password_is_refused_with_a_reason(sign_in, thea, password):
    said = {"new_password1": password, "new_password2": password}
    answer = sign_in(thea).post("/settings/password/", said)
    assert answer.status_code == 200
    said = " ".join(answer.context["form"].errors["new_password2"])
    assert any(why in said for why in ("Too easy to guess", "common", "similar"))


@pytest.mark.requirement("R24")
def test_twenty_emoji_are_a_password_and_password_managers_are_supported(sign_in, thea):
    browser = sign_in(thea)
    page = browser.get("/settings/password/").content.decode()
    assert page.count('autocomplete="new-password"') == 2
    assert "onpaste" not in page
    said = dict.fromkeys(("new_password1", "new_password2"), "vnwobhqzetlmrkdyupci")
    assert browser.post("/settings/password/", said).status_code == 302
    page = WebClient().get("/sign-in/").content.decode()
    assert 'autocomplete="current-password"' in page


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(
    "password",
    [
        "  spaces on both sides  ",
        "Z\u0065\u0301bre au bord du lac",
        "ﬁn de la jetée grise",
    ],
)
def test_a_password_counts_as_typed(db, thea, password):
    thea.set_password(password)
    thea.save()
    assert first_step(thea, password)[1].url == "/"
    for other in (password.strip() + ".", password.upper()):
        assert first_step(thea, other)[1].status_code == 200


@pytest.mark.parametrize("said", ["{}", "[]", "3", '{"response": 3}', "null", "x",
    '{"id":"!","rawId":"a","type":"public-key","response":{"userHandle":"//"}}',
    '{"id":"a","rawId":"a","type":"public-key","response":{"clientDataJSON":"e30",'
    '"authenticatorData":"AA","signature":"AA","userHandle":"YQ"}}'])  # fmt: skip
def test_a_made_up_passkey_opens_nothing_and_causes_no_error(db, thea, sign_in, said):
    browser = WebClient()
    browser.get("/sign-in/passkey/", headers={"accept": "application/json"})
    assert browser.post("/sign-in/passkey/", {"credential": said}).url == "/sign-in/"
    assert browser.get("/today/").url.startswith("/sign-in/")
    at_home = sign_in(thea)
    at_home.get("/settings/second-step/")
    answer = at_home.post(
        "/settings/passkey/", {"credential": said, "passwordless": "on"}
    )
    assert answer.url == "/settings/second-step/"
    assert not Authenticator.objects.exists()
    assert User.objects.count() == 1


def test_an_unreadable_passkey_keeps_the_redirect_and_only_within_the_site(db, thea):
    for wanted, then in (("/today/", "/sign-in/?next=%2Ftoday%2F"),
                         ("//evil.example/", "/sign-in/")):  # fmt: skip
        said = {"credential": "{}", "next": wanted}
        assert WebClient().post("/sign-in/passkey/", said).url == then


def test_a_phone_opens_the_app_by_a_link_and_the_key_can_be_copied(sign_in, thea):
    page = sign_in(thea).get("/settings/second-step/").content.decode()
    assert 'href="otpauth://totp/' in page
    assert 'data-copy="secret"' in page
    assert 'name="name"' in page  # a passkey's


def test_password_managers_find_the_change_password_page(client, sign_in, thea):
    for browser in (client, sign_in(thea)):
        answer = browser.get("/.well-known/change-password")
        assert (answer.status_code, answer.url) == (302, "/settings/password/")


def test_removing_the_last_method_says_what_happens_to_the_codes(sign_in, cleo):
    row = TOTP.activate(cleo.user, SECRET).instance
    RecoveryCodes.activate(cleo.user)
    browser = sign_in(cleo.user)
    page = browser.get("/settings/").content.decode()
    assert "Removing it also deletes your recovery codes." in page
    answer = browser.post(f"/settings/ways/{row.pk}/remove/", follow=True)
    assert "along with your recovery codes" in answer.content.decode()
    assert not Authenticator.objects.filter(user=cleo.user).exists()


def test_a_hint_appears_before_the_codes_run_out(thea):
    with_app(thea)
    codes = RecoveryCodes.activate(thea).get_unused_codes()
    for number, code in enumerate(codes[:6], start=1):
        browser, _ = first_step(thea)
        answer = browser.post("/sign-in/second/", {"code": code}, follow=True)
        page = answer.content.decode()
        assert ("Make new ones in your account." in page) == (number >= 5), number
    page = browser.get("/settings/").content.decode()
    assert "2 of 8 left" in page
    assert "Make new ones before they run out." in page
