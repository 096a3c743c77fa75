"""Two therapists, one session, two browsers: no order of events makes a word vanish."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import expect

from clients.models import CareRole
from conftest import in_care
from tests.cast import agreed_goal, book
from tests.test_form_gate import press, stone

pytestmark = pytest.mark.browser
SETTLED = re.compile("^(saved|conflict|held|refused|offline|signedOut|failed)$")
EXPECTED = ["409", "404", "422", "401", "ERR_INTERNET_DISCONNECTED", "ERR_FAILED",
            "htmx:"]  # fmt: skip
# Whether a text is anywhere on the page: to read, or in a field.
HOLDS = """text => [document.body.innerText,
  ...[...document.querySelectorAll("textarea, input")].map(one => one.value)]
  .join("\\n").includes(text)"""
SEALED = """() => new Promise(yes => {
  const request = indexedDB.open("cairn", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("sealed");
  request.onsuccess = () => {
    const rows = request.result.transaction("sealed").objectStore("sealed").count();
    rows.onsuccess = () => { request.result.close(); yes(rows.result); };
  };
})"""

# Each is a list of "who does what".  Both have the page open before it begins.
ORDERS = [
    "thea types, thea settles, theo types, theo settles",
    "thea types, theo types, thea settles, theo settles, theo saves",
    "thea types, thea settles, theo types, theo signs",
    "thea types, thea signs, theo types, theo settles",
    "theo types, thea types, thea signs, theo saves",
    "thea types, thea saves, theo types, theo signs",
    "theo types, theo settles, thea marks missed, theo types, theo saves",
    "theo types, thea marks missed, theo signs",
    "theo types, thea cancels, theo saves",
    "thea types, thea cancels, thea types, thea signs",
    "theo goes offline, theo types, theo settles, thea types, thea saves, theo returns",
    "theo goes offline, theo types, theo saves, theo returns",
    "theo loses the server, theo types, theo settles, theo finds the server",
    "theo loses the server, theo types, theo signs, theo finds the server",
    "thea types, thea settles, theo types, theo settles, thea signs, theo saves",
    "theo types, theo signs out, thea types, thea saves",
    "theo types, theo leaves, thea types, thea settles",
    "theo types, theo settles, theo types, theo leaves, thea types, thea signs",
]
ROLE_ENDS = [
    "theo types, his role ends, theo settles",
    "theo types, theo settles, his role ends, theo types, theo settles",
    "theo types, his role ends, theo saves",
    "thea types, thea settles, theo types, his role ends, theo signs",
    "theo goes offline, theo types, theo settles, his role ends, theo returns",
]


class Writer:
    """One therapist at one browser; `words` are all that they typed last."""

    def __init__(self, name, page, root, url, goal, hers):
        self.name, self.page, self.url, self.goal, self.hers = (
            name, page, url, goal, hers,
        )  # fmt: skip
        self.count, self.words = 0, []
        known = {"name": settings.DEVICE_COOKIE_NAME, "value": name * 8, "url": root}
        page.context.add_cookies([known])  # a browser of theirs: it may seal
        page.goto(url)

    def types(self):
        self.count += 1
        self.words = [
            f"{self.name} note {self.count}",
            f"{self.name} away {self.count}",
        ]
        for field, text in zip(("part0", "take_away"), self.words, strict=True):
            if self.page.locator(f'[name="{field}"]:not([readonly])').count():
                self.page.locator(f'[name="{field}"]:not([readonly])').fill(text)
        stone(self.page, f"rating-{self.goal.pk}", self.count)

    def settles(self):
        saved = self.page.locator("[data-saved]")
        expect(saved).to_have_attribute("data-state", SETTLED)

    def saves(self):
        self.sends("Save and close")

    def signs(self):
        self.sends("Sign and lock")

    def sends(self, button):
        press(self.page, button)
        self.page.wait_for_timeout(1500)  # an answer, or none without a network

    def marks_missed(self):
        self.hers.post(f"{self.url}missed/")

    def cancels(self):
        self.hers.post(f"{self.url}cancel/")

    def goes_offline(self):
        self.page.context.set_offline(True)

    def returns(self):
        self.page.context.set_offline(False)
        self.finds_the_server()

    def loses_the_server(self):
        self.page.route("**/sessions/**", lambda route: route.abort())

    def finds_the_server(self):
        self.page.unroute("**/sessions/**")
        expect(self.page.locator("[data-saved]")).to_have_attribute(
            "data-state", re.compile("^(saved|conflict|refused)$"), timeout=15_000
        )

    def leaves(self):
        press(self.page, "Today", role="link")
        expect(self.page).to_have_url(re.compile("/today/"))

    def holds(self):
        return all(self.page.evaluate(HOLDS, text) for text in self.words)


@pytest.fixture
def writers(at, live_server, sign_in, thea, theo, cleo):
    goal = agreed_goal(cleo, thea)
    role = in_care(cleo, theo, "co_therapist")
    session = book(cleo, thea, at=timezone.now() - timedelta(minutes=40))
    url = f"/sessions/{session.pk}/"
    found = {
        who.name.lower(): Writer(
            who.name,
            at(who, expect=EXPECTED),
            live_server.url,
            url,
            goal,
            sign_in(who),
        )
        for who in (thea, theo)
    }
    return found, role


def play(order, found, role, at=None, theo=None):
    for step in order.split(", "):
        who, _space, what = step.partition(" ")
        if step == "his role ends":
            CareRole.objects.filter(pk=role.pk).update(ends_at=timezone.now())
        elif what == "signs out":
            his = found["theo"]
            his.page.locator("details.menu summary").first.click()
            his.page.get_by_role("button", name="Sign out").last.click()
            expect(his.page).to_have_url(re.compile("/sign-in/"))
            his.page = at(theo, expect=EXPECTED)
        else:
            getattr(found[who], what.replace(" ", "_"))()


@pytest.mark.parametrize("order", ORDERS)
def test_what_each_of_two_typed_is_there_when_they_come_back(order, writers, at, theo):
    found, role = writers
    play(order, found, role, at, theo)
    for writer in found.values():
        writer.page.goto(writer.url)
        writer.page.wait_for_timeout(300)  # what the browser had sealed is opened
        assert writer.holds(), (writer.name, writer.words)


@pytest.mark.parametrize("order", ROLE_ENDS)
def test_what_was_typed_when_a_role_ends_stays_with_who_typed_it(order, writers):
    """Not the record: that is closed.  Their own words, here and sealed."""
    found, role = writers
    play(order, found, role)
    his = found["theo"]
    assert his.holds(), his.words
    his.page.wait_for_timeout(300)
    assert his.page.evaluate(SEALED) >= 1
