"""An import can be undone for a day: exactly what it made, while nothing changed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.identity import acting_as
from accounts.models import AuditEvent, DataKey
from clients.models import Client, care
from clients.models.draft import Draft
from conftest import admit, as_role
from goals.models import Goal
from progress.imports import steps
from progress.models import CaseloadImport, TherapySession
from progress.tests.cast import book
from progress.tests.test_import_job import KILLED, bring, brought, of, started
from progress.tests.test_import_reading import lease_ends, worker

pytestmark = pytest.mark.requirement("R45")


@pytest.fixture
def imported(real_login, thea):
    found = started(thea)
    assert bring(real_login, found) == "done"
    found.refresh_from_db()
    return found


def undone(found):
    """What the worker does as soon as it is told."""
    with as_role("cairn_worker"):
        return steps.undo(found.pk)


def page(browser, found):
    return " ".join(
        browser.get(f"/caseload/import/{found.pk}/").content.decode().split()
    )


def press(browser, found):
    return browser.post(f"/caseload/import/{found.pk}/undo/")


def test_thea_undoes_it_and_everything_it_made_is_gone(sign_in, thea, imported, cleo):
    keys = DataKey.objects.exclude(client_id=None)
    before, browser = keys.count(), sign_in(thea)
    assert "Remove 3 clients" in page(browser, imported)
    assert press(browser, imported).status_code == 302
    assert "Undoing the import" in page(browser, imported)
    assert brought()["Client"] == 4  # nothing yet: the worker does it
    assert undone(imported) == "done"
    assert "3 clients were removed" in page(browser, imported)
    assert set(Client.objects.all()) == {cleo}
    assert brought() == of(0) | {
        "Client": 1, "CareRole": 1, "ContactCharter": 1,
        "ClientBackground": brought()["ClientBackground"],
    }  # fmt: skip
    assert keys.count() == before - 3
    [row] = AuditEvent.objects.filter(verb="import undone")
    assert (row.actor_id, row.detail["clients"]) == (thea.pk, 3)
    assert browser.get("/caseload/").status_code == 200


def test_the_same_file_can_be_imported_again(real_login, sign_in, thea, imported):
    press(sign_in(thea), imported)
    assert undone(imported) == "done"
    again = started(thea)
    assert bring(real_login, again) == "done"
    assert brought() == of(3)


def some_client():
    return Client.objects.get(email="p1@example.com")


def rates(thea):
    Goal.objects.get(client=some_client()).rate(7, by=thea)


def proposes(thea):
    Goal.propose(some_client(), {"own_words": "Run"}, by=thea)


def invites(thea):
    some_client().invite(by=thea)


CHANGES = {"rates": rates, "proposes": proposes, "invites": invites}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changed_since_is_named_and_nothing_is_removed(
    sign_in, thea, imported, change
):
    with acting_as(thea.pk), transaction.atomic():
        CHANGES[change](thea)
    before, browser = brought(), sign_in(thea)
    press(browser, imported)
    assert undone(imported) == "refused"
    assert brought() == before
    imported.refresh_from_db()
    assert imported.state == "done"
    said = page(browser, imported)
    assert "This import can’t be undone" in said
    assert "Thea: " in said
    assert "Person 1" not in said  # who, and what kind; nobody's name or words
    assert AuditEvent.objects.filter(verb="import undo refused").count() == 1


def test_a_session_booked_since_keeps_everything(sign_in, thea, imported):
    book(some_client(), thea, at=timezone.now() + timedelta(days=3))
    press(sign_in(thea), imported)
    assert undone(imported) == "refused"
    assert brought() == of(3) | {"TherapySession": 7}


def test_a_note_begun_and_not_saved_keeps_everything(sign_in, thea, imported):
    """The audit log does not name it; what refers to a client does."""
    client = some_client()
    with as_role("postgres"):
        Draft.objects.create(
            practice_id=client.practice_id, client=client, author=thea,
            kind="note", target=client.pk,
        )  # fmt: skip
    browser = sign_in(thea)
    press(browser, imported)
    assert undone(imported) == "refused"
    assert brought() == of(3)
    assert "Something else refers to these clients." in page(browser, imported)


def test_looking_changes_nothing(sign_in, thea, imported):
    browser = sign_in(thea)
    assert browser.get(f"/clients/{some_client().pk}/").status_code == 200
    goal = Goal.objects.get(client=some_client())
    assert browser.get(f"/goals/{goal.pk}/").status_code == 200
    press(browser, imported)
    assert undone(imported) == "done"


def test_after_a_day_it_stays(sign_in, thea, imported):
    long_ago = timezone.now() - timedelta(hours=25)
    CaseloadImport.objects.update(finished_at=long_ago)
    browser = sign_in(thea)
    assert "Undo this import" not in page(browser, imported)
    press(browser, imported)
    imported.refresh_from_db()
    assert imported.state == "done"
    assert undone(imported) == "not now"
    assert "can no longer be undone" in page(browser, imported)


def test_only_who_imported_it_undoes_it(sign_in, real_login, thea, theo, ada):
    found = started(ada, therapist=thea)
    assert bring(real_login, found) == "done"
    found.refresh_from_db()
    hers = sign_in(thea)
    assert "Undo this import" not in page(hers, found)
    assert press(hers, found).status_code == 404
    assert press(sign_in(theo), found).status_code == 404
    browser = sign_in(ada)
    assert browser.post(f"/people/import/{found.pk}/undo/").status_code == 302
    assert undone(found) == "done"
    assert brought() == of(0)
    assert "3 clients were removed" in page(hers, found)


def test_what_ada_imported_and_thea_changed_stays(sign_in, real_login, thea, ada):
    found = started(ada, therapist=thea)
    assert bring(real_login, found) == "done"
    with acting_as(thea.pk), transaction.atomic():
        rates(thea)
    browser = sign_in(ada)
    browser.post(f"/people/import/{found.pk}/undo/")
    assert undone(found) == "refused"
    said = browser.get(f"/people/import/{found.pk}/").content.decode()
    assert "Thea: Rated a goal" in " ".join(said.split())


def test_nobody_else_is_touched_by_two_imports(real_login, sign_in, thea, imported):
    other = started(thea, b"Name;E-mail\nLou;lou@example.com\n")
    assert bring(real_login, other) == "done"
    press(sign_in(thea), imported)
    assert undone(imported) == "done"
    assert [client.name for client in Client.objects.all()] == ["Lou"]


@pytest.mark.requirement("R1")
def test_the_database_removes_for_who_imported_it_alone_and_once(
    thea, theo, ada, imported
):
    admit("Pat", by=thea, joined=False)
    for state, who in (("undoing", theo), ("undoing", ada), ("done", thea)):
        CaseloadImport.objects.update(state=state)
        with (
            pytest.raises(DatabaseError),
            acting_as(who.pk),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT app.undo_import(%s)", [str(imported.pk)])
        assert Client.objects.count() == 4
    for role in ("cairn_web", "cairn_worker", "cairn_owner"):
        for table in ("goals_goalversion", "goals_agreement", "goals_goalrating"):
            with (
                pytest.raises(DatabaseError),
                as_role(role),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(f"DELETE FROM {table}")


def test_a_client_who_was_handed_over_since_stays(sign_in, thea, theo, imported):
    with acting_as(thea.pk), transaction.atomic():
        care.hand_over(some_client(), theo, by=thea)
    press(sign_in(thea), imported)
    assert undone(imported) == "refused"


@pytest.mark.parametrize("point", ["undo_claimed", "undone"])
def test_a_worker_killed_while_it_undoes_is_followed_by_another(
    transactional_db, sign_in, thea, imported, point
):
    press(sign_in(thea), imported)
    assert worker(imported, "undo", point) == KILLED
    assert brought() == of(3)
    lease_ends()
    assert worker(imported, "undo") == 0
    assert brought() == of(0)
    assert not TherapySession.objects.exists()
