"""Keys rotate while in use; a destroyed one makes one client's text unreadable."""

import os
import threading
import time
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction
from django.utils import timezone

from accounts import encryption, keys
from accounts.encryption import Unreadable
from accounts.models import AuditEvent, DataKey
from clients.models import ClientBackground
from conftest import admit, as_role
from database.identity import acting_as
from digests.models import Digest
from tests.cast import agreed_goal, book, hold, strengths_of
from toolkit.models import Assignment

SENTENCE = "cannot be read"


def read(client, by):
    with acting_as(by.pk), transaction.atomic():
        return ClientBackground.objects.get(client=client).presenting_concern


def stored(client):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT presenting_concern FROM clients_clientbackground"
            " WHERE client_id = %s",
            [client.pk],
        )
        return bytes(cursor.fetchone()[0])


@pytest.fixture
def new_master(settings):
    """Give every process the new key and the old one."""
    settings.OLD_MASTER_KEYS = [settings.MASTER_KEY]
    settings.MASTER_KEY = os.urandom(32)


def rotate(*which):
    out = StringIO()
    with as_role("cairn_owner"):
        call_command("rotate_keys", *which, stdout=out)
    return out.getvalue()


# -- rotation -------------------------------------------------------------------------


def test_rotating_the_master_key_leaves_the_stored_text_unchanged(
    cleo, carl, thea, new_master, settings
):
    before = stored(cleo)
    assert read(cleo, thea) == "What brought Cleo"  # decrypted with the old key
    assert "version 2" in rotate("--master")
    settings.OLD_MASTER_KEYS = []
    assert read(cleo, thea) == "What brought Cleo"
    assert stored(cleo) == before
    assert DataKey.objects.get(client_id=None).master_version == 2
    assert AuditEvent.objects.get(verb="keys rotated").role == "operator"


def test_processes_with_both_keys_read_before_and_after_in_either_order(
    cleo, thea, settings
):
    old, new = settings.MASTER_KEY, os.urandom(32)
    settings.MASTER_KEY, settings.OLD_MASTER_KEYS = new, [old]
    rotate("--master")
    settings.MASTER_KEY, settings.OLD_MASTER_KEYS = old, [new]
    assert read(cleo, thea) == "What brought Cleo"


def test_a_process_without_the_new_key_cannot_read_after_the_rotation(
    cleo, thea, new_master, settings
):
    """Why docs/security.md says: first give both keys to every process, then rotate."""
    rotate("--master")
    settings.MASTER_KEY, settings.OLD_MASTER_KEYS = settings.OLD_MASTER_KEYS[0], []
    assert isinstance(read(cleo, thea), Unreadable)


def test_without_the_old_key_nothing_is_changed_and_the_command_says_so(cleo, settings):
    before = bytes(DataKey.objects.get(client_id=None).wrapped)
    settings.MASTER_KEY = os.urandom(32)
    with pytest.raises(CommandError, match="Neither MASTER_KEY nor OLD_MASTER_KEYS"):
        rotate("--master")
    assert bytes(DataKey.objects.get(client_id=None).wrapped) == before


def test_rotating_the_practices_key_rewraps_every_clients_key(cleo, carl, thea, theo):
    before = {key.pk: bytes(key.wrapped) for key in DataKey.objects.all()}
    sealed = stored(cleo)
    assert "3 keys" in rotate("--practice")
    after = {key.pk: bytes(key.wrapped) for key in DataKey.objects.all()}
    assert before.keys() == after.keys()
    assert not set(before.values()) & set(after.values())
    assert stored(cleo) == sealed
    assert read(cleo, thea) == "What brought Cleo"
    assert read(carl, theo) == "What brought Carl"


def test_a_practices_key_read_before_the_rotation_is_read_again(cleo, thea):
    with acting_as(thea.pk), transaction.atomic():
        encryption.expect(cleo.practice_id, [])
        with as_role("cairn_owner"):
            keys.rotate_practice(cleo.practice_id)
        background = ClientBackground.objects.get(client=cleo)
        assert background.presenting_concern == "What brought Cleo"


@pytest.mark.django_db(transaction=True)
def test_concurrent_reads_and_writes_are_correct_during_rotation(
    cleo, thea, new_master
):
    found, stop, fresh = [], threading.Event(), []

    def reader():
        try:
            while not stop.is_set():
                found.append(str(read(cleo, thea)))
        finally:
            connection.close()

    def admitter():
        try:
            while not stop.is_set():
                fresh.append(admit(f"N{len(fresh)}", by=thea, joined=False))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for work in (reader, reader, admitter)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 20
    while (len(found) < 20 or len(fresh) < 3) and time.monotonic() < until:
        rotate("--practice")
        rotate("--master")
    stop.set()
    for thread in threads:
        thread.join(20)
    assert len(found) >= 20
    assert set(found) == {"What brought Cleo"}
    assert fresh
    for client in fresh:
        assert read(client, thea) == f"What brought {client.preferred_name}"


