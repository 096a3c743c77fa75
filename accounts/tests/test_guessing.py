"""A guesser learns nothing and locks nobody else out."""

import re
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher

from accounts.tests.signing_in import LAKE, minutes, signed_in_by_form
from conftest import WebClient


def guess(times, user, address="198.51.100.7", browser=None):
    browser = browser or WebClient()
    for number in range(times):
        said = {"login": user.email, "password": f"not this one {number}"}
        answer = browser.post("/sign-in/", said, REMOTE_ADDR=address)
    return answer


@pytest.mark.requirement("R26")
def test_ten_wrong_passwords_lock_the_guesser_out_and_not_thea(db, thea):
    assert guess(10, thea).status_code == 429
    said = {"login": thea.email, "password": LAKE}
    shut = WebClient().post("/sign-in/", said, REMOTE_ADDR="198.51.100.7")
    assert shut.status_code == 429
    at_home = WebClient().post("/sign-in/", said, REMOTE_ADDR="203.0.113.5")
    assert at_home.status_code == 302
    with minutes(16):
        later = WebClient().post("/sign-in/", said, REMOTE_ADDR="198.51.100.7")
        assert later.status_code == 302


@pytest.mark.requirement("R26")
def test_a_hundred_guesses_from_one_place_are_answered_with_429(db, thea, theo, ada):
    for number in range(25):
        name = type("Made up", (), {"email": f"nobody{number}@example.test"})
        guess(4, name)
    said = {"login": theo.email, "password": "theo-passes-by-the-lake"}
    assert (
        WebClient().post("/sign-in/", said, REMOTE_ADDR="198.51.100.7").status_code
        == 429
    )
    assert (
        WebClient().post("/sign-in/", said, REMOTE_ADDR="203.0.113.5").status_code
        == 302
    )


@pytest.mark.requirement("R26")
def test_guesses_from_many_places_stop_too_and_a_known_device_can_continue(db, thea):
    known = signed_in_by_form(thea)
    known.post("/sign-out/")
    for number in range(13):
        guess(4, thea, address=f"198.51.100.{number}")
    said = {"login": thea.email, "password": LAKE}
    stranger = WebClient().post("/sign-in/", said, REMOTE_ADDR="203.0.113.5")
    assert stranger.status_code == 429
    assert known.post("/sign-in/", said).status_code == 302


@pytest.mark.requirement("R30")
def test_nobody_learns_who_has_an_account(db, thea):
    """Same status, same text, and one hash whether or not there is an account."""

    seen = []
    for login in (thea.email, "nobody@example.test"):
        with patch.object(
            MD5PasswordHasher,
            "encode",
            autospec=True,
            side_effect=MD5PasswordHasher.encode,
        ) as hashed:
            browser = WebClient()
            answer = browser.post(
                "/sign-in/", {"login": login, "password": "wrong " * 4}
            )
            reset = browser.post("/reset/", {"email": login}, follow=True)
        words = answer.content.decode().replace(login, "")
        seen.append((answer.status_code, _bare(words), hashed.call_count,
                     reset.status_code, _bare(reset.content.decode())))  # fmt: skip
    assert seen[0] == seen[1]
    assert seen[0][2] == 1


def _bare(page):
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
