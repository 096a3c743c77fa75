"""An import from upload to undo, with everyone else trying every address of it."""

import pytest
from django.urls import reverse

from clients.models import Client
from conftest import in_care, person
from tests.cast import LIST, list_of
from tests.test_walk import ALL, fingerprint_of_everything, other_practice
from transfer.models import CaseloadImport
from transfer.tests.test_import_job import bring, started
from transfer.tests.test_import_pages import chosen
from transfer.tests.test_import_undo import undone

pytestmark = pytest.mark.requirement("R1", "R45")
PAGES = [each.name for each in ALL if "import_id" in each.pattern.converters]
SECRETS = ("Mara", "mara@", "Sleep through")  # of the file
STATES = [state for state in CaseloadImport.State.values if state != "ready"]


@pytest.fixture
def everyone_else(practice, theo, ada, carl, cleo):
    elsewhere = other_practice()
    return {
        "another therapist": theo,
        "an admin": ada,
        "who is both": person(practice, "Kit", is_therapist=True, is_admin=True),
        "a client": cleo.user,
        "another client": carl.user,
        "a therapist of another practice": person(elsewhere, "Una", is_therapist=True),
        "an admin of another practice": person(elsewhere, "Olaf", is_admin=True),
    }


def nobody_else_reaches(found, browsers):
    before = fingerprint_of_everything()
    for who, browser in browsers.items():
        for name in PAGES:
            url = reverse(name, args=[found.pk])
            body = {"act": "bring", "leave_out": "on"} | chosen()
            for answer in (
                browser.get(url),
                browser.get(url, headers={"HX-Request": "true"}),
                browser.post(url, body),
            ):
                assert answer.status_code in (404, 405), (who, url, answer.status_code)
                text = answer.content.decode()
                assert not any(word in text for word in SECRETS), (who, url)
    assert fingerprint_of_everything() == before


def test_nobody_else_reaches_any_page_of_an_import_from_upload_to_undo(
    sign_in, real_login, thea, everyone_else
):
    browsers = {who: sign_in(one) for who, one in everyone_else.items()}
    before = Client.objects.count()
    nobody_else_reaches(list_of(thea), browsers)
    found = started(thea, LIST)
    nobody_else_reaches(found, browsers)
    assert bring(real_login, found) == "done"
    nobody_else_reaches(found, browsers)
    assert Client.objects.count() == before + 1
    sign_in(thea).post(f"/caseload/import/{found.pk}/undo/")
    nobody_else_reaches(found, browsers)
    assert undone(found) == "done"
    nobody_else_reaches(found, browsers)
    assert Client.objects.count() == before


@pytest.mark.parametrize("state", STATES)
def test_nobody_else_reaches_it_in_any_state(sign_in, thea, everyone_else, state):
    found = list_of(thea)
    CaseloadImport.objects.filter(pk=found.pk).update(state=state)
    few = ("another therapist", "who is both", "an admin", "a client")
    browsers = {who: sign_in(everyone_else[who]) for who in few}
    nobody_else_reaches(found, browsers)


def test_a_shared_link_to_an_import_opens_nothing(sign_in, real_login, thea, theo, ada):
    """Ada imports for Thea: Theo has the URL, and so has another admin."""
    amy = person(thea.practice, "Amy", is_admin=True)
    found = started(ada, LIST, therapist=thea)
    browsers = {"Theo": sign_in(theo), "Amy": sign_in(amy)}
    nobody_else_reaches(found, browsers)
    hers = sign_in(thea)
    for name in PAGES:  # not Thea's either, before it is imported
        if name != "caseload-import-look":
            assert hers.get(reverse(name, args=[found.pk])).status_code in (404, 405)
    assert bring(real_login, found) == "done"
    nobody_else_reaches(found, browsers)
    assert hers.get(f"/caseload/import/{found.pk}/").status_code == 200
    assert hers.post(f"/caseload/import/{found.pk}/undo/").status_code == 404
    assert Client.objects.get().name == "Mara"


def test_a_new_therapist_of_an_imported_client_does_not_reach_the_import(
    sign_in, real_login, thea, theo, ada
):
    found = started(thea, LIST)
    assert bring(real_login, found) == "done"
    for client in Client.objects.all():
        in_care(client, theo, "co_therapist")
    nobody_else_reaches(found, {"Theo": sign_in(theo), "Ada": sign_in(ada)})
