"""Real browsers for tests: `at(thea)` is signed in as Thea, `at(None)` not at all.

A test fails on any script error, missing file or violation of the content policy on any
of its pages.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from django.db import connection

CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium")
    or shutil.which("google-chrome")
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
]
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
AXE = Path(__file__).resolve().parent.parent / "tests" / "vendor" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        reason = "no Chromium: apt-get install chromium, or set CHROMIUM"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
        # While Playwright's event loop runs, Django stores this thread's connection in
        # another place, so it would not be closed later.
        connection.close()


@pytest.fixture
def at(browser, live_server):
    """`at(person, phone=True)`: a page of a browser in which they are signed in."""
    contexts, problems = [], []

    def page_of(person, *, phone=False, scripts=True, expect=()):
        context = browser.new_context(
            base_url=live_server.url,
            locale="en-GB",
            viewport=PHONE if phone else DESK,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if person is not None:
            context.add_cookies([_cookie(person, live_server.url)])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda said: _note(said, problems, expect))
        return page

    yield page_of
    for context in contexts:
        context.close()
    assert not problems


def _note(said, problems, expect) -> None:
    if said.type == "error" and not any(part in said.text for part in expect):
        problems.append(said.text)


def _cookie(person, url) -> dict:
    from django.conf import settings
    from django.test import Client

    from conftest import with_second_step

    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[-1])
    with_second_step(client, person)
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": url}


@pytest.fixture
def accessible():
    """`accessible(page)` fails on anything that axe finds."""

    def check(page):
        page.evaluate(AXE.read_text())
        found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        assert not found["violations"], [
            (rule["id"], [node["target"] for node in rule["nodes"]])
            for rule in found["violations"]
        ]

    return check
