"""Nobody is booked twice for one hour in silence, also where two do it at once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from appointments.models import TherapySession
from clients.models import CareRole
from conftest import WebClient, admit, in_care
from database.identity import acting_as
from goals.tests.test_at_once import both
from notes.tests.test_session import BACKEND, booking
from overview.handover import Clashes, hand_over
from tests.cast import book

__all__ = ["both"]  # the fixture


@pytest.fixture
def presses(real_login):
    """Send these forms at the same moment, as one therapist on several tabs."""

    def run(therapist, *forms):
        signed_in = WebClient()
        signed_in.force_login(therapist, backend=BACKEND)
        answers, start = [], threading.Barrier(len(forms))

        def press(url, said):
            try:
                browser = WebClient()
                browser.cookies = signed_in.cookies
                start.wait()
                answers.append(browser.post(url, said))
            finally:
                connections.close_all()

        with real_login("cairn_web"):
            connection.close()
            threads = [threading.Thread(target=press, args=form) for form in forms]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return answers

    return run


def next_week():
    return timezone.localdate() + timedelta(days=7)


def planned(therapist):
    return TherapySession.objects.planned().filter(therapist=therapist)


def test_six_tabs_book_one_hour_for_one_client(presses, thea):
    clients = [admit(f"C{number}", by=thea, joined=False) for number in range(6)]
    urls = [f"/clients/{client.pk}/book/" for client in clients]
    answers = presses(thea, *((url, booking(next_week())) for url in urls))
    assert sorted(a.status_code for a in answers) == [200] * 5 + [302]
    assert planned(thea).count() == 1
    told = [a.content.decode() for a in answers if a.status_code == 200]
    assert all("You see C" in page for page in told)


def test_six_tabs_move_six_sessions_to_one_hour(presses, thea):
    forms = []
    for number in range(6):
        client = admit(f"C{number}", by=thea, joined=False)
        session = book(client, thea, at=timezone.now() + timedelta(days=9 + number))
        forms.append((f"/sessions/{session.pk}/move/", booking(next_week())))
    presses(thea, *forms)
    hours = list(planned(thea).values_list("starts_at", flat=True))
    assert len(hours) == len(set(hours)) == 6


@pytest.mark.parametrize("how", ["cancel", "missed"])
def test_undo_does_not_book_an_hour_that_is_taken(sign_in, thea, cleo, how):
    other = admit("Cora", by=thea, joined=False)
    days = -1 if how == "missed" else 3
    at = timezone.now() + timedelta(days=days)
    browser = sign_in(thea)
    session = book(cleo, thea, at=at)
    browser.post(f"/sessions/{session.pk}/{how}/")
    book(other, thea, at=at + timedelta(minutes=30))
    page = browser.post(f"/sessions/{session.pk}/restore/", follow=True)
    assert "You see Cora from" in page.content.decode()
    session.refresh_from_db()
    assert session.is_off


def test_undo_where_nothing_overlaps_books_as_before(sign_in, thea, cleo):
    other = admit("Cora", by=thea, joined=False)
    at = timezone.now() + timedelta(days=3)
    browser = sign_in(thea)
    session = book(cleo, thea, at=at)
    browser.post(f"/sessions/{session.pk}/cancel/")
    book(other, thea, at=at + timedelta(minutes=50))
    page = browser.post(f"/sessions/{session.pk}/restore/", follow=True)
    assert "The session is as it was before." in page.content.decode()


def test_a_colleague_who_moves_a_session_meets_the_hours_of_its_therapist(
    sign_in, thea, theo, cleo
):
    """Theo sees both clients: the session stays Thea's, and so does her week."""
    other = admit("Cora", by=thea, joined=False)
    for client in (cleo, other):
        in_care(client, theo, "co_therapist")
    browser = sign_in(thea)
    browser.post(f"/clients/{other.pk}/book/", booking(next_week()))
    session = book(cleo, thea, at=timezone.now() + timedelta(days=3))
    page = sign_in(theo).post(f"/sessions/{session.pk}/move/", booking(next_week()))
    assert "Thea sees Cora from" in page.content.decode()


def test_a_hand_over_and_a_booking_at_once_are_not_one_hour(
    both, thea, theo, cleo, carl
):
    """Whichever comes first, the other is told."""
    at = timezone.now() + timedelta(days=3)
    hers = book(cleo, thea, at=at)

    def gives():
        with acting_as(thea.pk), transaction.atomic():
            hand_over(cleo, theo, by=thea)

    local = at.astimezone(theo.zone)
    said = booking(local.date(), other_time=local.strftime("%H:%M"))
    browser = WebClient()
    browser.force_login(theo, backend=BACKEND)

    def books():
        browser.post(f"/clients/{carl.pk}/book/", said)

    failed = both(gives, books)
    hers.refresh_from_db()
    assert planned(theo).count() == 1
    handed = CareRole.objects.filter(client=cleo, user=theo, kind="primary").exists()
    assert handed != bool(failed)
    assert all(isinstance(each, Clashes) for each in failed)
