"""A sign-in older than a change of sign-in methods opens nothing."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import addresses, device_handover, idle_timeout
from accounts.models import AddressChange, SignIn, User
from accounts.sessions import hash_of
from accounts.tests.signing_in import JSON, LAKE, is_in, shown
from accounts.tests.test_second_step import SECRET, code_now, with_app
from conftest import WebClient
from tests.test_walk import ALL, made_up

NEW = dict.fromkeys(("new_password1", "new_password2"), "the long way home at night")


@pytest.fixture
def somebody(request, thea, cleo):
    return {"thea": thea, "cleo": cleo.user}[request.param]


both = pytest.mark.parametrize("somebody", ["thea", "cleo"], indirect=True)


def password_of(person):
    return f"{person.name.lower()}-passes-by-the-lake"


# -- each change of a sign-in method, made by its page --------------------------------


def change_the_password(here, person):
    return here.post("/settings/password/", NEW)


def add_an_app(here, person):
    secret = here.get("/settings/second-step/").context["form"].secret
    return here.post("/settings/second-step/", {"code": code_now(secret)})


def remove_the_app(here, person):
    row = Authenticator.objects.get(user=person, type="totp")
    return here.post(f"/settings/ways/{row.pk}/remove/")


def remove_a_passkey(here, person):
    row = Authenticator.objects.create(user=person, type="webauthn", data={})
    return here.post(f"/settings/ways/{row.pk}/remove/")


def make_codes_anew(here, person):
    RecoveryCodes.activate(person)
    return here.post("/settings/codes/anew/")


def change_the_address(here, person):
    here.post("/settings/address/", {"email": "new@example.test"})
    change = AddressChange.objects.get(user=person, used_at=None)
    here.get(f"/address/{addresses.token(change.pk)}/")
    return here.post("/address/")


STAYING = {
    "password": (change_the_password, False),
    "app added": (add_an_app, False),
    "app removed": (remove_the_app, True),
    "passkey removed": (remove_a_passkey, True),
    "codes": (make_codes_anew, True),
    "address": (change_the_address, False),
    "address, with an app": (change_the_address, True),
    "password, with an app": (change_the_password, True),
}


@both
@pytest.mark.requirement("R31")
@pytest.mark.parametrize("what", STAYING)
def test_changing_a_sign_in_method_ends_all_other_sign_ins(sign_in, somebody, what):
    change, app = STAYING[what]
    if app:
        with_app(somebody)
    here, other, third = sign_in(somebody), sign_in(somebody), sign_in(somebody)
    assert is_in(other)
    assert change(here, somebody).status_code == 302
    assert is_in(here)
    assert not is_in(other)
    assert not is_in(third)
    # Nor is a dead sign-in listed.
    assert SignIn.objects.filter(user=somebody).count() == 1


@both
@pytest.mark.requirement("R31")
def test_another_persons_sign_ins_do_not_end(sign_in, somebody, theo):
    his, here = sign_in(theo), sign_in(somebody)
    change_the_password(here, somebody)
    assert is_in(his)


def by_the_mailed_link(person, browser=None):
    browser = browser or WebClient()
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    page = browser.get(f"/reset/{uid}/{default_token_generator.make_token(person)}/")
    return browser.post(page.url, NEW)


@both
@pytest.mark.requirement("R31")
def test_the_link_from_an_email_ends_every_sign_in_where_it_is_used_too(
    sign_in, somebody
):
    here, other = sign_in(somebody), sign_in(somebody)
    assert by_the_mailed_link(somebody, here).url == "/sign-in/"
    assert not is_in(here)
    assert not is_in(other)
    assert not SignIn.objects.filter(user=somebody).exists()


@both
def test_a_reset_link_used_while_another_person_is_signed_in_leaves_their_sign_in(
    sign_in, somebody, theo
):
    his = sign_in(theo)
    by_the_mailed_link(somebody, his)
    assert is_in(his)


@both
@pytest.mark.requirement("R31")
def test_an_admins_reset_ends_every_sign_in(sign_in, somebody, ada):
    with_app(somebody)
    other = sign_in(somebody)
    assert sign_in(ada).post(f"/people/{somebody.pk}/reset/").status_code == 302
    assert not is_in(other)


@pytest.mark.requirement("R31")
def test_a_sign_in_saved_just_after_the_change_is_invalid(sign_in, thea):
    """Someone with the old password signs in while Thea adds an app: their password was
    checked before the change, and their row did not exist when it was made."""
    here, slow = sign_in(thea), sign_in(thea)
    [row] = SignIn.objects.filter(pk=hash_of(slow.session.session_key))
    add_an_app(here, thea)
    row.save(force_insert=True)
    Authenticator.objects.filter(user=thea).delete()
    assert not is_in(slow)


# -- between the first and the second step --------------------------------------------


@pytest.mark.requirement("R29", "R31")
@pytest.mark.parametrize("change", ["password", "app", "reset"])
def test_a_first_step_older_than_the_change_is_rejected(sign_in, thea, ada, change):
    with_app(thea)
    waiting = WebClient()
    waiting.post("/sign-in/", {"login": thea.email, "password": LAKE})
    who = idle_timeout.sign(thea)
    if change == "password":
        change_the_password(sign_in(thea), thea)
    elif change == "app":
        here = sign_in(thea)
        remove_the_app(here, thea)
        TOTP.activate(thea, SECRET)
    else:
        sign_in(ada).post(f"/people/{thea.pk}/reset/")
        TOTP.activate(thea, SECRET)
    old = waiting.post("/sign-in/here/", {"who": who, "code": code_now()})
    assert "too old" in old.json()["error"]
    thea.refresh_from_db()
    said = {"who": idle_timeout.sign(thea), "code": code_now()}
    assert waiting.post("/sign-in/here/", said).json() == {"next": "password"}
    assert waiting.get("/sign-in/second/").url.startswith("/sign-in/")
    assert waiting.post("/sign-in/second/", {"code": code_now()}).url == "/sign-in/"
    assert not is_in(waiting)


# -- signed in without the second step ------------------------------------------------


@both
@pytest.mark.requirement("R28", "R29")
def test_a_sign_in_without_the_newly_added_second_step_opens_no_page(sign_in, somebody):
    """Every URL, including those before the second step, answers as for a visitor."""
    before = sign_in(somebody)
    cookie = before.cookies["sessionid"].value
    row = SignIn.objects.get(pk=hash_of(cookie))
    RecoveryCodes.activate(with_app(somebody))
    for pattern in ALL:
        url = reverse(pattern.name, kwargs=made_up(pattern))
        for ask in (before.get, before.post):
            SignIn.objects.filter(pk=hash_of(cookie)).delete()
            row.save(force_insert=True)
            before.cookies["sessionid"] = cookie
            answer = ask(url)
            assert not answer.wsgi_request.user.is_authenticated, url
            if pattern.callback.audience != "everyone":
                assert answer.url.startswith("/sign-in/"), url
    asked = before.post("/stay/", headers=JSON)
    assert asked.status_code == 401


@both
@pytest.mark.requirement("R29")
def test_signing_in_again_on_the_page_needs_the_second_step(sign_in, somebody):
    before = sign_in(somebody)
    who = before.get("/settings/").context["stay"].who
    with_app(somebody)
    said = {"who": who, "password": password_of(somebody)}
    assert before.post("/sign-in/here/", said).json() == {"next": "code"}
    assert not is_in(before)
    done = before.post("/sign-in/here/", {"who": who, "code": code_now()})
    assert done.json()["csrf"]
    assert is_in(before)


@pytest.mark.requirement("R29")
def test_a_handover_ends_when_cleo_adds_a_second_step_elsewhere(client, sign_in, cleo):
    session = client.session
    session[device_handover.HANDED] = {
        "to": str(cleo.user_id),
        "from": "Thea",
        "page": "/portal/",
        "back": "/today/",
    }
    session.save()
    said = {"login": cleo.user.email, "password": password_of(cleo.user)}
    client.post("/sign-in/", said)
    assert client.get("/portal/").status_code == 200
    add_an_app(sign_in(cleo.user), cleo.user)
    assert client.get("/portal/").url.startswith("/sign-in/")


@pytest.mark.requirement("R29")
def test_an_invitation_does_not_bypass_an_existing_second_step(client, thea, cleo):
    from django.db import transaction

    from accounts import invitations
    from database.identity import acting_as

    with_app(cleo.user)
    User.objects.filter(pk=cleo.user_id).update(joined_at=None)
    with acting_as(thea.pk), transaction.atomic():
        invitation = invitations.invite(cleo.user, by=thea)
    client.get(f"/join/{invitations.token(invitation.pk)}/")
    said = {"password": "the long way home at night", "time_zone": "UTC"}
    assert (
        client.post("/join/", said | {"privacy": "on"} | shown(client)).url
        == "/sign-in/"
    )
    assert not is_in(client)


@pytest.mark.requirement("R29")
def test_closing_a_portal_removes_its_second_step(sign_in, cleo):
    with_app(cleo.user)
    assert sign_in(cleo.user).post("/portal/close/").status_code == 302
    assert not Authenticator.objects.filter(user=cleo.user).exists()


# -- recovery codes -------------------------------------------------------------------


def codes_on(page) -> set[str]:
    return set(re.findall(r"<li>(\d{4} \d{4})</li>", page.content.decode()))


@both
@pytest.mark.requirement("R34")
def test_recovery_codes_are_shown_once_when_they_are_made(sign_in, somebody):
    here = sign_in(somebody)
    made = add_an_app(here, somebody)
    first = codes_on(here.get(made.url))
    assert len(first) == 8
    again = here.get("/settings/codes/")
    assert not codes_on(again)
    assert "8" in again.content.decode()
    anew = here.post("/settings/codes/anew/")
    assert not first & codes_on(here.get(anew.url))
    assert not codes_on(here.get("/settings/codes/"))


@pytest.mark.requirement("R34")
def test_another_browser_never_shows_codes_made_elsewhere(sign_in, thea):
    RecoveryCodes.activate(with_app(thea))
    here = sign_in(thea)
    assert not codes_on(here.get("/settings/codes/"))
    here.post("/settings/codes/anew/")
    other = sign_in(thea)
    assert not codes_on(other.get("/settings/codes/"))
    here.head("/settings/codes/")
    assert len(codes_on(here.get("/settings/codes/"))) == 8