@pytest.mark.parametrize("role", ["cairn_web", "cairn_worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM app.wrapped_keys(NULL)",
        "SELECT app.destroy_key(gen_random_uuid())",
        "SELECT app.rewrap_key(gen_random_uuid(), '', '', 1::smallint)",
        "SELECT app.operator_did('x', NULL, NULL, '{}')",
        "UPDATE accounts_datakey SET wrapped = ''",
        "DELETE FROM accounts_datakey",
    ],
)
def test_web_and_worker_roles_cannot_change_keys(cleo, role, statement):
    with (
        as_role(role),
        pytest.raises(ProgrammingError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_owner_role_finds_no_usable_key_in_the_table(cleo):
    with as_role("cairn_owner"):
        assert not DataKey.objects.exists()


# -- destruction ----------------------------------------------------------------------


def destroy(client, monkeypatch, typed=None):
    monkeypatch.setattr("builtins.input", lambda: typed or str(client.pk))
    with as_role("cairn_owner"):
        call_command("destroy_key", str(client.pk), stdout=StringIO())


def test_a_mistyped_id_destroys_nothing(cleo, carl, thea, monkeypatch):
    with pytest.raises(CommandError, match="Nothing was destroyed"):
        destroy(cleo, monkeypatch, typed=str(carl.pk))
    assert read(cleo, thea) == "What brought Cleo"


def test_destroying_a_key_is_audited_and_cannot_be_repeated(cleo, monkeypatch):
    destroy(cleo, monkeypatch)
    event = AuditEvent.objects.get(verb="key destroyed")
    assert (event.client_id, event.practice_id) == (cleo.pk, cleo.practice_id)
    with pytest.raises(CommandError, match="no key"):
        destroy(cleo, monkeypatch)


@pytest.fixture
def lived(cleo, thea):
    """Cleo's record with every kind of text in it."""
    now = timezone.now()
    signed = hold(cleo, thea, at=now - timedelta(days=7))
    open_note = hold(cleo, thea, at=now - timedelta(days=1), sign=False)
    planned = book(cleo, thea, at=now + timedelta(days=1))
    goal = agreed_goal(cleo, thea, ratings=[4, 5, 6])
    proposed = agreed_goal(cleo, thea, by_client_only=True)
    with acting_as(thea.pk), transaction.atomic():
        from goals.models import Step

        Step.add(goal, "One stop", by=thea)
        Assignment.agree(cleo, "One stop on Friday", by=thea)
    said = strengths_of(cleo, thea, goal=goal)
    return said | {"sessions": [signed, open_note, planned], "goals": [goal, proposed]}


def week_of(person):
    now = timezone.now()
    return Digest.objects.create(
        practice_id=person.practice_id, recipient=person, period="2026-W47",
        starts_at=now - timedelta(days=14), ends_at=now, made_at=now,
    )  # fmt: skip


def test_every_page_of_that_client_says_so_and_works(
    sign_in, cleo, carl, thea, theo, lived, monkeypatch
):
    destroy(cleo, monkeypatch)
    sessions = [session.pk for session in lived["sessions"]]
    goals = [goal.pk for goal in lived["goals"]]
    theirs = {
        thea: [f"/clients/{cleo.pk}/", f"/clients/{cleo.pk}/edit/",
               f"/clients/{cleo.pk}/strengths/", f"/clients/{cleo.pk}/journey/",
               *(f"/goals/{pk}/" for pk in goals),
               *(f"/goals/{pk}/propose/" for pk in goals),
               *(f"/sessions/{pk}/" for pk in sessions)],
        cleo.user: ["/portal/", "/portal/goals/",
                    "/portal/strengths/", "/portal/journey/",
                    f"/portal/strengths/{lived['strength_id'].pk}/reword/",
                    *(f"/portal/goals/{pk}/" for pk in goals),
                    f"/portal/sessions/{sessions[0]}/"],
    }  # fmt: skip
    for person, urls in theirs.items():
        browser = sign_in(person)
        for url in urls:
            answer = browser.get(url)
            assert answer.status_code == 200, url
            assert SENTENCE in answer.content.decode(), url
    quiet = {
        thea: ["/today/", "/caseload/", f"/clients/{cleo.pk}/sessions/", "/digest/",
               f"/clients/{cleo.pk}/book/", f"/clients/{cleo.pk}/goals/add/"],
        cleo.user: ["/portal/sessions/", "/portal/looked/", "/portal/contact/",
                    "/portal/more/", "/portal/goals/add/", "/settings/"],
    }  # fmt: skip
    for person, urls in quiet.items():
        browser = sign_in(person)
        for url in urls:
            assert browser.get(url).status_code == 200, url
    for person, url in ((thea, "/digest/"), (cleo.user, "/portal/digest/")):
        week = week_of(person)
        assert sign_in(person).get(f"{url}{week.pk}/").status_code == 200, url
    other = sign_in(theo).get(f"/clients/{carl.pk}/").content.decode()
    assert SENTENCE not in other
    assert "What brought Carl" in other


def test_new_text_about_that_client_is_refused_and_stays_in_the_form(
    sign_in, cleo, thea, lived, monkeypatch
):
    destroy(cleo, monkeypatch)
    browser = sign_in(thea)
    typed = {
        "own_words": "Walk to the pier", "low_end": "never", "high_end": "daily",
        "review_on": "2099-01-01", "clinical_words": "",
    }  # fmt: skip
    answer = browser.post(f"/clients/{cleo.pk}/goals/add/", typed)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Walk to the pier" in page
    assert "key was destroyed" in page
    said = {"moment": "Four buses went.", "name": "Patience", "words": "One stop"}
    for end in ("strengths/add/", "wins/"):
        page = browser.post(f"/clients/{cleo.pk}/{end}", said).content.decode()
        assert "key was destroyed" in page, end


def test_an_autosave_about_that_client_is_refused_and_not_shown_as_saved(
    sign_in, cleo, thea, lived, monkeypatch
):
    destroy(cleo, monkeypatch)
    target = lived["goals"][0].pk
    browser = sign_in(thea)
    kept = browser.post(f"/drafts/{cleo.pk}/goal/{target}/", {"own_words": "Walk"})
    assert kept.status_code == 400
    note = browser.post(
        f"/sessions/{lived['sessions'][2].pk}/",
        {"format": "dap", "part0": "Walked", "revision": "0", "act": "close"},
    )
    assert note.status_code in (200, 400)
