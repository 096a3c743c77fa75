"""Two clients of one name are told apart wherever one of them is chosen."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import CareRole
from conftest import admit
from progress.tests.cast import book, pinned

WHY = "Rang at 19:40, crying, and hung up. Nobody else answers."


@pytest.fixture
def other(thea, cleo):
    """Another Cleo Hart, in other letters: no address, a phone number."""
    return admit("Cléo", by=thea, joined=False, family_name="HART", phone="555 0117")


@pytest.fixture
def third(thea, other):
    """And one of whom nothing else is known."""
    return admit("Cleo", by=thea, joined=False, family_name="Hart")


def words(browser, url):
    return browser.get(url).content.decode()


def told_apart(page, third, *, address=1):
    assert page.count("cleo@example.test") >= address
    for hint in ("555 0117", f"number {third.pk.hex[-4:].upper()}"):
        assert hint in page, hint


@pytest.mark.parametrize("url", ["/caseload/", "/caseload/?q=hart", "/today/"])
def test_thea_tells_them_apart_on_her_lists(sign_in, thea, cleo, other, third, url):
    soon = timezone.now() + timedelta(minutes=5)
    for minutes, client in enumerate((cleo, other, third)):
        book(client, thea, at=soon + timedelta(seconds=minutes))
    told_apart(words(sign_in(thea), url), third)


def test_ada_tells_them_apart_in_who_treats_whom_and_in_the_audit(
    sign_in, ada, thea, cleo, other, third
):
    browser = sign_in(ada)
    page = words(browser, "/care-roles/?q=hart")
    told_apart(page, third)
    assert page.count("cleo@example.test") == 1  # her address stands there anyhow
    told_apart(words(browser, "/audit/?client=Hart"), third)


def test_the_page_of_care_roles_says_whose_it_is(
    sign_in, ada, thea, cleo, other, third
):
    for who in (ada, thea):
        browser = sign_in(who)
        for client, hint in (
            (cleo, "cleo@example.test"),
            (other, "555 0117"),
            (third, f"number {third.pk.hex[-4:].upper()}"),
        ):
            page = words(browser, f"/care-roles/{client.pk}/")
            head = page.split("<h1>")[1].split("</h1>")[0]
            assert hint in head


def test_a_name_of_its_own_stands_alone(sign_in, ada, thea, cleo):
    admit("Cleo", by=thea, joined=False, family_name="Osei", phone="555 0117")
    for who, url in ((thea, "/caseload/"), (ada, "/audit/")):
        page = words(sign_in(who), url)
        assert "555 0117" not in page
        assert "(cleo@example.test)" not in page


def test_while_names_are_initials_no_address_is_shown(
    sign_in, thea, cleo, other, third
):
    browser = sign_in(thea)
    browser.post("/settings/initials/", {"next": "/caseload/"})
    page = words(browser, "/caseload/")
    assert "cleo@example.test" not in page
    assert "555 0117" not in page
    for client in (cleo, other, third):
        assert f"number {client.pk.hex[-4:].upper()}" in page


def test_lists_cost_one_query_more_however_many_share_a_name(sign_in, thea, cleo):
    browser = sign_in(thea)
    words(browser, "/caseload/")
    alone = pinned(browser, "/caseload/")
    for number in range(2):
        admit("Cleo", by=thea, joined=False, family_name="Hart", phone=f"555{number}")
    few = pinned(browser, "/caseload/")
    assert few == alone + 1
    for number in range(10):
        admit("Cleo", by=thea, joined=False, family_name="Hart", phone=f"77{number}")
    assert pinned(browser, "/caseload/") == few


# -- in an emergency -------------------------------------------------------------------


def emergency(browser, **said):
    return browser.post("/emergency/", {"name": "Cleo Hart", "reason": WHY} | said)


def opened(theo):
    return CareRole.objects.filter(user=theo, kind="emergency")


def test_theo_is_asked_which_and_opens_the_right_one(sign_in, theo, cleo, other, third):
    browser = sign_in(theo)
    page = emergency(browser).content.decode()
    assert "More than one client has this name. Enter the email or phone" in page
    assert WHY in page
    assert "cleo@example.test" not in page
    assert "555 0117" not in page
    assert not opened(theo).exists()
    for contact, client in (("(555) 01-17", other), (" CLEO@example.test ", cleo)):
        assert emergency(browser, contact=contact).status_code == 302
        assert opened(theo).latest("starts_at").client_id == client.pk


@pytest.mark.parametrize("contact", ["nobody@example.test", "0117", "1", "%", "@"])
def test_what_is_nobodys_of_that_name_opens_nothing(
    sign_in, theo, carl, cleo, other, third, contact
):
    page = emergency(sign_in(theo), contact=contact).content.decode()
    assert "tell clients of this name apart" in page
    assert not opened(theo).exists()


def test_somebody_elses_address_opens_nobody(sign_in, theo, cleo, other, third, thea):
    nadia = admit("Nadia", by=thea)
    page = emergency(sign_in(theo), contact=nadia.address).content.decode()
    assert "tell clients of this name apart" in page
    assert not opened(theo).exists()


def test_for_a_name_of_its_own_nothing_else_is_looked_at(sign_in, theo, cleo):
    assert emergency(sign_in(theo), contact="555").status_code == 302
    assert opened(theo).get().client_id == cleo.pk
