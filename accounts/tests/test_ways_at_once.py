"""A pending change of sign-in methods does not undo what an admin does meanwhile."""

import threading
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.tokens import default_token_generator
from django.db import connection, connections, transaction
from django.db.models import F
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import invitations, sign_in_reset
from accounts.models import Invitation, OutgoingEmail, SignIn, User
from accounts.sessions import hold_ways, ways_changed
from accounts.tests.test_older_sign_ins import (
    NEW,
    change_the_password,
)
from accounts.tests.test_second_step import code_now, with_app
from clients import staffing
from conftest import WebClient, admit, somebody_waits
from database.identity import acting_as

CHANGED = "Your sign-in methods changed"


def is_reset(person, by):
    sign_in_reset.reset_sign_in(person, by=by)


def is_closed(person, by):
    staffing.close(person, by=by)


def loses_a_role(person, by):
    staffing.set_roles(person, therapist=True, admin=False, by=by)


@pytest.fixture
def kit(thea):
    User.objects.filter(pk=thea.pk).update(is_admin=True)
    thea.refresh_from_db()
    return thea


def while_an_admin(act, person, ada, press):
    """The result of `press()`, started before the admin acts and finished after."""
    told = []

    def pressed():
        try:
            told.append(press())
        finally:
            connections.close_all()

    waiting = threading.Thread(target=pressed)
    with acting_as(ada.pk), transaction.atomic(), connection.cursor() as cursor:
        act(User.objects.get(pk=person.pk), ada)
        waiting.start()
        while waiting.is_alive() and not somebody_waits(cursor):
            time.sleep(0.01)
    waiting.join()
    return told[0]


def removes_the_app(here, person):
    row = Authenticator.objects.get(user=person, type="totp")
    return lambda: here.post(f"/settings/ways/{row.pk}/remove/")


def adds_an_app(here, _person):
    secret = here.get("/settings/second-step/").context["form"].secret
    return lambda: here.post("/settings/second-step/", {"code": code_now(secret)})


# whether there is an app; each opens its page, then returns the request to send
CHANGES = {
    "password": (False, lambda here, one: lambda: change_the_password(here, one)),
    "app added": (False, adds_an_app),
    "app removed": (True, removes_the_app),
    "codes": (True, lambda here, _one: lambda: here.post("/settings/codes/anew/")),
}


def state_of(person):
    row = User.objects.values("is_active", "is_admin", "is_therapist")
    row = row.annotate(password=F("credential__password"))
    ways = Authenticator.objects.filter(user=person).values_list("type", flat=True)
    return row.get(pk=person.pk), sorted(ways)


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("act", [is_reset, is_closed])
@pytest.mark.parametrize("what", CHANGES)
def test_an_admins_action_meanwhile_stays(
    real_login, sign_in, kit, ada, settings, act, what
):
    settings.SECOND_STEP_REQUIRED = False
    app, opened = CHANGES[what]
    if app:
        with_app(kit)
        RecoveryCodes.activate(kit)
    here = sign_in(kit)
    press = opened(here, kit)
    with real_login("cairn_web"):
        connection.close()
        answer = while_an_admin(act, kit, ada, press)
    told, ways = state_of(kit)
    assert told["is_active"] == (act is is_reset)
    if act is is_reset:
        assert told["password"].startswith("!")
        assert ways == []
    assert not SignIn.objects.filter(user=kit).exists()
    assert here.get("/today/").status_code == 302
    assert CHANGED in answer.content.decode()
    notices = OutgoingEmail.objects.filter(recipient=kit, kind="account-changed")
    assert notices.count() == (1 if act is is_reset else 0)


@pytest.mark.requirement("R31")
def test_a_role_removed_meanwhile_is_not_given_back(real_login, sign_in, kit, ada):
    here = sign_in(kit)
    with real_login("cairn_web"):
        connection.close()
        while_an_admin(loses_a_role, kit, ada, lambda: change_the_password(here, kit))
    assert not User.objects.get(pk=kit.pk).is_admin
    assert User.objects.get(pk=kit.pk).check_password(NEW["new_password1"])


