"""A sign-in expires, can be seen and ended from elsewhere, and is cheap."""

from datetime import timedelta
from unittest.mock import patch

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import sessions
from accounts.models import AuditEvent, KnownDevice, OutgoingEmail, SignIn
from accounts.tests.signing_in import JSON, LAKE, is_in, minutes, signed_in_by_form
from conftest import WebClient
from database.identity import acting_as
from tests.cast import pinned

# -- duration -------------------------------------------------------------------------


@pytest.mark.requirement("R36")
def test_after_half_an_hour_without_activity_thea_is_signed_out(sign_in, thea):
    browser = sign_in(thea)
    with minutes(29):
        assert is_in(browser)
    with minutes(29 + 31):
        assert browser.get("/today/").url.startswith("/sign-in/")


@pytest.mark.requirement("R36")
@pytest.mark.parametrize(("who", "hours"), [("thea", 12), ("cleo", 24)])
def test_even_a_busy_sign_in_ends_after_a_day(sign_in, thea, cleo, who, hours):
    browser = sign_in({"thea": thea, "cleo": cleo.user}[who])
    for twenty in range(1, hours * 3):
        with minutes(20 * twenty):
            assert is_in(browser), twenty
    with minutes(hours * 60 + 1):
        assert not is_in(browser)


@pytest.mark.requirement("R36")
def test_typing_counts_as_activity_and_a_ping_alone_does_not(sign_in, thea):
    typing, pinging = sign_in(thea), sign_in(thea)
    for ten in range(1, 5):
        with minutes(10 * ten):
            typing.post("/stay/", headers=JSON | {"x-cairn-idle": "30"})
            idle = JSON | {"x-cairn-idle": str(600 * ten)}
            answers = [pinging.post("/stay/", headers=h) for h in (JSON, idle)]
    assert {answer.status_code for answer in answers} == {401}
    with minutes(41):
        assert is_in(typing)
        assert not is_in(pinging)


def test_the_ping_returns_the_time_left(sign_in, thea):
    browser = sign_in(thea)
    with minutes(10):
        answer = browser.post("/stay/", headers=JSON | {"x-cairn-idle": "600"})
        assert 19 * 60 <= answer.json()["left"] <= 20 * 60
    assert WebClient().post("/stay/", headers=JSON).status_code == 401


@pytest.mark.requirement("R36")
def test_a_shared_device_signs_out_after_ten_minutes(db, thea):
    browser = signed_in_by_form(thea, shared="on")
    with minutes(9):
        assert is_in(browser)
    with minutes(9 + 11):
        assert not is_in(browser)


def test_a_practice_that_shortens_the_time_ends_longer_idle_sign_ins(sign_in, thea):
    browser = sign_in(thea)
    type(thea.practice).objects.update(idle_minutes=5)
    with minutes(7):
        assert not is_in(browser)


def test_the_last_activity_is_saved_at_most_once_a_minute(sign_in, thea):

    browser = sign_in(thea)
    for seconds, written in ((30, 0), (70, 1), (100, 0), (140, 1)):
        with (
            time_machine.travel(timezone.now() + timedelta(seconds=seconds)),
            CaptureQueriesContext(connection, ) as asked,
        ):  # fmt: skip
            browser.get("/portal/")
        updates = [q for q in asked if "app.session_touch" in q["sql"]]
        assert len(updates) == written, seconds


# -- session keys, places, ends -------------------------------------------------------


@pytest.mark.requirement("R35")
def test_the_session_key_changes_with_each_authentication_and_the_old_one_is_invalid(
    db, thea
):
    browser = WebClient()
    browser.get("/sign-in/passkey/", headers=JSON)  # leaves a visitor's session behind
    keys = [browser.cookies[settings.SESSION_COOKIE_NAME].value]
    browser.post("/sign-in/", {"login": thea.email, "password": LAKE})
    keys.append(browser.cookies[settings.SESSION_COOKIE_NAME].value)
    browser.post("/prove/", {"password": LAKE})
    keys.append(browser.cookies[settings.SESSION_COOKIE_NAME].value)
    assert len(set(keys)) == 3
    for old in keys[:2]:
        other = WebClient()
        other.cookies[settings.SESSION_COOKIE_NAME] = old
        assert not is_in(other)
    assert is_in(browser)


@pytest.mark.requirement("R37")
def test_reading_the_table_of_sign_ins_lets_nobody_sign_in(sign_in, thea):
    """No column holds what a browser must send."""
    browser = sign_in(thea)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(s)::text FROM accounts_signin s")
        [[row]] = cursor.fetchall()
        cursor.execute("SELECT key_hash FROM accounts_signin")
        [[stored]] = cursor.fetchall()
    assert key not in row
    for stranger in (stored, stored[:32]):
        other = WebClient()
        other.cookies[settings.SESSION_COOKIE_NAME] = stranger
        assert other.get("/").status_code == 302
    assert is_in(browser)


