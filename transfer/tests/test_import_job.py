"""All or nothing, exactly once: whoever asks, however often, wherever a worker dies."""

import os
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts import invitations
from accounts.models import AuditEvent, DataKey, OutgoingEmail, User
from appointments.models import TherapySession
from clients.models import CareRole, Client, ClientBackground, ContactPreferences
from conftest import admit, url_as
from database import claims
from database.identity import acting_as
from goals.models import Goal, GoalRating
from ops.place import BASE
from tests.cast import list_of
from transfer import tasks
from transfer.imports import crash, job
from transfer.models import CaseloadImport, ImportSheet

HEADS = "Preferred name;Pronouns;Email;Phone;Concern;Sessions;Goal;Rating;Rated on"
KILLED = -9


def a_file(many, of="p"):
    lines = [HEADS]
    for number in range(many):
        lines.append(
            f"Person {number};they/them;{of}{number}@example.com;0{number};Sleeps ill;"
            "2026-01-05|2026-01-12 14:00;Sleep through;4|5;2026-01-05|2026-01-12"
        )
    return "\n".join(lines).encode()


def started(by, raw=None, *, therapist=None, **said):
    """An import that was previewed and started."""
    found = list_of(by, therapist=therapist, raw=raw or a_file(3))
    CaseloadImport.objects.filter(pk=found.pk).update(**said)
    with acting_as(by.pk), transaction.atomic():
        assert found.start(by=by)
    return found


def bring(real_login, found):
    with real_login("cairn_worker"):
        return job.bring_in(found.pk)


def brought():
    """Row counts of everything that an import creates."""
    return {
        model.__name__: model.objects.count()
        for model in (Client, CareRole, ContactPreferences, ClientBackground,
                      TherapySession, Goal, GoalRating)
    }  # fmt: skip


def of(people):
    each = {"TherapySession": 2, "GoalRating": 2}
    return {name: people * each.get(name, 1) for name in brought()}


# -- what is imported -----------------------------------------------------------------


def test_thea_finds_everything_on_her_caseload(real_login, thea):
    thea.time_zone = "Europe/Berlin"
    thea.save(update_fields=["time_zone"])
    found = started(thea)
    assert bring(real_login, found) == "done"
    assert brought() == of(3)
    with acting_as(thea.pk), transaction.atomic():
        client = Client.objects.visible_to(thea).get(email="p1@example.com")
        assert (client.name, client.pronouns) == ("Person 1", "they/them")
        assert (client.phone, client.state, client.user) == ("01", "active", None)
        assert client.background.presenting_concern == "Sleeps ill"
        first, second = client.sessions.order_by("starts_at")
        assert (first.state, first.therapist, first.minutes) == ("held", thea, 50)
        zone = thea.zone
        assert first.starts_at == datetime(2026, 1, 5, 12, tzinfo=zone)
        assert second.starts_at == datetime(2026, 1, 12, 14, tzinfo=zone)
        goal = client.goals.get()
        version = goal.latest
        assert (version.own_words, version.number) == ("Sleep through", 1)
        assert (version.side, version.proposed_by) == ("therapist", thea)
        assert version.fingerprint == version.compute_fingerprint()
        assert (goal.in_force, goal.waits_for) == (None, "client")
        assert [key.by for key in version.keys.not_withdrawn()] == [thea]
        ratings = goal.ratings.order_by("at")
        assert [(r.value, r.at, r.session_id) for r in ratings] == [
            (4, first.starts_at, first.pk),
            (5, second.starts_at.replace(hour=11), second.pk),  # noon in Berlin
        ]


def test_an_imported_goal_works_like_any_other(real_login, thea):
    found = started(thea, a_file(1))
    assert bring(real_login, found) == "done"
    with acting_as(thea.pk), transaction.atomic():
        goal = Goal.objects.visible_to(thea).get()
        goal.propose_version({"own_words": "Sleep till six"}, by=thea)
        assert goal.versions.count() == 2
        goal.rate(6, by=thea)


def test_nobody_is_invited_and_the_audit_log_says_how_they_came(real_login, thea):
    found = started(thea)
    bring(real_login, found)
    assert not OutgoingEmail.objects.exists()
    assert User.objects.count() == 1
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs.count("admitted") == verbs.count("client imported") == 3
    assert verbs.count("session imported") == verbs.count("goal rated") == 6
    assert verbs[:2] == ["import begun", "import started"]
    assert verbs[-1] == "caseload imported"
    assert set(AuditEvent.objects.values_list("actor_id", flat=True)) == {thea.pk}


