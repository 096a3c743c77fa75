"""Sensitive actions require reauthentication."""

from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode

from accounts.decorators import signed_in_required
from accounts.reauthentication import fresh_proof_required
from therapy.urls import urlpatterns as real

pytestmark = pytest.mark.requirement("R39")


@signed_in_required
@fresh_proof_required
def grave(request):
    return HttpResponse(f"done {request.method}")


urlpatterns = [path("grave/", grave), *real]
grave_pages = pytest.mark.urls(__name__)


@grave_pages
def test_right_after_signing_in_nobody_is_asked_again(sign_in, thea):
    assert sign_in(thea).get("/grave/").content == b"done GET"


@grave_pages
def test_after_six_minutes_thea_confirms_and_continues(sign_in, thea):
    browser = sign_in(thea)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        asked = browser.get("/grave/?x=1")
        assert asked.url == "/prove/?next=%2Fgrave%2F%3Fx%3D1"
        wrong = browser.post(asked.url, {"password": "not this one at all"})
        assert "password is not correct" in wrong.content.decode()
        right = browser.post(asked.url, {"password": "thea-passes-by-the-lake"})
        assert right.url == "/grave/?x=1"
        assert browser.post(right.url).content == b"done POST"


@grave_pages
def test_a_form_sent_too_late_does_nothing_and_loses_no_text(sign_in, thea):
    browser = sign_in(thea)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        answer = browser.post("/grave/", {"reason": "Nobody answers the phone."})
    assert answer.status_code == 403
    assert "Nobody answers the phone." in answer.content.decode()


@grave_pages
@pytest.mark.parametrize(
    "evil", ["//evil.example", "https:evil.example", "\\\\evil.example", "javascript:x"]
)
@pytest.mark.requirement("R46")
def test_the_redirect_never_leads_to_another_site(sign_in, thea, evil):
    right = {"password": "thea-passes-by-the-lake"}
    answer = sign_in(thea).post("/prove/", right, query_params={"next": evil})
    assert answer.url == "/"


def test_a_button_pressed_too_late_leads_back_to_its_page(sign_in, thea):
    """A POST-only URL cannot be opened; the page with the button can."""
    browser = sign_in(thea)
    pages = {
        "http://testserver/settings/?a=1#b": "/settings/?a=1",
        "https://evil.example/settings/": "/settings/codes/anew/",
        "": "/settings/codes/anew/",
    }
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        for came_from, back in pages.items():
            headers = {"referer": came_from}
            answer = browser.post("/settings/codes/anew/", headers=headers)
            assert answer.url == f"/prove/?{urlencode({'next': back})}"


def test_a_second_step_sent_too_late_shows_nothing_to_copy(sign_in, thea):
    browser = sign_in(thea)
    said = {"credential": "{}", "passwordless": "True", "name": ""}
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        for url, sent in (
            ("/settings/passkey/", said),
            ("/settings/second-step/", {"code": "123456"}),
        ):
            page = "http://testserver/settings/second-step/"
            answer = browser.post(url, sent, headers={"referer": page})
            assert answer.url == "/prove/?next=%2Fsettings%2Fsecond-step%2F"
