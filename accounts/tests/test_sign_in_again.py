"""After a sign-in ends, the same person can continue on the open page."""

import pytest
from django.db import transaction

from accounts import idle_timeout, sessions
from accounts.models import SignIn
from accounts.tests.signing_in import JSON, LAKE, is_in, minutes, signed_in_by_form
from accounts.tests.test_second_step import code_now, with_app
from clients.models import Draft
from conftest import WebClient
from database.identity import acting_as


def page_of(browser):
    """What an open page knows: whose it is."""
    return browser.get("/settings/").context["stay"].who


def test_thea_signs_in_again_on_the_same_page(db, thea):
    browser = signed_in_by_form(thea)
    who = page_of(browser)
    SignIn.objects.all().delete()
    assert browser.post("/stay/", headers=JSON).status_code == 401
    wrong = browser.post("/sign-in/here/", {"who": who, "password": "not this one"})
    assert wrong.status_code == 400
    answer = browser.post("/sign-in/here/", {"who": who, "password": LAKE})
    assert answer.json()["csrf"]
    assert is_in(browser)


@pytest.mark.requirement("R29")
def test_signing_in_on_the_page_asks_for_the_second_step_too(db, thea):
    with_app(thea)
    browser = WebClient()
    browser.post("/sign-in/", {"login": thea.email, "password": LAKE})
    browser.post("/sign-in/second/", {"code": code_now()})
    who = page_of(browser)
    SignIn.objects.all().delete()
    first = browser.post("/sign-in/here/", {"who": who, "password": LAKE})
    assert first.json() == {"next": "code"}
    assert not is_in(browser)
    with minutes(2):
        second = browser.post("/sign-in/here/", {"who": who, "code": code_now()})
        assert second.json()["csrf"]
        assert is_in(browser)


def test_another_person_cannot_continue_on_her_page(sign_in, thea, theo, cleo):
    """What Thea's page sends is never saved as Theo's."""
    who = page_of(sign_in(thea))
    his = sign_in(theo)
    theirs = his.post(f"/drafts/{cleo.pk}/goal/{cleo.pk}/", {"own_words": "Cleo said"},
                      headers=JSON | {"x-cairn-person": who})  # fmt: skip
    assert theirs.status_code == 401
    assert "Cleo" not in theirs.content.decode()
    assert not Draft.objects.exists()
    his.post("/sign-in/here/", {"who": who, "password": "theo-passes-by-the-lake"})
    assert his.get("/settings/").wsgi_request.user != thea


@pytest.mark.parametrize("who", ["", "nonsense", "a:b:c", "\x00"])
def test_a_made_up_page_token_signs_nobody_in(db, thea, who):
    answer = WebClient().post("/sign-in/here/", {"who": who, "password": LAKE})
    assert answer.status_code == 400
    assert idle_timeout.person_of(who) is None


def test_a_page_older_than_a_change_of_sign_in_methods_signs_nobody_in(sign_in, thea):
    """Her text stays on the page; a copied page token is worthless."""
    browser = sign_in(thea)
    who = page_of(browser)
    with acting_as(thea.pk), transaction.atomic():
        sessions.ways_changed(thea, browser.get("/settings/").wsgi_request)
    answer = WebClient().post("/sign-in/here/", {"who": who, "password": LAKE})
    assert answer.status_code == 400
    assert "too old" in answer.json()["error"]
    thea.refresh_from_db()
    said = {"who": idle_timeout.sign(thea), "password": LAKE}
    assert WebClient().post("/sign-in/here/", said).json()["csrf"]
    assert idle_timeout.person_of(who) == str(thea.pk)