def test_the_lines_and_their_key_are_deleted_afterwards(real_login, thea):
    found = started(thea)
    keys = DataKey.objects.exclude(client_id=None)
    assert keys.count() == ImportSheet.objects.count() == 3
    bring(real_login, found)
    assert not ImportSheet.objects.exists()
    assert keys.count() == Client.objects.count() == 3


def test_ada_imports_for_thea_and_clinical_data_is_written_as_thea(
    real_login, ada, thea
):
    found = started(ada, therapist=thea)
    assert bring(real_login, found) == "done"
    assert brought() == of(3)
    by = {e.verb: e.actor_id for e in AuditEvent.objects.all()}
    assert by["admitted"] == by["client imported"] == by["caseload imported"] == ada.pk
    assert by["session imported"] == by["goal proposed"] == thea.pk
    with acting_as(thea.pk), transaction.atomic():
        client = Client.objects.visible_to(thea).first()
        assert client.background.presenting_concern == "Sleeps ill"
        assert client.goals.get().latest.own_words == "Sleep through"
    with acting_as(ada.pk), transaction.atomic():
        assert Client.objects.count() == 3
        for model in (ClientBackground, Goal, TherapySession, GoalRating):
            assert not model.objects.exists(), model
    assert not ImportSheet.objects.exists()


def test_an_existing_client_is_left_unchanged(real_login, thea, cleo):
    gone = admit("Pat", by=thea, joined=False, email="p1@example.com")
    Client.objects.filter(pk=gone.pk).update(
        state="discharged", discharged_at=timezone.now()
    )
    raw = a_file(3).replace(b"p2@example.com", cleo.user.email.encode())
    found = started(thea, raw)
    assert bring(real_login, found) == "done"
    assert Client.objects.count() == 3
    assert CaseloadImport.objects.get().people == 1
    gone.refresh_from_db()
    assert (gone.preferred_name, gone.state) == ("Pat", "discharged")
    assert not gone.sessions.exists()


def test_an_address_in_use_elsewhere_reveals_nothing(real_login, thea, theo, carl, ada):
    """As by hand: the client is created, and an invitation would reveal no more."""
    raw = a_file(3).replace(b"p0@example.com", carl.user.email.encode())
    raw = raw.replace(b"p1@example.com", ada.email.encode())
    found = started(thea, raw)
    assert bring(real_login, found) == "done"
    assert CaseloadImport.objects.get().people == 3
    assert Client.objects.filter(care_roles__user=thea).count() == 3
    assert not OutgoingEmail.objects.exists()


# -- all or nothing -------------------------------------------------------------------


def test_a_failure_at_the_last_person_imports_nobody(real_login, thea, monkeypatch):
    found = started(thea, a_file(3))
    finish = job.finish

    def fails(*args):
        raise DatabaseError("Key (email)=(p1@example.com) is a secret")

    monkeypatch.setattr(job, "finish", fails)
    assert bring(real_login, found) == "failed"
    assert brought() == of(0)
    found.refresh_from_db()
    assert found.state == "failed"
    assert ImportSheet.objects.count() == 3
    monkeypatch.setattr(job, "finish", finish)
    with acting_as(thea.pk), transaction.atomic():
        assert found.start(by=thea)
    assert bring(real_login, found) == "done"
    assert brought() == of(3)


@pytest.mark.requirement("R15")
def test_a_failure_logs_nothing_about_people(real_login, thea, monkeypatch, caplog):
    def fails(*args):
        raise DatabaseError("Key (email)=(p1@example.com) is a secret")

    monkeypatch.setattr(job, "finish", fails)
    bring(real_login, started(thea))
    said = caplog.text
    assert "failed (DatabaseError)" in said
    assert "p1@" not in said
    assert "Person" not in said


def test_a_therapist_who_left_gets_nobody(real_login, ada, thea):
    found = started(ada, therapist=thea)
    User.objects.filter(pk=thea.pk).update(is_active=False)
    assert bring(real_login, found) == "failed"
    assert brought() == of(0)


def test_an_import_for_a_therapist_ada_invited_is_flagged(real_login, ada, thea):
    with acting_as(ada.pk), transaction.atomic():
        invitations.invite(thea, by=ada)
    User.objects.filter(pk=thea.pk).update(joined_at=timezone.now())
    bring(real_login, started(ada, therapist=thea))
    event = AuditEvent.objects.get(verb="first role from who invited")
    assert event.detail == {"person": str(thea.pk)}


def test_a_former_admin_imports_nobody(real_login, ada, thea):
    found = started(ada, therapist=thea)
    User.objects.filter(pk=ada.pk).update(is_admin=False, is_therapist=True)
    assert bring(real_login, found) == "failed"
    assert brought() == of(0)


# -- exactly once ---------------------------------------------------------------------


