"""Which browsers are known, and what they may keep."""

from django.conf import settings

from accounts import devices
from accounts.models import KnownDevice, Message
from accounts.tests.signing_in import LAKE, signed_in_by_form


def test_a_device_that_was_not_known_is_told_by_mail_and_the_first_is_not(db, thea):
    first = signed_in_by_form(thea)
    assert not Message.objects.filter(kind="new-device").exists()
    cookie = first.cookies[settings.DEVICE_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    first.post("/sign-out/")
    first.post("/sign-in/", {"login": thea.email, "password": LAKE})
    assert not Message.objects.filter(kind="new-device").exists()
    signed_in_by_form(thea)
    assert Message.objects.get(kind="new-device").recipient == thea
    assert KnownDevice.objects.filter(user=thea).count() == 2
    assert not KnownDevice.objects.filter(token_hash=cookie.value).exists()


def test_a_shared_device_is_not_remembered_and_gets_no_key(db, thea, cleo):
    browser = signed_in_by_form(thea, shared="on")
    assert settings.DEVICE_COOKIE_NAME not in browser.cookies
    assert "data-draft-key" not in browser.get("/settings/").content.decode()
    own = signed_in_by_form(thea)
    assert "data-draft-key" in own.get("/settings/").content.decode()


def test_the_key_for_drafts_is_the_same_for_one_person_on_one_device(
    rf, sign_in, thea, theo
):
    def key(user, token):
        request = rf.get("/")
        request.user, request.device_token = user, token
        request.session = type("Session", (), {"row": None})()
        return devices.draft_key(request)

    assert key(thea, "a" * 43) == key(thea, "a" * 43)
    assert len({key(thea, "a" * 43), key(thea, "b" * 43), key(theo, "a" * 43)}) == 3
