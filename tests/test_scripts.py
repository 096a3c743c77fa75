"""What our modules promise about words that are being typed, in a real browser.

The pages are made up here and answered by the test, so that every kind of answer can
be tried: right, wrong, late, refused, none.
"""

import hashlib
import json
from email import message_from_bytes
from pathlib import Path
from urllib.parse import parse_qs

import pytest

playwright = pytest.importorskip("playwright.sync_api")

STATIC = Path(__file__).resolve().parent.parent / "static"
HOME = "http://localhost:9/"  # a secure context; nothing listens, we answer
SPLIT, NAMED = "\u001e", "\u001f"
NOTE = """<!doctype html><html lang="en"><title>Note</title>
<script type="module" src="/static/js/draft.js"></script>
<form method="post" data-draft data-draft-url="/draft/" data-conflict-url="/both/"
      data-sign-in-url="/sign-in/">
<input type="hidden" name="csrfmiddlewaretoken" value="token">
<input type="hidden" name="revision" value="1">
<textarea name="data"></textarea><textarea name="plan">Practice.</textarea>
<input type="hidden" name="once" value="1"><button name="act" value="save">Save</button>
<p data-saved></p></form>
<section data-conflict hidden><p data-conflict-text></p></section></html>"""
LEAVE = """<!doctype html><html lang="en"><title>Portal</title>
<script type="module" src="/static/js/leave.js"></script><p>My goals</p>
<form method="post" action="/leave/" data-leave>
<button data-leave-to="http://localhost:9/weather/">Leave quickly</button></form>
</html>"""

pytestmark = pytest.mark.browser


class Desk:
    """A page and the server behind it; `answer` says how drafts are answered."""

    def __init__(self, page):
        self.page, self.drafts, self.saves, self.left = page, [], [], []
        self.answer = self.keep
        page.route("**/*", self.serve)

    def serve(self, route):
        path = route.request.url.removeprefix(HOME.rstrip("/"))
        if path == "/draft/":
            return self.answer(route)
        if path == "/" and route.request.method == "POST":
            self.saves.append(parse_qs(route.request.post_data))
        if path == "/leave/":
            self.left.append(route.request.method)
            return route.fulfill(status=204)
        if path.startswith("/static/"):
            return route.fulfill(path=STATIC / path.removeprefix("/static/"))
        pages = {"/": NOTE, "/portal/": LEAVE}
        route.fulfill(content_type="text/html", body=pages.get(path, "<p>else</p>"))

    def text(self, route):
        """The words as a server reads them from the form."""
        head = b"Content-Type: " + route.request.headers["content-type"].encode()
        parts = message_from_bytes(head + b"\r\n\r\n" + route.request.post_data_buffer)
        named = {
            part.get_param("name", header="content-disposition"): part.get_payload(
                decode=True
            ).decode()
            for part in parts.get_payload()
        }
        self.drafts.append(named)
        words = (
            f"{name}{NAMED}{text}".replace("\r\n", "\n")
            for name, text in named.items()
            if name != "revision"
        )
        return SPLIT.join(words)

    def keep(self, route):
        text = self.text(route)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        revision = len(self.drafts) + 1
        route.fulfill(
            body=json.dumps(
                {"revision": revision, "sha256": sha256, "clock": "2:03 pm"}
            )
        )

    def refuse(self, status, **body):
        self.answer = lambda route: (
            self.text(route),
            route.fulfill(status=status, body=json.dumps(body)),
        )

    def type(self, words):
        self.page.locator("[name=data]").fill(words)

    def says(self, words):
        playwright.expect(self.page.locator("[data-saved]")).to_contain_text(
            words, timeout=5000
        )


@pytest.fixture
def desk(browser):
    page = browser.new_page(locale="en-GB")
    desk = Desk(page)
    page.goto(HOME)
    yield desk
    page.close()


def test_saved_is_said_when_the_server_has_the_same_words(desk):
    desk.type("Two stops\nalone “today”")
    desk.says("Saving…")
    desk.says("Saved ")
    assert desk.drafts[-1]["revision"] == "1"
    assert set(desk.drafts[-1]) == {"data", "plan", "revision"}


