"""Ines supervises Thea's work with Cleo: she reads and comments, and writes nothing
else."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from clients.models import CareRole, Client, SupervisionComment
from conftest import in_care, person
from database.identity import acting_as
from tests.cast import agreed_goal, asides_of, book, hold, page_at, pinned

OFFERS = ["Book a session", "Suggest new wording", "Save rating", "Add a step"]
OFFERS += ["Don’t share yet", "Agree to version", "Move<"]
SAID = "Ask what the wave is for, before the next ride."


@pytest.fixture
def ines(practice, cleo):
    ines = person(practice, "Ines", is_therapist=True)
    in_care(cleo, ines, "supervisor")
    return ines


def test_ines_comments_and_thea_reads_it_and_marks_it_as_read(
    sign_in, ines, thea, cleo
):
    url = f"/clients/{cleo.pk}/"
    ineses, theas = sign_in(ines), sign_in(thea)
    assert ineses.post(f"{url}comments/", {"words": SAID}).url == url
    assert "A comment from Ines" in page_at(theas, "/today/")
    assert SAID in page_at(theas, url)
    theas.post(f"/comments/{SupervisionComment.objects.get().pk}/read/")
    assert "A comment from Ines" not in page_at(theas, "/today/")
    assert "Thea read it" in page_at(ineses, url)


def test_a_comment_on_a_session_is_shown_beside_its_note(sign_in, ines, thea, cleo):
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    url = f"/sessions/{session.pk}/"
    assert sign_in(ines).post(f"{url}comments/", {"words": SAID}).url == url
    assert SAID in page_at(sign_in(ines), url)
    page = page_at(sign_in(thea), f"/clients/{cleo.pk}/")
    assert "about a session" in page
    assert SAID in page_at(sign_in(thea), url)


def test_a_double_click_comments_once(sign_in, ines, cleo):
    said = {"words": SAID, "once": "01a20d98-d1d4-7270-aa5b-f86fb01ae49f"}
    for _ in range(2):
        sign_in(ines).post(f"/clients/{cleo.pk}/comments/", said)
    assert SupervisionComment.objects.count() == 1


def test_an_empty_comment_is_refused_with_a_message(sign_in, ines, cleo):
    answer = sign_in(ines).post(f"/clients/{cleo.pk}/comments/", {"words": " "})
    assert "Fill this in." in answer.content.decode()


def test_no_client_admin_or_emergency_reads_supervision_comments(
    sign_in, ines, theo, ada, thea, cleo
):
    sign_in(ines).post(f"/clients/{cleo.pk}/comments/", {"words": SAID})
    sign_in(theo).post(
        "/emergency/", {"name": "Cleo Hart", "reason": "Nobody answers the phone."}
    )
    assert SAID not in page_at(sign_in(theo), f"/clients/{cleo.pk}/")
    for url in ("/portal/", "/portal/looked/", "/portal/corrections/"):
        assert "wave" not in page_at(sign_in(cleo.user), url)
    for who in (cleo.user, ada, theo):
        with acting_as(who.pk):
            assert not SupervisionComment.objects.exists()
    for who in (ines, thea):
        with acting_as(who.pk):
            assert SupervisionComment.objects.get().words == SAID


def test_a_supervisor_reads_everything_and_finds_no_way_to_write(
    sign_in, ines, thea, cleo
):
    goal = agreed_goal(cleo, thea, by_client_only=True)
    session = hold(cleo, thea, at=timezone.now() - timedelta(days=1))
    coming = book(cleo, thea, at=timezone.now() + timedelta(hours=1))
    browser = sign_in(ines)
    for url in (
        f"/clients/{cleo.pk}/", f"/clients/{cleo.pk}/sessions/", f"/goals/{goal.pk}/",
        f"/sessions/{session.pk}/", f"/sessions/{coming.pk}/", "/caseload/",
    ):  # fmt: skip
        page = page_at(browser, url)
        for offer in OFFERS:
            assert offer not in page, (url, offer)
    assert "you supervise" in page_at(browser, "/caseload/")
    assert "Needs your agreement" not in page_at(browser, "/caseload/")
    today = page_at(browser, "/today/")
    assert "Cleo" not in today
    with (
        pytest.raises(DatabaseError),
        acting_as(ines.pk),
        transaction.atomic(),
    ):
        goal.rate(9, by=ines)


@pytest.mark.parametrize(
    ("page", "most"), [("/caseload/", 12), ("/today/", 14), ("client", 14)]
)
def test_a_supervisor_of_three_hundred_costs_the_same_as_of_one(
    sign_in, practice, thea, ines, cleo, page, most
):
    agreed_goal(cleo, thea, ratings=[3, 4, 5])
    hold(cleo, thea, at=timezone.now() - timedelta(days=2))
    browser = sign_in(ines)
    for number in range(3):
        browser.post(f"/clients/{cleo.pk}/comments/", {"words": f"{SAID} {number}"})
    url = f"/clients/{cleo.pk}/" if page == "client" else page
    browser.get(url)  # removes the messages
    one = pinned(browser, url)
    many = [
        Client(practice=practice, preferred_name=f"C{number}") for number in range(299)
    ]
    Client.objects.bulk_create(many)
    roles = [
        CareRole(
            practice=practice, client=client, user=ines, kind="supervisor",
            given_by=thea,
        )
        for client in many
    ]  # fmt: skip
    CareRole.objects.bulk_create(roles)
    # With more than one page of clients one more query: whose ratings are enough.
    more = page == "/caseload/"
    assert pinned(browser, url) == one + more <= most


@pytest.mark.parametrize(
    ("page", "most"), [("/caseload/", 12), ("/today/", 14), ("client", 14)]
)
def test_thea_stays_within_the_budget_with_all_comments(
    sign_in, ines, thea, theo, cleo, page, most
):
    book(cleo, thea, at=timezone.now() + timedelta(minutes=5))
    asides_of(cleo, supervisor=ines)
    browser = sign_in(thea)
    url = f"/clients/{cleo.pk}/" if page == "client" else page
    assert pinned(browser, url) <= most


def test_the_care_team_cannot_comment_as_a_supervisor(sign_in, thea, cleo):
    answer = sign_in(thea).post(f"/clients/{cleo.pk}/comments/", {"words": SAID})
    assert answer.status_code == 404


def test_cleo_reads_that_ines_looked_and_in_which_role(sign_in, ines, cleo):
    sign_in(ines).get(f"/clients/{cleo.pk}/")
    page = page_at(sign_in(cleo.user), "/portal/looked/")
    assert "Ines, your therapist’s supervisor" in page
