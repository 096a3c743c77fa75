"""The portal is for clients; the quick exit is for everyone who is signed in."""

from uuid import uuid4

import pytest
from django.urls import reverse

from portal.urls import urlpatterns
from tests.cast import agree_practice

OWN = [p for p in urlpatterns if getattr(p.callback, "audience", "") == "client"]


def address(pattern):
    values = {"number": 1}
    kwargs = {name: values.get(name) or uuid4() for name in pattern.pattern.converters}
    return reverse(pattern.name, kwargs=kwargs)


@pytest.mark.parametrize("pattern", OWN, ids=lambda pattern: pattern.name)
def test_therapist_and_admin_find_nothing_in_the_portal(thea, ada, sign_in, pattern):
    for person in (thea, ada):
        browser = sign_in(person)
        assert browser.get(address(pattern)).status_code == 404
        assert browser.post(address(pattern)).status_code == 404


@pytest.mark.parametrize("pattern", OWN, ids=lambda pattern: pattern.name)
def test_a_row_that_does_not_exist_is_404_for_cleo(cleo, sign_in, pattern):
    if pattern.pattern.converters:
        browser = sign_in(cleo.user)
        assert browser.get(address(pattern)).status_code in (404, 405)
        assert browser.post(address(pattern)).status_code in (404, 405)


def test_cleo_cannot_open_anything_of_carls_practice(cleo, carl, theo, sign_in):
    row = agree_practice(carl, "Breathe", by=theo)
    url = reverse("portal-practice-say", args=[row.pk])
    assert sign_in(cleo.user).post(url, {"answer": "did"}).status_code == 404
    row.refresh_from_db()
    assert row.answer == ""


def test_a_stranger_is_asked_to_sign_in(client, db):
    assert client.get(reverse("portal-home")).status_code == 302


def test_more_leads_to_the_rest(cleo, sign_in):
    said = sign_in(cleo.user).get(reverse("portal-more")).content.decode()
    for name in ("portal-contact", "portal-looked", "settings", "account_logout"):
        assert reverse(name) in said


@pytest.mark.requirement("R10")
def test_leaving_with_javascript_signs_out_without_content(cleo, sign_in):
    browser = sign_in(cleo.user)
    answer = browser.post(reverse("leave"), headers={"Accept": "*/*"})
    assert (answer.status_code, answer["Clear-Site-Data"]) == (204, '"storage"')
    assert browser.get(reverse("portal-home")).status_code == 302


def test_leaving_without_javascript_redirects_from_a_neutral_page(thea, sign_in):
    browser = sign_in(thea)
    answer = browser.post(reverse("leave"), headers={"Accept": "text/html,*/*"})
    assert answer["Refresh"].startswith("0; url=https://")
    said = answer.content.decode()
    assert "Cairn" not in said and "Thea" not in said
    assert browser.get(reverse("today")).status_code == 302


def test_leaving_requires_a_post(cleo, sign_in):
    assert sign_in(cleo.user).get(reverse("leave")).status_code == 405
