"""An import can be undone for a day: exactly what it created, if nothing has
changed."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import AuditEvent, DataKey
from appointments.models import TherapySession
from clients.models import Client, care
from clients.models.draft import Draft
from conftest import admit, as_role
from database.identity import acting_as
from goals.models import Goal
from tests.cast import book
from transfer.imports import steps
from transfer.models import CaseloadImport
from transfer.tests.test_import_job import KILLED, a_file, bring, brought, of, started
from transfer.tests.test_import_reading import lease_ends, worker

pytestmark = pytest.mark.requirement("R45")


@pytest.fixture
def imported(real_login, thea):
    found = started(thea)
    assert bring(real_login, found) == "done"
    found.refresh_from_db()
    return found


def undone(found):
    """What the worker does when triggered."""
    with as_role("cairn_worker"):
        return steps.undo(found.pk)


def page(browser, found):
    return " ".join(
        browser.get(f"/caseload/import/{found.pk}/").content.decode().split()
    )


def press(browser, found):
    return browser.post(f"/caseload/import/{found.pk}/undo/")


def test_thea_undoes_it_and_everything_it_created_is_gone(
    sign_in, thea, imported, cleo
):
    keys = DataKey.objects.exclude(client_id=None)
    before, browser = keys.count(), sign_in(thea)
    assert "Remove 3 clients" in page(browser, imported)
    assert press(browser, imported).status_code == 302
    assert "Undoing the import" in page(browser, imported)
    assert brought()["Client"] == 4  # not yet: the worker does it
    assert undone(imported) == "done"
    assert "3 clients were removed" in page(browser, imported)
    assert set(Client.objects.all()) == {cleo}
    assert brought() == of(0) | {
        "Client": 1, "CareRole": 1, "ContactPreferences": 1,
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
def test_changes_since_are_listed_and_nothing_is_removed(
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
    assert "Undo this import" not in said
    assert "Person 1" not in said  # who, and what kind; no names or text
    assert AuditEvent.objects.filter(verb="import undo refused").count() == 1


def test_a_session_booked_since_prevents_the_undo(sign_in, thea, imported):
    book(some_client(), thea, at=timezone.now() + timedelta(days=3))
    press(sign_in(thea), imported)
    assert undone(imported) == "refused"
    assert brought() == of(3) | {"TherapySession": 7}


def test_a_note_begun_and_not_saved_prevents_the_undo(sign_in, thea, imported):
    """It has no audit row, but it refers to a client."""
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
    assert "Other records refer to these clients." in page(browser, imported)


def test_viewing_changes_nothing(sign_in, thea, imported):
    browser = sign_in(thea)
    assert browser.get(f"/clients/{some_client().pk}/").status_code == 200
    goal = Goal.objects.get(client=some_client())
    assert browser.get(f"/goals/{goal.pk}/").status_code == 200
    press(browser, imported)
    assert undone(imported) == "done"


def test_after_a_day_it_cannot_be_undone(sign_in, thea, imported):
    long_ago = timezone.now() - timedelta(hours=25)
    CaseloadImport.objects.update(finished_at=long_ago)
    browser = sign_in(thea)
    assert "Undo this import" not in page(browser, imported)
    press(browser, imported)
    imported.refresh_from_db()
    assert imported.state == "done"
    assert undone(imported) == "not now"
    assert "can no longer be undone" in page(browser, imported)


def test_only_the_importing_user_undoes_it(sign_in, real_login, thea, theo, ada):
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


def test_an_import_by_ada_that_thea_changed_stays(sign_in, real_login, thea, ada):
    found = started(ada, therapist=thea)
    assert bring(real_login, found) == "done"
    with acting_as(thea.pk), transaction.atomic():
        rates(thea)
    browser = sign_in(ada)
    browser.post(f"/people/import/{found.pk}/undo/")
    assert undone(found) == "refused"
    said = browser.get(f"/people/import/{found.pk}/").content.decode()
    assert "Thea: Rated a goal" in " ".join(said.split())


def test_two_imports_affect_nobody_else(real_login, sign_in, thea, imported):
    other = started(thea, b"Name;E-mail\nLou;lou@example.com\n")
    assert bring(real_login, other) == "done"
    press(sign_in(thea), imported)
    assert undone(imported) == "done"
    assert [client.name for client in Client.objects.all()] == ["Lou"]


@pytest.mark.requirement("R1")
def test_the_database_removes_only_for_the_importing_user_and_once(
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


def test_a_client_handed_over_since_stays(sign_in, thea, theo, imported):
    with acting_as(thea.pk), transaction.atomic():
        care.hand_over(some_client(), theo, by=thea)
    press(sign_in(thea), imported)
    assert undone(imported) == "refused"


@pytest.mark.parametrize("point", ["undo_claimed", "undone"])
def test_a_worker_killed_during_an_undo_is_replaced_by_another(
    transactional_db, sign_in, thea, imported, point
):
    press(sign_in(thea), imported)
    assert worker(imported, "undo", point) == KILLED
    assert brought() == of(3)
    lease_ends()
    assert worker(imported, "undo") == 0
    assert brought() == of(0)
    assert not TherapySession.objects.exists()


# -- by SQL as the web role -----------------------------------------------------------


def by_hand(who, *statements):
    """Whether PostgreSQL lets a web login do all of this, in one transaction."""
    try:
        with acting_as(who.pk), transaction.atomic(), connection.cursor() as cursor:
            for statement, values in statements:
                cursor.execute(statement, values)
    except DatabaseError:
        return False
    return True


def logged(verb, client, import_id, *, line=2, about=None):
    """An audit row as the web role can write it, which is any."""
    detail = f'{{"caseload_import": "{import_id}", "line": {line}}}'
    return (
        "SELECT app.audit(%s, '', %s, '', %s, '', %s::jsonb, NULL)",
        [verb, client, about, detail],
    )


def undo_of(import_id):
    return "SELECT app.undo_import(%s)", [str(import_id)]


def state_of(import_id, state, **numbers):
    said = {"state": state} | numbers
    marks = ", ".join(f"{name} = %s" for name in said)
    return (
        f"UPDATE transfer_caseloadimport SET {marks} WHERE id = %s",
        [*said.values(), str(import_id)],
    )


def invented(by, *, people=1, **said):
    """A forged import: a row, and what it claims."""
    row = CaseloadImport(practice=by.practice, by=by, therapist=by, state="ready")
    with acting_as(by.pk), transaction.atomic():
        row.save(force_insert=True)
    CaseloadImport.objects.filter(pk=row.pk).update(
        state="undoing", people=people, finished_at=timezone.now(), **said
    )
    return row


@pytest.mark.requirement("R1")
@pytest.mark.parametrize("late", [False, True])
def test_no_client_is_removed_whom_the_import_did_not_create(
    thea, theo, carl, cleo, late
):
    """Theo's Carl and Thea's own Cleo, with audit rows that Thea forged."""
    for client in (carl, cleo):
        made = invented(thea)
        end = logged("caseload imported", None, made.pk, about=str(made.pk))
        names = logged("client imported", str(client.pk), made.pk)
        rows = [end, names] if late else [names, end]
        assert not by_hand(thea, *rows, undo_of(made.pk)), client.name
        assert not by_hand(thea, names, undo_of(made.pk)), client.name
    assert Client.objects.count() == 2


@pytest.mark.requirement("R1")
def test_a_real_import_removes_nobody_else(real_login, thea, cleo, carl):
    """Named in the log while it waits: before it ends, so not as a change since."""
    for client in (cleo, carl):
        found = started(thea, a_file(1, of=client.preferred_name))
        names = logged("client imported", str(client.pk), found.pk, line=3)
        assert by_hand(thea, names)
        assert bring(real_login, found) == "done"
        imports = CaseloadImport.objects.filter(pk=found.pk)
        for people in (1, 2):
            imports.update(state="undoing", people=people)
            by_hand(thea, undo_of(found.pk))
            assert Client.objects.filter(pk=client.pk).exists(), people


@pytest.mark.requirement("R1")
def test_a_forged_end_time_in_the_log_does_not_hide_a_change(thea, imported):
    with acting_as(thea.pk), transaction.atomic():
        rates(thea)
    CaseloadImport.objects.update(state="undoing")
    end = logged("caseload imported", None, imported.pk, about=str(imported.pk))
    assert not by_hand(thea, end, undo_of(imported.pk))
    assert brought()["Client"] == 3


@pytest.mark.requirement("R1")
def test_a_client_created_at_another_time_stays_whatever_the_id(thea, imported):
    """Even with the same id: the row did not exist while the import ran."""
    for days in (-1, 1):
        made = imported.made_at + timedelta(days=days)
        Client.objects.filter(pk=some_client().pk).update(created_at=made)
        CaseloadImport.objects.update(state="undoing")
        assert not by_hand(thea, undo_of(imported.pk))
    Client.objects.filter(pk=some_client().pk).update(created_at=imported.finished_at)
    assert by_hand(thea, undo_of(imported.pk))


@pytest.mark.requirement("R1")
def test_an_import_reports_once_what_was_imported(thea, imported):
    for numbers in ({"people": 4}, {"sessions": 9}, {"goals": 0},
                    {"finished_at": timezone.now()},
                    {"finished_at": None}):  # fmt: skip
        assert not by_hand(thea, state_of(imported.pk, "done", **numbers)), numbers
    waits = started(thea)
    ago = timezone.now() - timedelta(hours=3)
    assert not by_hand(thea, state_of(waits.pk, "done", people=1))
    assert not by_hand(thea, state_of(waits.pk, "done", people=1, finished_at=ago))


@pytest.mark.requirement("R1")
def test_an_undo_is_possible_only_within_a_day_of_a_finished_import(thea, imported):
    waits = started(thea)
    assert not by_hand(thea, state_of(waits.pk, "undoing"))
    long_ago = timezone.now() - timedelta(hours=25)
    CaseloadImport.objects.filter(pk=imported.pk).update(finished_at=long_ago)
    assert not by_hand(thea, state_of(imported.pk, "undoing"))


def test_postgres_and_the_program_agree_on_client_ids(thea):
    for _ in range(20):
        found = CaseloadImport(practice=thea.practice, by=thea, therapist=thea)
        for line in (1, 2, 17, 1_048_576):
            with as_role("postgres"), connection.cursor() as cursor:
                cursor.execute(
                    "SELECT app.imported_key(%s, %s)", [str(found.pk), str(line)]
                )
                assert cursor.fetchone()[0] == found.key_of(line)
