"""Sign-in pages that are open in two tabs and sent from both."""

import re

import pytest

from accounts import invitations
from accounts.tests.signing_in import LAKE, shown
from clients.models import Client
from conftest import WebClient

JOIN = {"password": "the long way home at night", "time_zone": "UTC", "privacy": "on"}


def strict():
    browser = WebClient(enforce_csrf_checks=True)
    browser.handler.enforce_csrf_checks = True
    return browser


def token(browser, page):
    html = browser.get(page).content.decode()
    return re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)[1]


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [("/sign-in/", "/"), ("/sign-in/?next=/settings/", "/settings/"),
     ("/sign-in/?next=https://evil.example/", "/"),
     ("/sign-in/?next=//evil.example/", "/")],
)  # fmt: skip
def test_sent_from_both_tabs_the_second_redirects_to_its_page(
    db, thea, address, goes_to
):
    browser = strict()
    first, second = token(browser, "/sign-in/"), token(browser, address)
    said = {"login": thea.email, "password": LAKE}
    one = browser.post("/sign-in/", said | {"csrfmiddlewaretoken": first})
    assert one.status_code == 302
    other = browser.post(address, said | {"csrfmiddlewaretoken": second})
    assert (other.status_code, other.url) == (302, goes_to)
    page = browser.get("/settings/").content.decode()
    assert "You are already signed in as Thea." in page


def test_after_signing_out_in_one_tab_the_other_shows_the_form_again(db, thea):
    browser = strict()
    first, second = token(browser, "/sign-in/"), token(browser, "/sign-in/")
    said = {"login": thea.email, "password": LAKE}
    browser.post("/sign-in/", said | {"csrfmiddlewaretoken": first})
    browser.post("/sign-out/", {"csrfmiddlewaretoken": token(browser, "/settings/")})
    other = browser.post("/sign-in/", said | {"csrfmiddlewaretoken": second})
    assert (other.status_code, other.url) == (302, "/sign-in/")
    again = token(browser, "/sign-in/")
    answer = browser.post("/sign-in/", said | {"csrfmiddlewaretoken": again})
    assert answer.status_code == 302


def test_a_forged_form_signs_nobody_in(db, thea):
    browser = strict()
    browser.post("/sign-in/", {"login": thea.email, "password": LAKE})
    assert browser.get("/settings/").status_code == 302


def test_joined_in_one_tab_the_other_continues(db, thea, sign_in):
    said = {"preferred_name": "Mara", "portal": "invite", "email": "m@example.test"}
    sign_in(thea).post("/clients/add/", said)
    invitation = Client.objects.get().user.invitations.get()
    browser = strict()
    browser.get(f"/join/{invitations.token(invitation.pk)}/")
    first, second = token(browser, "/join/"), token(browser, "/join/")
    said = JOIN | shown(browser)
    assert browser.post("/join/", said | {"csrfmiddlewaretoken": first}).url
    other = browser.post("/join/", said | {"csrfmiddlewaretoken": second})
    assert (other.status_code, other.url) == (302, "/")


@pytest.mark.browser
def test_in_a_browser_both_tabs_reach_their_page(at, thea):
    one = at(None)
    other = one.context.new_page()
    for page in (one, other):
        page.goto("/sign-in/?next=/caseload/")
        page.get_by_label("Email").fill(thea.email)
        page.get_by_label("Password", exact=True).fill(LAKE)
    for page in (one, other):
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/caseload/")