def test_a_task_delivered_twice_imports_once(real_login, thea):
    found = started(thea)
    with real_login("cairn_worker"):
        tasks.bring_in(str(found.pk))
        tasks.bring_in(str(found.pk))
        assert job.bring_in(found.pk) == "not now"
        assert job.bring_in(uuid4()) == "not now"
    assert brought() == of(3)


def test_a_double_click_starts_once(thea):
    found = started(thea)
    with acting_as(thea.pk), transaction.atomic():
        assert not found.start(by=thea)


def at_once(real_login, *calls):
    """Each in a thread with its own login; return their results."""
    answers, barrier = [], threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait()
            answers.append(call())
        finally:
            connection.close()

    with real_login("cairn_worker"):
        threads = [threading.Thread(target=run, args=[call]) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return sorted(answers)


@pytest.mark.requirement("R63")
def test_four_workers_at_once_import_once(real_login, thea):
    found = started(thea, a_file(60))
    calls = [lambda: job.bring_in(found.pk)] * 4
    assert at_once(real_login, *calls) == ["done", "not now", "not now", "not now"]
    assert brought() == of(60)


@pytest.mark.requirement("R63")
def test_the_same_file_twice_at_once_duplicates_nobody(real_login, thea):
    """Two uploads, as from two tabs."""
    one = started(thea, a_file(60))
    two = started(thea, a_file(60))
    calls = [lambda: job.bring_in(one.pk), lambda: job.bring_in(two.pk)]
    assert at_once(real_login, *calls) == ["done", "done"]
    assert brought() == of(60)
    people = CaseloadImport.objects.values_list("people", flat=True)
    assert sorted(people) == [0, 60]


def test_thea_and_ada_import_the_same_file_and_nobody_is_duplicated(
    real_login, thea, ada
):
    one, two = started(thea, a_file(60)), started(ada, a_file(60), therapist=thea)
    calls = [lambda: job.bring_in(one.pk), lambda: job.bring_in(two.pk)]
    assert at_once(real_login, *calls) == ["done", "done"]
    assert brought() == of(60)


def test_people_without_an_address_are_not_duplicated_either(real_login, thea):
    raw = b"Name;Phone\nMara;1\nLou;\n"
    assert bring(real_login, started(thea, raw)) == "done"
    assert bring(real_login, started(thea, raw)) == "done"
    assert Client.objects.count() == 2


def test_a_worker_with_a_lapsed_claim_is_refused_by_the_last_statement(
    real_login, thea, monkeypatch
):
    """The first was suspended for longer than its lease and finds the claim gone."""
    found = started(thea)
    everything = job.Writing.all

    def sleeps(writing):
        everything(writing)
        with another_login("cairn_worker") as cursor:
            cursor.execute(
                "UPDATE transfer_caseloadimport SET claim = %s", [str(uuid4())]
            )

    monkeypatch.setattr(job.Writing, "all", sleeps)
    assert bring(real_login, found) == "taken away"
    assert brought() == of(0)


def test_stopped_by_thea_nothing_is_imported_and_she_can_continue(
    real_login, thea, monkeypatch
):
    found = started(thea, a_file(120))
    monkeypatch.setattr(job.Telling, "EACH", 0.01)
    say, said = job.Telling.say, []

    def stops(telling, done, of):
        if done and not said:
            said.append(done)
            with another_login("cairn_worker") as cursor:
                cursor.execute("UPDATE transfer_caseloadimport SET state = 'ready',"
                               " claim = NULL, lease_until = NULL")  # fmt: skip
            telling._thread.join(5)  # it notices
        say(telling, done, of)

    monkeypatch.setattr(job.Telling, "say", stops)
    assert bring(real_login, found) == "taken away"
    assert said and brought() == of(0)
    with acting_as(thea.pk), transaction.atomic():
        assert found.start(by=thea)
    assert bring(real_login, found) == "done"
    assert brought() == of(120)


def test_progress_is_reported_while_nothing_is_visible_yet(
    real_login, thea, monkeypatch
):
    found = started(thea, a_file(150))
    monkeypatch.setattr(job.Telling, "EACH", 0.01)
    say, seen = job.Telling.say, []

    def looks(telling, done, of):
        say(telling, done, of)
        telling._end.wait(0.1)
        with another_login("postgres") as cursor:
            cursor.execute("SELECT percent FROM transfer_caseloadimport")
            [(percent,)] = cursor.fetchall()
            cursor.execute("SELECT count(*) FROM clients_client")
            seen.append((percent, cursor.fetchone()[0]))

    monkeypatch.setattr(job.Telling, "say", looks)
    assert bring(real_login, found) == "done"
    assert seen == [(0, 0), (33, 0), (66, 0)]


# -- killed workers -------------------------------------------------------------------


class another_login:
    """A connection beside Django's."""

    def __init__(self, role):
        import psycopg2

        self.connection = psycopg2.connect(url_as(role))
        self.connection.autocommit = True

    def __enter__(self):
        return self.connection.cursor()

    def __exit__(self, *error):
        self.connection.close()


WORKER = """
import django, sys
django.setup()
from transfer.imports import job
sys.exit({"done": 0, "not now": 3}.get(job.bring_in(sys.argv[1]), 1))
"""


def worker(found, point="-"):
    """A process logged in as the worker; return how it ended."""
    env = os.environ | {
        "DATABASE_URL": url_as("cairn_worker"),
        "DJANGO_SETTINGS_MODULE": "therapy.settings",
        "PYTHONPATH": str(BASE),
        "CRASH_AT": point,
    }
    command = [sys.executable, "-c", WORKER, str(found.pk)]
    return subprocess.run(command, cwd=BASE, env=env).returncode


def lease_ends():
    CaseloadImport.objects.filter(state="running").update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def test_killed_anywhere_it_is_all_or_nothing_and_imported_once(transactional_db, thea):
    for number, point in enumerate(crash.POINTS):
        found = started(thea, a_file(4, of=f"{point}-"))
        assert worker(found, point) == KILLED, point
        already = point == "import_done"
        assert brought() == of(4 * (number + already)), point
        if not already:
            assert worker(found) == 3, point  # its lease is valid: it might be alive
            with acting_as(thea.pk):
                assert CaseloadImport.objects.get(pk=found.pk).state == "running"
            lease_ends()
            assert job.waiting() == [(found.pk, "running")], point
            assert worker(found) == 0, point
        assert worker(found) == 3, point
        assert brought() == of(4 * (number + 1)), point
        assert not ImportSheet.objects.exists(), point


def test_killed_half_way_thea_stops_it_and_starts_again(
    transactional_db, sign_in, thea, real_login
):
    found = started(thea, a_file(4))
    assert worker(found, "import_half_way") == KILLED
    url = f"/caseload/import/{found.pk}/"
    browser = sign_in(thea)
    assert "Importing" in browser.get(url).content.decode()
    browser.post(f"{url}stop/")
    said = {f"column-{at}": name for at, name in enumerate(found.columns)}
    answer = browser.post(url, said | {"act": "bring"})
    assert answer.status_code == 302
    assert bring(real_login, found) == "done"
    assert brought() == of(4)


def test_an_import_that_kills_its_worker_each_time_is_given_up(transactional_db, thea):
    found = started(thea, a_file(2))
    for _attempt in range(claims.ATTEMPTS):
        assert worker(found, "import_claimed") == KILLED
        lease_ends()
    assert worker(found) == 1
    found.refresh_from_db()
    assert found.state == "failed"
    assert brought() == of(0)


# -- the periodic run -----------------------------------------------------------------


def test_the_tick_starts_what_nobody_started(real_login, thea, monkeypatch):
    long_ago = timezone.now() - timedelta(minutes=2)
    found = started(thea, made_at=long_ago)
    told = []
    monkeypatch.setattr(
        tasks.celery_kick, "the_worker", lambda name, args: told.append((name, args))
    )
    with real_login("cairn_worker"):
        tasks.look_after_imports()
    assert told == [("transfer.tasks.bring_in", [str(found.pk)])]


def test_lines_are_stored_for_a_day_and_no_longer(real_login, thea, ada, theo):
    kept, old = list_of(thea), list_of(ada, therapist=theo)
    long_ago = timezone.now() - timedelta(hours=25)
    ImportSheet.objects.filter(caseload_import=old).update(made_at=long_ago)
    CaseloadImport.objects.filter(pk=old.pk).update(made_at=long_ago)
    assert DataKey.objects.exclude(client_id=None).count() == 3 + 4
    with real_login("cairn_worker"):
        job.sweep()
    assert set(ImportSheet.objects.values_list("caseload_import", flat=True)) == {
        kept.pk
    }
    assert DataKey.objects.exclude(client_id=None).count() == 3
    old.refresh_from_db()
    assert old.state == "dropped"


def test_what_ada_drops_is_deleted_with_what_she_cannot_see(real_login, ada, thea):
    found = list_of(ada, therapist=thea)
    with acting_as(ada.pk), transaction.atomic():
        assert found.drop(by=ada)
    assert [sheet.part for sheet in ImportSheet.objects.all()] == ["sealed"]
    with real_login("cairn_worker"):
        job.sweep()
    assert not ImportSheet.objects.exists()


# -- two thousand ---------------------------------------------------------------------


def test_two_thousand_people_are_imported_at_once(real_login, thea):
    found = started(thea, a_file(2000))
    assert bring(real_login, found) == "done"
    assert brought() == of(2000)
