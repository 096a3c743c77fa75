"""Cleo asks for a correction and is answered; she closes her account and returns."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, OutgoingEmail, SignIn
from clients.models import Client, Correction
from conftest import in_care
from database.identity import acting_as
from tests.cast import agreed_goal, at_most, book, page_at

ASKED = {"about": "My sister’s name", "words": "She is called Mara, not Maria."}


def ask(browser, **said):
    return browser.post("/portal/corrections/", ASKED | said)


def test_a_correction_reaches_thea_who_answers_and_cleo_reads_it(sign_in, cleo, thea):
    cleos, theas = sign_in(cleo.user), sign_in(thea)
    assert ask(cleos).url == "/portal/corrections/"
    assert "Not answered yet." in page_at(cleos, "/portal/corrections/")
    url = f"/corrections/{Correction.objects.get().pk}/"
    assert url in page_at(theas, "/today/")
    assert "not Maria" in page_at(theas, f"/clients/{cleo.pk}/")
    theas.post(url, {"answer": "Thank you. I wrote it into the next note."})
    page = page_at(cleos, "/portal/corrections/")
    assert "Thea answered" in page
    assert "I wrote it into the next note." in page
    assert url not in page_at(theas, "/today/")
    assert "I wrote it into the next note." in page_at(theas, f"/clients/{cleo.pk}/")


def test_an_empty_request_is_refused_with_a_message(sign_in, cleo):
    page = ask(sign_in(cleo.user), words="").content.decode()
    assert "Fill this in." in page
    assert "My sister’s name" in page
    assert not Correction.objects.exists()


def test_a_double_click_asks_once(sign_in, cleo):
    for _ in range(2):
        ask(sign_in(cleo.user), once="01a20d98-d1d4-7270-aa5b-f86fb01ae49f")
    assert Correction.objects.count() == 1


def test_the_later_of_two_answers_sees_that_a_colleague_replied(
    sign_in, cleo, thea, theo
):
    in_care(cleo, theo, "co_therapist")
    ask(sign_in(cleo.user))
    url = f"/corrections/{Correction.objects.get().pk}/"
    sign_in(thea).post(url, {"answer": "Done."})
    page = sign_in(theo).post(url, {"answer": "I would not."}).content.decode()
    assert "answered this in the meantime." in page and "Thea" in page
    assert "I would not." in page  # no typed text is lost
    assert "Done." in page


def test_no_supervisor_admin_or_other_client_answers_or_asks(
    sign_in, cleo, carl, thea, theo, ada
):
    in_care(cleo, theo, "supervisor")
    ask(sign_in(cleo.user))
    correction = Correction.objects.get()
    url = f"/corrections/{correction.pk}/"
    for who in (theo, ada, carl.user, cleo.user):
        assert sign_in(who).post(url, {"answer": "No."}).status_code == 404
    assert "Mara" not in page_at(sign_in(carl.user), "/portal/corrections/")
    for who in (ada, carl.user):
        with acting_as(who.pk):
            assert not Correction.objects.exists()
    with (
        pytest.raises(DatabaseError),
        acting_as(carl.user_id),
        transaction.atomic(),
    ):
        row = Correction(practice_id=cleo.practice_id, client=cleo, by=carl.user)
        row.save(force_insert=True)


def test_an_answer_never_changes_even_by_sql(sign_in, cleo, thea):
    ask(sign_in(cleo.user))
    sign_in(thea).post(
        f"/corrections/{Correction.objects.get().pk}/", {"answer": "Done."}
    )
    with acting_as(thea.pk), transaction.atomic():
        assert not Correction.objects.update(answered_at=timezone.now())


@pytest.mark.parametrize("many", [1, 50])
def test_corrections_take_few_queries(sign_in, cleo, many):
    browser = sign_in(cleo.user)
    for _ in range(many):
        ask(browser)
    with at_most(8):
        page_at(browser, "/portal/corrections/")


# -- closing the account --------------------------------------------------------------


def test_cleo_closes_her_account_and_is_signed_out_everywhere(sign_in, cleo, thea):
    agreed_goal(cleo, by=thea)
    session = book(cleo, by=thea)
    phone, laptop = sign_in(cleo.user), sign_in(cleo.user)
    page = page_at(phone, "/portal/close/")
    assert "Harbour Practice keeps your record" in page
    assert "Booked sessions stay booked." in page
    assert phone.post("/portal/close/").url == "/portal/closed/"
    assert "Your account is closed" in page_at(phone, "/portal/closed/")
    for browser in (phone, laptop):
        assert browser.get("/portal/").url.startswith("/sign-in/")
    assert not SignIn.objects.filter(user=cleo.user).exists()
    session.refresh_from_db()
    assert session.state == "planned"
    theas = sign_in(thea)
    page = page_at(theas, f"/clients/{cleo.pk}/")
    assert "Cleo closed the portal" in page
    assert "Closed their account" in page
    assert AuditEvent.objects.filter(verb="portal closed").count() == 1


def test_a_client_without_a_booked_session_reads_of_none(sign_in, cleo):
    assert "Booked sessions" not in page_at(sign_in(cleo.user), "/portal/close/")


def test_thea_invites_her_again_and_she_finds_everything(sign_in, client, cleo, thea):
    goal = agreed_goal(cleo, by=thea)
    sign_in(cleo.user).post("/portal/close/")
    sign_in(thea).post(f"/clients/{cleo.pk}/invite/")
    assert OutgoingEmail.objects.get(kind="invitation").recipient == cleo.user
    secret = invitations.token(cleo.user.invitations.get().pk)
    said = {"password": "the long way home at night", "time_zone": "Europe/Berlin"}
    back = invitations.accept(secret, **said)
    assert back == cleo.user
    assert "bus" in page_at(sign_in(back), f"/portal/goals/{goal.pk}/")
    assert "closed the portal" not in page_at(sign_in(thea), f"/clients/{cleo.pk}/")


@pytest.mark.requirement("R39")
def test_closing_requires_reauthentication(sign_in, cleo):
    browser = sign_in(cleo.user)
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert browser.get("/portal/close/").url.startswith("/prove/")
        browser.post("/portal/close/")
    cleo.user.refresh_from_db()
    assert cleo.user.is_active


def test_the_old_password_does_not_work_after_closing(client, sign_in, cleo):
    sign_in(cleo.user).post("/portal/close/")
    said = {"login": cleo.user.email, "password": "cleo-passes-by-the-lake"}
    assert client.post("/sign-in/", said).status_code == 200
    assert not SignIn.objects.filter(user=cleo.user).exists()
    assert Client.objects.get(pk=cleo.pk).state == "active"


def test_a_discharged_client_can_still_ask_for_corrections_and_close_the_account(
    sign_in, cleo, thea
):
    with acting_as(thea.pk), transaction.atomic():
        cleo.discharge(by=thea)
    assert ask(sign_in(cleo.user)).status_code == 302
    assert Correction.objects.count() == 1
    assert f"/corrections/{Correction.objects.get().pk}/" in page_at(
        sign_in(thea), "/today/"
    )
    sign_in(cleo.user).post("/portal/close/")
    cleo.user.refresh_from_db()
    assert not cleo.user.is_active
