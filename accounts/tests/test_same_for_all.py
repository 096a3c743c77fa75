"""A visitor's request costs and answers the same whoever owns the address.

Counted, never timed: statements by their text, and password hashes.
"""

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import invitations, sign_in_reset
from accounts.models import Invitation, OutgoingEmail, ResetRequest, User
from accounts.tests.signing_in import LAKE, minutes, signed_in_by_form
from conftest import WebClient, admit, as_role, person
from database.identity import acting_as
from therapy import tasks

NOBODY = "nobody@example.test"


@pytest.fixture
def owners(thea, theo, cleo, practice):
    """Addresses of all kinds of accounts, and unused ones."""
    invited = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    kit = person(practice, "Kit", is_therapist=True)
    User.objects.filter(pk=kit.pk).update(joined_at=None)
    closed = person(practice, "Tom", is_therapist=True, is_active=False)
    theo.set_unusable_password()
    theo.save()
    return {
        "nobody": NOBODY,
        "a therapist": thea.email,
        "a client": cleo.user.email,
        "without a password": theo.email,
        "not joined": kit.email,
        "a client without a portal": invited.address,
        "closed": closed.email,
    }


def worked(url, said, *, browser=None):
    """What a request cost and answered: statements, hashes, status, headers, text."""
    browser = browser or WebClient()
    browser.get(url)
    hashes = []

    def counting(name):
        kept = getattr(MD5PasswordHasher, name)

        def hashed(self, *args, **kwargs):
            hashes.append(name)
            return kept(self, *args, **kwargs)

        return patch.object(MD5PasswordHasher, name, hashed)

    with counting("encode"), CaptureQueriesContext(connection) as asked:
        answer = browser.post(url, said, REMOTE_ADDR="198.51.100.7")
    statements = [re.sub(r"'[^']*'|\d+", "?", q["sql"]) for q in asked]
    words = answer.content.decode()
    for one in said.values():
        words = words.replace(one, "")
    words = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", words)
    return (statements, len(hashes), answer.status_code, sorted(answer.headers), words)


def differences(answers):
    first = answers[0][1]
    return [name for name, answer in answers if answer != first]


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("known", [False, True])
def test_a_wrong_password_costs_and_answers_the_same_for_every_address(
    db, owners, thea, known
):
    """Also with a browser that is known to one of them."""
    answers = []
    for name, address in owners.items():
        browser = WebClient()
        if known and name != "a therapist":
            browser.cookies = signed_in_by_form(thea).cookies
            browser.cookies.pop("sessionid")
        said = {"login": address, "password": "wrong " * 4}
        if known and name == "a therapist":
            continue
        answers.append((name, worked("/sign-in/", said, browser=browser)))
    assert answers[0][1][1] == 1
    assert answers[0][1][2] == 200
    assert not differences(answers), differences(answers)


@pytest.mark.requirement("R30")
def test_asking_for_an_email_costs_and_answers_the_same_for_every_address(db, owners):
    answers = [
        (name, worked("/reset/", {"email": address}))
        for name, address in owners.items()
    ]
    assert not differences(answers), differences(answers)
    assert answers[0][1][1] == 0
    assert answers[0][1][2] == 302
    assert ResetRequest.objects.count() == len(owners)
    assert not OutgoingEmail.objects.filter(kind="password-reset").exists()


@pytest.mark.requirement("R30")
def test_the_page_is_the_same_while_a_limit_applies(db, owners):
    answers = []
    for name, address in owners.items():
        for _ in range(5):
            WebClient().post(
                "/reset/", {"email": address}, REMOTE_ADDR=f"203.0.113.{len(answers)}"
            )
        said = {"email": address}
        place = f"203.0.113.{len(answers)}"
        answer = WebClient().post("/reset/", said, REMOTE_ADDR=place)
        answers.append((name, (answer.status_code, answer.content)))
    assert not differences(answers)
    assert answers[0][1][0] == 429


