"""A press that does nothing says so: the page may be old, or pressed twice."""

import pytest
from django.contrib.messages import get_messages
from django.db import transaction

from tests.test_bad_input import FORMS, address, browser_of, rows  # noqa: F401
from tests.test_too_late import shape

# Where they lead says it: the way out, a review, a list in order, a file being made.
NO_NEED = {
    "account_logout", "account_reset_password", "client-record", "goal-review-begin",
    "initials", "leave", "line-up", "mfa_authenticate", "portal-account-close",
    "portal-goal-review-begin", "portal-record", "portal-step-down", "portal-step-up",
    "step-down", "step-up",
}  # fmt: skip


class Undone(Exception):
    pass


def says(answer) -> bool:
    """Whether the person reads something of what became of the press."""
    return answer.status_code != 302 or bool(list(get_messages(answer.wsgi_request)))


@pytest.fixture
def presses(rows, browser_of):  # noqa: F811
    """Presses each twice, as if nothing else had been pressed; the silent ones."""

    def silent(names):
        found = []
        for name in names:
            who, good = FORMS[name]
            browser, url = browser_of(who), address(name, rows)
            try:
                with transaction.atomic():
                    first = browser.post(url, good)
                    before = shape()
                    second = browser.post(url, good)
                    if not says(second) and shape() == before:
                        found.append((name, first.status_code, says(first), second.url))
                    raise Undone
            except Undone:
                pass
        return found

    return silent


def test_the_second_press_says_what_became_of_it(presses):
    silent = {name for name, *_said in presses(FORMS)}
    assert silent == NO_NEED