def test_the_next_draft_builds_on_the_revision_answered(desk):
    desk.type("One")
    desk.says("Saved ")
    desk.type("Two")
    desk.says("Saving…")
    desk.says("Saved ")
    assert desk.drafts[-1]["revision"] == "2"


def test_other_words_than_ours_are_never_called_saved(desk):
    desk.refuse(200, revision=2, sha256=hashlib.sha256(b"other").hexdigest())
    desk.type("One")
    desk.says("Not saved")
    desk.answer = desk.keep
    desk.says("Saved ")


def test_without_a_network_the_words_stay_and_are_sent_later(desk):
    desk.answer = lambda route: route.abort("internetdisconnected")
    desk.type("One")
    desk.says("Not saved: offline, stored on this device")
    desk.answer = desk.keep
    desk.says("Saved ")
    assert desk.drafts[-1]["data"] == "One"


def test_who_is_signed_out_is_told_so(desk):
    desk.refuse(401)
    desk.type("One")
    desk.says("Not saved: sign in again")
    assert desk.page.locator("[data-saved] a").get_attribute("href") == "/sign-in/"


def test_a_refusal_from_before_they_signed_in_again_does_not_end_it_anew(desk):
    on_its_way = []
    desk.answer = on_its_way.append
    desk.type("One")
    with desk.page.expect_request("**/draft/"):
        pass
    ended = "window.ended = 0; addEventListener('cairn:signed-out', () => ended++)"
    desk.page.evaluate(ended)
    desk.page.evaluate("dispatchEvent(new CustomEvent('cairn:back', {detail: {}}))")
    desk.answer = desk.keep
    on_its_way[0].fulfill(status=401, body="{}")
    desk.says("Saved ")
    assert desk.drafts[-1]["data"] == "One"
    assert desk.page.evaluate("window.ended") == 0


def test_two_texts_are_both_kept_and_nothing_is_overwritten(desk):
    desk.refuse(409, revision=7, text=f"Theirs <b>{SPLIT}Plan")
    desk.type("Mine")
    desk.says("Not saved: this was changed elsewhere")
    assert "Theirs <b>" in desk.page.locator("[data-conflict-text]").inner_text()
    assert desk.page.locator("[name=data]").input_value() == "Mine"
    sent = len(desk.drafts)
    desk.type("Mine, more")
    desk.page.wait_for_timeout(1200)
    assert len(desk.drafts) == sent


def save_while_a_draft_is_on_its_way(desk):
    """Save is pressed, twice, before the server has answered; the waiting answer."""
    on_its_way = []
    desk.answer = on_its_way.append
    desk.type("One")
    with desk.page.expect_request("**/draft/"):
        pass
    desk.type("One and two")
    for _twice in range(2):
        desk.page.get_by_role("button").click(no_wait_after=True)
    desk.page.wait_for_timeout(300)
    assert not desk.saves
    return on_its_way[0]


def test_a_save_waits_for_the_draft_that_is_on_its_way(desk):
    answer = save_while_a_draft_is_on_its_way(desk)
    with desk.page.expect_navigation():
        desk.keep(answer)
    [sent] = desk.saves
    assert sent["revision"] == ["2"]
    assert sent["data"] == ["One and two"]
    assert sent["act"] == ["save"]


def test_a_save_is_not_sent_where_the_draft_finds_no_network(desk):
    answer = save_while_a_draft_is_on_its_way(desk)
    answer.abort("internetdisconnected")
    desk.says("Not saved: offline, stored on this device")
    assert not desk.saves
    assert desk.page.locator("[name=data]").input_value() == "One and two"


@pytest.mark.requirement("R10", "R11")
def test_nothing_is_left_on_the_device(desk):
    desk.type("One")
    desk.says("Saved ")
    assert desk.page.evaluate("localStorage.length + sessionStorage.length") == 0


@pytest.mark.parametrize("way", ["button", "keys"])
def test_leaving_quickly_replaces_the_page_and_ends_the_session(desk, way):
    desk.page.goto(HOME + "portal/")
    if way == "button":
        desk.page.get_by_role("button").click()
    else:
        for _ in range(3):
            desk.page.keyboard.press("Shift")
    desk.page.wait_for_url("**/weather/")
    assert desk.left == ["POST"]
    desk.page.go_back()
    assert "portal" not in desk.page.url