@pytest.mark.requirement("R31")
def test_an_emailed_link_works_once_though_four_requests_come_together(
    real_login, thea
):
    uid = urlsafe_base64_encode(force_bytes(thea.pk))
    secret = default_token_generator.make_token(thea)
    browsers = [WebClient() for _ in range(4)]
    pages = [one.get(f"/reset/{uid}/{secret}/").url for one in browsers]
    told = []
    gate = threading.Barrier(len(browsers))

    def press(browser, page, number):
        words = f"the long way home at night {number}"
        form = {"new_password1": words, "new_password2": words}
        try:
            gate.wait()
            told.append(browser.post(page, form).status_code)
        finally:
            connections.close_all()

    with real_login("cairn_web"):
        connection.close()
        threads = [
            threading.Thread(target=press, args=(browser, page, number))
            for number, (browser, page) in enumerate(zip(browsers, pages, strict=True))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(told) == [200, 200, 200, 302]
    assert OutgoingEmail.objects.filter(kind="account-changed").count() == 1


# -- double clicks ---------------------------------------------------------------------


def pressed_twice(person, press):
    """Both responses; the requests start together while the row is locked."""
    told = []

    def pressed():
        try:
            told.append(press())
        finally:
            connections.close_all()

    both = [threading.Thread(target=pressed) for _ in range(2)]
    with transaction.atomic(), connection.cursor() as cursor:
        list(
            User.objects.select_for_update(no_key=True).order_by().filter(pk=person.pk)
        )
        for one in both:
            one.start()
        while any(one.is_alive() for one in both) and not _both_wait(cursor):
            time.sleep(0.01)
    for one in both:
        one.join()
    return sorted(told, key=lambda answer: answer.status_code)


def _both_wait(cursor) -> bool:
    cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
    return cursor.fetchone()[0] >= 2


@pytest.mark.parametrize("who", ["thea", "cleo"])
def test_a_double_click_on_adding_the_app_says_that_it_is_added(
    transactional_db, sign_in, request, thea, settings, who
):
    settings.SECOND_STEP_REQUIRED = False
    person = request.getfixturevalue(who)
    person = getattr(person, "user", person)
    here = sign_in(person)
    secret = here.get("/settings/second-step/").context["form"].secret
    cookies = cookies_of(here)

    def press():
        tab = tab_of(here, cookies)
        return tab.post("/settings/second-step/", {"code": code_now(secret)})

    second, first = pressed_twice(person, press)
    assert (second.status_code, first.status_code) == (200, 302)
    page = second.content.decode()
    assert "This was already added" in page
    assert "You can use it to sign in." in page
    assert Authenticator.objects.filter(user=person, type="totp").count() == 1
    mails = OutgoingEmail.objects.filter(recipient=person, kind="account-changed")
    assert mails.count() == 1


def test_adding_another_app_in_another_tab_is_no_double_click(
    transactional_db, sign_in, thea, settings
):
    settings.SECOND_STEP_REQUIRED = False
    presses = iter([adds_an_app(sign_in(thea), thea) for _ in range(2)])
    lock = threading.Lock()

    def press():
        with lock:
            mine = next(presses)
        return mine()

    answers = pressed_twice(thea, press)
    assert [answer.status_code for answer in answers] == [302, 409]
    assert CHANGED in answers[1].content.decode()


# -- codes shown once are the valid ones -----------------------------------------------


def cookies_of(browser):
    return {name: morsel.value for name, morsel in browser.cookies.items()}


def tab_of(browser, cookies=None):
    """Another tab of the same browser, with a copy of its current cookies."""
    tab = WebClient(raise_request_exception=False)
    tab.cookies.load(cookies or cookies_of(browser))
    return tab


def codes_that_hold(person):
    row = Authenticator.objects.get(user=person, type="recovery_codes")
    return {f"{code[:4]} {code[4:]}" for code in row.wrap().get_unused_codes()}


@pytest.mark.requirement("R31")
def test_codes_regenerated_in_two_tabs_at_once_are_the_ones_shown(
    transactional_db, sign_in, thea
):
    with_app(thea)
    old = set(RecoveryCodes.activate(thea).get_unused_codes())
    here = sign_in(thea)
    cookies = cookies_of(here)
    tabs = []

    def press():
        tab = tab_of(here, cookies)
        tabs.append(tab)
        return tab.post("/settings/codes/anew/")

    second, first = pressed_twice(thea, press)
    assert (second.status_code, first.status_code) == (200, 302)
    page = second.content.decode()
    assert "New recovery codes were already made" in page
    assert 'href="/settings/codes/"' in page
    # The browser has the first response's cookie, whichever page it shows.
    [signed_in] = [t for t in tabs if t.get("/settings/").status_code == 200]
    shown = set(signed_in.get("/settings/codes/").context["codes"])
    assert len(shown) == 8
    assert shown == codes_that_hold(thea)
    assert not {code.replace(" ", "") for code in shown} & old


@pytest.mark.requirement("R31")
def test_codes_are_not_shown_while_others_replace_them(transactional_db, sign_in, thea):
    """The page waits for the lock on the sign-in methods and shows nothing stale."""
    with_app(thea)
    RecoveryCodes.activate(thea)
    here = sign_in(thea)
    made = here.post("/settings/codes/anew/")
    told = []

    def opened():
        try:
            told.append(tab_of(here).get(made.url))
        finally:
            connections.close_all()

    waiting = threading.Thread(target=opened)
    with transaction.atomic(), connection.cursor() as cursor:
        person = User.objects.get(pk=thea.pk)
        hold_ways(person)
        Authenticator.objects.filter(user=person, type="recovery_codes").delete()
        RecoveryCodes.activate(person)
        waiting.start()
        while waiting.is_alive() and not somebody_waits(cursor):
            time.sleep(0.01)
        with acting_as(person.pk):
            ways_changed(person)
    waiting.join()
    assert told[0].status_code == 409
    for code in codes_that_hold(thea):
        assert code not in told[0].content.decode()


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("who", ["thea", "cleo"])
def test_two_setup_pages_for_an_app_show_one_secret_that_works(
    transactional_db, sign_in, request, thea, settings, who
):
    settings.SECOND_STEP_REQUIRED = False
    person = request.getfixturevalue(who)
    person = getattr(person, "user", person)
    here = sign_in(person)
    cookies = cookies_of(here)
    pages = pressed_twice(
        person, lambda: tab_of(here, cookies).get("/settings/second-step/")
    )
    [key] = {page.context["secret"] for page in pages}
    code = code_now(key.replace(" ", ""))
    assert here.post("/settings/second-step/", {"code": code}).status_code == 302
    assert Authenticator.objects.filter(user=person, type="totp").count() == 1


def invited(person, by):
    invitations.invite(person, by=by)


@pytest.mark.requirement("R31")
@pytest.mark.parametrize("whose", ["a therapist", "a client"])
def test_an_invitation_resent_by_two_at_once_has_one_open_link_that_is_emailed(
    real_login, sign_in, practice, thea, ada, whose
):
    if whose == "a client":
        nadia = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
        with acting_as(thea.pk), transaction.atomic():
            nadia.invite(by=thea)
        new = nadia.user
    else:
        fields = {"practice": practice, "name": "Una", "is_therapist": True}
        new = User.objects.create_user("una@example.test", **fields)
    browser = sign_in(ada)
    press = tab_of(browser)
    with real_login("cairn_web"):
        connection.close()
        url = f"/people/{new.pk}/invite/"
        answer = while_an_admin(invited, new, ada, lambda: press.post(url))
    assert answer.status_code == 302
    [open_] = Invitation.objects.filter(user=new).open()
    emails = OutgoingEmail.objects.filter(recipient=new, kind="invitation")
    assert emails.latest("due_at").period == str(open_.pk)
