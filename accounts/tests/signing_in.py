"""Browsers without a screen that sign in by form, and helpers for later times."""

from datetime import timedelta

import time_machine
from django.utils import timezone

from conftest import WebClient

LAKE = "thea-passes-by-the-lake"
JSON = {"accept": "application/json"}


def minutes(number):
    return time_machine.travel(timezone.now() + timedelta(minutes=number), tick=False)


def signed_in_by_form(user, password=LAKE, **more):
    browser = WebClient()
    said = {"login": user.email, "password": password, **more}
    answer = browser.post("/sign-in/", said)
    assert answer.status_code == 302, answer.content.decode()
    return browser


def is_in(browser) -> bool:
    return browser.get("/settings/").status_code == 200


def shown(browser):
    """Which person the join page says it is for."""
    return {"shown": browser.get("/join/").context["form"]["shown"].value()}
