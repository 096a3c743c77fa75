"""Which devices are recognized, and what they may store."""

from django.conf import settings
from django.db import transaction

from accounts import devices, sessions
from accounts.models import KnownDevice, OutgoingEmail
from accounts.tests.signing_in import LAKE, signed_in_by_form
from accounts.tests.test_second_step import with_app
from database.identity import acting_as


def test_a_new_device_is_reported_by_email_and_the_first_is_not(db, thea):
    first = signed_in_by_form(thea)
    assert not OutgoingEmail.objects.filter(kind="new-device").exists()
    cookie = first.cookies[settings.DEVICE_COOKIE_NAME]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    first.post("/sign-out/")
    first.post("/sign-in/", {"login": thea.email, "password": LAKE})
    assert not OutgoingEmail.objects.filter(kind="new-device").exists()
    signed_in_by_form(thea)
    assert OutgoingEmail.objects.get(kind="new-device").recipient == thea
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


def has_ten(browser, person):
    """Whether ten wrong passwords are allowed here, as on a known device."""
    said = {"login": person.email, "password": "not this one at all"}
    found = [browser.post("/sign-in/", said).status_code for _ in range(6)]
    return found[-1] == 200


def test_changing_a_sign_in_method_forgets_all_other_devices(db, thea):
    here, elsewhere = signed_in_by_form(thea), signed_in_by_form(thea)
    elsewhere.post("/sign-out/")
    with acting_as(thea.pk), transaction.atomic():
        sessions.ways_changed(thea, here.get("/settings/").wsgi_request)
    here.post("/sign-out/")
    assert has_ten(here, thea)
    assert not has_ten(elsewhere, thea)


def test_signing_in_there_again_makes_it_known_and_tells_nobody(db, thea):
    browser = signed_in_by_form(thea)
    with acting_as(thea.pk):
        sessions.ways_changed(thea)
    browser.post("/sign-in/", {"login": thea.email, "password": LAKE})
    browser.post("/sign-out/")
    assert has_ten(browser, thea)
    assert not OutgoingEmail.objects.filter(kind="new-device").exists()


def test_an_admins_reset_forgets_every_device(sign_in, ada, thea):
    browser = signed_in_by_form(thea)
    browser.post("/sign-out/")
    sign_in(ada).post(f"/people/{thea.pk}/reset/")
    assert not has_ten(browser, thea)


def test_all_known_devices_together_can_try_thirty_codes(db, thea):
    browsers = [signed_in_by_form(thea) for _ in range(4)]
    for browser in browsers:
        browser.post("/sign-out/")
    with_app(thea)
    found = []
    for browser in browsers:
        browser.post("/sign-in/", {"login": thea.email, "password": LAKE})
        for _ in range(10):
            found.append(browser.post("/sign-in/second/", {"code": "000000"}))
    assert sum(answer.status_code != 429 for answer in found) == 30