def test_signing_out_ends_it_on_the_server(db, thea):
    browser = signed_in_by_form(thea)
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    answer = browser.post("/sign-out/")
    assert answer["Clear-Site-Data"] == '"storage"'
    browser.cookies[settings.SESSION_COOKIE_NAME] = key
    assert not is_in(browser)


@pytest.mark.requirement("R37")
def test_a_closed_account_is_signed_out_at_the_next_request(sign_in, thea):
    browser = sign_in(thea)
    assert is_in(browser)
    get_user_model().objects.filter(pk=thea.pk).update(is_active=False)
    assert not is_in(browser)


def test_the_right_password_of_a_closed_account_opens_nothing(db, thea):
    get_user_model().objects.filter(pk=thea.pk).update(is_active=False)
    browser = WebClient()
    answer = browser.post(
        "/sign-in/", {"login": thea.email, "password": LAKE}, follow=True
    )
    assert "This account is closed" in answer.content.decode()
    assert not is_in(browser)


@pytest.mark.requirement("R38")
def test_thea_sees_her_devices_and_signs_out_one_she_does_not_recognize(db, thea):
    firefox = {"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64) Firefox/149.0"}
    here, there = signed_in_by_form(thea), WebClient(**firefox)
    there.post("/sign-in/", {"login": thea.email, "password": LAKE})
    page = here.get("/settings/")
    assert [row.agent for row in page.context["sign_ins"]][-1] in ("", "Firefox, Linux")
    assert len(page.context["sign_ins"]) == 2
    other = SignIn.objects.get(agent="Firefox, Linux")
    assert here.post(f"/settings/sign-ins/{other.public_id}/end/").status_code == 302
    assert not is_in(there)
    assert is_in(here)


@pytest.mark.requirement("R38")
def test_signing_out_all_others_keeps_this_one(sign_in, thea, theo):
    mine, others, his = sign_in(thea), [sign_in(thea), sign_in(thea)], sign_in(theo)
    mine.post("/settings/sign-ins/end/")
    assert [is_in(one) for one in (mine, *others, his)] == [True, False, False, True]


def test_nobody_ends_another_persons_sign_in(sign_in, thea, theo):
    browser, his = sign_in(thea), sign_in(theo)
    row = SignIn.objects.get(user=theo)
    assert browser.post(f"/settings/sign-ins/{row.public_id}/end/").status_code == 404
    assert is_in(his)


@pytest.mark.requirement("R65")
def test_the_eleventh_sign_in_ends_the_first_and_says_so(db, thea):
    browsers = [signed_in_by_form(thea) for _ in range(11)]
    assert [is_in(one) for one in browsers] == [False] + [True] * 10
    assert AuditEvent.objects.filter(verb="sign-in ended").count() == 1


@pytest.mark.requirement("R31")
def test_a_new_password_ends_all_other_sign_ins_and_is_told_by_mail(sign_in, thea):
    here, there = sign_in(thea), sign_in(thea)
    new = dict.fromkeys(
        ("new_password1", "new_password2"), "the long way home at night"
    )
    here.post("/settings/password/", new)
    assert is_in(here)
    assert not is_in(there)
    assert OutgoingEmail.objects.get(kind="account-changed").recipient == thea


# -- costs ----------------------------------------------------------------------------


def test_a_sign_in_costs_one_hash_and_at_most_eighteen_statements(db, thea, settings):

    known = signed_in_by_form(thea)
    known.post("/sign-out/")
    with (
        patch.object(MD5PasswordHasher, "verify", autospec=True,
                     side_effect=MD5PasswordHasher.verify) as hashed,
        CaptureQueriesContext(connection) as asked,
    ):  # fmt: skip
        known.post("/sign-in/", {"login": thea.email, "password": LAKE})
    own = [q["sql"] for q in asked if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert hashed.call_count == 1
    assert len(own) <= 18, "\n".join(own)


def test_the_account_page_has_a_pinned_cost(sign_in, thea):
    browser = sign_in(thea)
    one = pinned(browser, "/settings/")
    for _ in range(8):
        sign_in(thea)
    with acting_as(thea.pk), transaction.atomic():
        KnownDevice.objects.create(user=thea, token_hash="x")
    assert pinned(browser, "/settings/") == one <= 8


def test_the_worker_deletes_sign_ins_that_ended_a_day_ago(real_login, thea):
    now = timezone.now()
    for hours in (-30, -2, 5):
        SignIn.objects.create(
            key_hash=f"key{hours}",
            user=thea,
            session_data="",
            expire_date=now + timedelta(hours=hours),
        )
    with real_login("cairn_worker"):
        assert sessions.sweep() == 1
    assert SignIn.objects.count() == 2