@pytest.mark.requirement("R30")
def test_a_join_link_that_does_not_work_answers_the_same_whosever_it_was(
    db, thea, ada, practice
):
    """Used, revoked, expired or made up: it reveals neither which, nor who joined."""
    links = {"made up": "0" * 64}
    for name in ("used", "revoked", "expired"):
        client = admit(name, by=thea, joined=False, email=f"{name}@example.test")
        with acting_as(thea.pk), transaction.atomic():
            client.invite(by=thea)
        links[name] = invitations.token(Invitation.objects.get(user=client.user).pk)
    mine = Invitation.objects.filter(user__email="expired@example.test")
    mine.update(expires_at=timezone.now() - timedelta(hours=1))
    mine = Invitation.objects.filter(user__email="revoked@example.test")
    mine.update(revoked_at=timezone.now())
    password = "the lake at half past four"
    joined = invitations.accept(links["used"], password=password, time_zone="UTC")
    assert joined.email == "used@example.test"
    answers = []
    for name, secret in links.items():
        browser = WebClient()
        browser.get(f"/join/{secret}/")
        said = {"password": "another lake at half past four", "privacy": "on"}
        said["time_zone"] = "UTC"
        answers.append((name, worked("/join/", said, browser=browser)))
    assert answers[0][1][2] == 410
    assert not differences(answers), differences(answers)


def test_the_worker_emails_only_people_who_have_joined(db, owners):
    for address in owners.values():
        WebClient().post("/reset/", {"email": address})
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    told = OutgoingEmail.objects.filter(kind="password-reset")
    assert set(told.values_list("recipient__name", flat=True)) == {
        "Thea", "Cleo", "Theo",
    }  # fmt: skip
    assert not ResetRequest.objects.exists()


def test_the_address_is_read_in_any_case_and_with_spaces_around(db, thea):
    WebClient().post("/reset/", {"email": f"  {thea.email.upper()} "})
    with as_role("cairn_worker"):
        assert sign_in_reset.answer() == 1


def test_requests_from_many_places_do_not_flood_a_mailbox(db, thea):
    for minute in range(12):
        with minutes(minute):
            for place in range(3):
                WebClient().post(
                    "/reset/",
                    {"email": thea.email},
                    REMOTE_ADDR=f"198.51.100.{place + 3 * minute}",
                )
            with as_role("cairn_worker"):
                sign_in_reset.answer()
    told = OutgoingEmail.objects.filter(kind="password-reset")
    assert told.count() == sign_in_reset.AN_HOUR


def test_a_request_unanswered_for_an_hour_sends_no_email(db, thea):
    WebClient().post("/reset/", {"email": thea.email})
    with minutes(61), as_role("cairn_worker"):
        assert sign_in_reset.answer() == 0
    assert not ResetRequest.objects.exists()


def test_a_request_answered_twice_sends_one_email(db, thea):
    with minutes(0):
        WebClient().post("/reset/", {"email": thea.email})
        WebClient().post("/reset/", {"email": thea.email})
        with as_role("cairn_worker"):
            assert sign_in_reset.answer() == 1
            assert sign_in_reset.answer() == 0


@pytest.mark.requirement("R30")
def test_the_web_role_cannot_read_requested_addresses(real_login, thea):
    from django.db import DatabaseError, transaction

    WebClient().post("/reset/", {"email": thea.email})
    with real_login("cairn_web"), pytest.raises(DatabaseError), transaction.atomic():
        list(ResetRequest.objects.all())


# -- two events within one email period -----------------------------------------------


def test_two_new_devices_within_a_minute_are_two_notices(db, thea):
    signed_in_by_form(thea)
    signed_in_by_form(thea)
    signed_in_by_form(thea)
    assert OutgoingEmail.objects.filter(kind="new-device").count() == 2


def test_a_strangers_shared_device_is_not_hidden_by_the_persons_own(db, thea):
    signed_in_by_form(thea)
    for agent in ("Mozilla/5.0 (iPad) Safari/1", "Mozilla/5.0 (X11; Linux) Firefox/1"):
        browser = WebClient(HTTP_USER_AGENT=agent)
        for _ in range(2):
            said = {"login": thea.email, "password": LAKE, "shared": "on"}
            assert browser.post("/sign-in/", said).status_code == 302
            browser.post("/sign-out/")
    assert OutgoingEmail.objects.filter(kind="new-device").count() == 2


def test_two_changes_of_the_password_within_a_minute_are_two_notices(sign_in, thea):
    browser = sign_in(thea)
    for words in ("the long way home at night", "the short way home at noon"):
        new = dict.fromkeys(("new_password1", "new_password2"), words)
        assert browser.post("/settings/password/", new).status_code == 302
    assert OutgoingEmail.objects.filter(kind="account-changed").count() == 2


def test_queueing_an_email_tells_whether_it_was_written(db, thea):
    now = timezone.now()
    said = [
        OutgoingEmail.queue(thea, "reminder", "x", due_at=now, not_after=now)
        for _ in range(2)
    ]
    assert said == [True, False]
    assert OutgoingEmail.objects.count() == 1
