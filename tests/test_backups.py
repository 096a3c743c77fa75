"""A backup is whole or refused; restored, it is what it was, and no email leaves."""

import io
import json
import os
import stat
from datetime import timedelta
from urllib.parse import quote

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts import seals
from accounts.models import AuditEvent, OutgoingEmail, SignIn, User
from clients.models import Client
from conftest import as_role
from database.identity import acting_as
from digests import restore_hold
from digests.models import Halt
from digests.tests.test_killed import where_it_is_noon
from notes.models import ProgressNote
from tests.cast import agreed_goal, book, hold
from therapy import tasks
from therapy.backups import Refused, making, restoring, sealed, tools

HOUR = timedelta(hours=1)
PLACE = "cairn_restored"
ROLES = ("web", "owner", "worker", "backup")


def url_of(role, database=None):
    found = connection.settings_dict
    host, password = quote(found["HOST"], safe=""), found["PASSWORD"]
    name = database or found["NAME"]
    return f"postgresql://{role}:{password}@{host}:{found['PORT']}/{name}"


def as_superuser(statement, database="postgres"):
    opened = psycopg2.connect(url_of("postgres", database))
    opened.autocommit = True
    with opened.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    opened.close()
    return rows


@pytest.fixture
def place(transactional_db, settings):
    """An empty database of the owner's, beside the tests' own."""
    as_superuser(f"DROP DATABASE IF EXISTS {PLACE} WITH (FORCE)")
    as_superuser(f"CREATE DATABASE {PLACE} OWNER cairn_owner")
    settings.DATABASE_URLS = {role: url_of(f"cairn_{role}") for role in ROLES}
    yield restoring.urls(PLACE)
    as_superuser(f"DROP DATABASE {PLACE} WITH (FORCE)")


@pytest.fixture
def lived_in(place, thea, theo, cleo, carl, sign_in):
    """A practice at work: signed notes, keys turned, emails due and not yet due."""
    agreed_goal(cleo, thea, ratings=[4, 5, 6])
    hold(cleo, thea, at=timezone.now() - timedelta(days=7))
    book(cleo, thea, at=timezone.now() + timedelta(days=1))
    sign_in(thea).get(f"/clients/{cleo.pk}/")
    now = timezone.now()
    for number, hours in enumerate((-2, -1, 30, 40)):
        OutgoingEmail.queue(
            thea, "account-exists", f"{number}", due_at=now + hours * HOUR,
            not_after=now + 90 * HOUR,
        )  # fmt: skip
    with as_role("cairn_worker"):
        seals.seal()


@pytest.fixture
def backup(lived_in, tmp_path):
    return made(tmp_path / "today.cairn")


def made(file):
    with tools.connected(url_of("cairn_backup")):
        making.make(file)
    return file


def drill(file):
    """Its lines, and whether it was green."""
    out = io.StringIO()
    try:
        call_command("drill", file, database=PLACE, stdout=out)
    except CommandError as red:
        assert red.returncode == 1
        return out.getvalue(), False
    return out.getvalue(), True


# -- green ----------------------------------------------------------------------------


@pytest.mark.requirement("R58")
def test_a_good_backup_drills_green(backup):
    said, is_green = drill(backup)
    assert is_green, said
    assert "RED" not in said
    for step in ("restore", "manifest", "audit", "narrative", "rows", "pages"):
        assert f"green  {step}" in said
    assert "green  emails      none went; " in said
    assert " 0 texts were opened" not in said
    for word in ("Cleo", "Thea", "Harbour", "tired", "@"):
        assert word not in said


def test_what_is_restored_is_read_by_who_may_and_by_nobody_else(
    backup, place, thea, theo, cleo
):
    restoring.restore(backup, place)
    with tools.connected(place["web"]):
        with acting_as(thea.pk), transaction.atomic():
            assert Client.objects.get().pk == cleo.pk
            assert ProgressNote.objects.get().body == "She came in tired."
        with acting_as(theo.pk), transaction.atomic():
            assert not Client.objects.filter(pk=cleo.pk).exists()
        with acting_as(None), transaction.atomic():
            assert not Client.objects.exists()


def test_no_email_leaves_a_restored_practice_until_somebody_says_so(
    backup, place, mailoutbox
):
    restoring.restore(backup, place)
    with tools.connected(place["worker"]):
        tasks.tick()
        assert not mailoutbox
        assert {m.state for m in OutgoingEmail.objects.all()} == {"held"}
        lifted = restore_hold.lift()
        assert not Halt.objects.exists()
        tasks.tick()
        assert not mailoutbox  # those of an hour ago were sent by the original
        later = OutgoingEmail.objects.filter(kind="account-exists", state="waiting")
        assert (lifted.free >= 2, later.count()) == (True, 2)
        assert OutgoingEmail.objects.filter(
            due_at__lt=timezone.now(), state="held"
        ).exists()
        OutgoingEmail.objects.filter(pk=later[0].pk).update(due_at=timezone.now())
        tasks.tick()
        assert len(mailoutbox) == 1


def test_a_reminder_that_the_original_may_have_sent_is_not_planned_again(
    place, thea, cleo, tmp_path, mailoutbox
):
    """Booked for tomorrow, and the backup is from before it was planned."""
    User.objects.filter(pk=cleo.user_id).update(time_zone=where_it_is_noon())
    book(cleo, thea, at=timezone.now() + 20 * HOUR)
    restoring.restore(made(tmp_path / "early.cairn"), place)
    with tools.connected(place["worker"]):
        restore_hold.lift()
        tasks.tick()
        assert not mailoutbox
        [reminder] = OutgoingEmail.objects.filter(kind="reminder")
        assert (reminder.state, reminder.reason) == ("held", "restored")


def test_whoever_asks_for_a_link_during_the_halt_gets_it_afterwards(
    backup, place, theo, mailoutbox
):
    restoring.restore(backup, place)
    now = timezone.now()
    with tools.connected(place["web"]), acting_as(theo.pk), transaction.atomic():
        OutgoingEmail.queue(
            theo, "account-exists", "now", due_at=now, not_after=now + HOUR
        )
    with tools.connected(place["worker"]):
        tasks.tick()
        assert not mailoutbox
        restore_hold.lift()
        tasks.tick()
    assert [email.to for email in mailoutbox] == [[theo.email]]


@pytest.mark.requirement("R38")
def test_after_a_restore_everybody_signs_in_anew(backup, place):
    assert SignIn.objects.exists()
    restoring.restore(backup, place)
    with tools.connected(place["web"]):
        assert not SignIn.objects.exists()


def test_the_restored_trail_goes_on(backup, place, thea):
    restoring.restore(backup, place)
    with tools.connected(place["web"]), acting_as(thea.pk), transaction.atomic():
        from accounts import audit

        audit.record("opened")
    with tools.connected(place["worker"]):
        assert seals.first_fault() is None


def test_a_backup_while_people_write_is_of_one_moment(lived_in, thea, cleo, tmp_path):
    """A row that is committed between the manifest and the dump is in neither."""
    file, take = tmp_path / "busy.cairn", making.manifest.take

    def somebody_writes_afterwards():
        taken = take()
        as_superuser(
            "INSERT INTO accounts_heartbeat VALUES (77, now())",
            connection.settings_dict["NAME"],
        )
        return taken

    making.manifest.take = somebody_writes_afterwards
    try:
        made(file)
    finally:
        making.manifest.take = take
    said, is_green = drill(file)
    assert is_green, said
    assert as_superuser("SELECT FROM accounts_heartbeat WHERE id = 77", PLACE) == []


# -- red ------------------------------------------------------------------------------


def spoilt(file, change):
    """A copy of the file, with its bytes changed."""
    copy = file.with_name("spoilt.cairn")
    copy.write_bytes(change(bytearray(file.read_bytes())))
    return copy


def flipped(data):
    data[len(data) // 2] ^= 1
    return data


def of_another_format(data):
    data[len(sealed.MAGIC)] = 9
    return data


SPOILT = {
    "its end is cut off": (lambda d: d[:-1], "damaged or cut off"),
    "half of it is missing": (lambda d: d[: len(d) // 2], "damaged or cut off"),
    "only its beginning is there": (lambda d: d[:20], "not even its beginning"),
    "one bit is flipped": (flipped, "damaged or cut off"),
    "something was added": (lambda d: d + b"x" * 100, "damaged or cut off"),
    "it is of another format": (of_another_format, "is of format 9"),
    "it is something else": (lambda d: b"PGDMP" + d, "no backup of Cairn"),
    "it is empty": (lambda d: b"", "no backup of Cairn"),
}


def test_a_spoilt_backup_drills_red_and_touches_nothing(backup, place):
    for what, (change, words) in SPOILT.items():
        said, is_green = drill(spoilt(backup, change))
        assert not is_green, what
        assert "RED    restore" in said, what
        assert words in said, what
    tables = "SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert as_superuser(tables, PLACE) == []


@pytest.mark.requirement("R59")
def test_another_key_drills_red(backup, place, settings):
    settings.MASTER_KEY = bytes(32)
    said, is_green = drill(backup)
    assert not is_green
    assert "sealed with another MASTER_KEY" in said


@pytest.mark.requirement("R59")
def test_a_backup_key_seals_and_does_not_open_what_people_wrote(
    lived_in, place, tmp_path, settings
):
    settings.BACKUP_KEY = b"b" * 32
    file, master = made(tmp_path / "own.cairn"), settings.MASTER_KEY
    settings.BACKUP_KEY = None
    assert "another BACKUP_KEY" in drill(file)[0]
    settings.BACKUP_KEY, settings.MASTER_KEY = b"b" * 32, bytes(32)
    said, is_green = drill(file)
    assert not is_green
    assert "green  manifest" in said
    assert "RED    narrative" in said
    settings.OLD_MASTER_KEYS = [master]
    as_superuser(f"DROP DATABASE {PLACE} WITH (FORCE)")
    as_superuser(f"CREATE DATABASE {PLACE} OWNER cairn_owner")
    assert drill(file)[1]


def rewritten(file, change):
    """Sealed again, with another manifest: as if the archive had lost something."""
    copy = file.with_name("rewritten.cairn")
    with restoring.opened(file) as (taken, reader), copy.open("wb") as out:
        change(taken)
        making.put(out, taken, reader)
    return copy


def lacks_a_row(taken):
    taken["tables"]['"public"."accounts_user"'][0] += 1


def has_another_row(taken):
    taken["tables"]['"public"."goals_goalrating"'][1] = "1"


def lacks_a_policy(taken):
    taken["catalogue"]["policies"].append("public.goals_goal forgotten")


def lacks_a_table(taken):
    taken["tables"]['"public"."notes_nobody_dumped"'] = [3, "5"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lacks_a_row, '"accounts_user" has 4 rows, not 5'),
        (has_another_row, '"goals_goalrating" has other rows'),
        (lacks_a_policy, "policies: lacks public.goals_goal forgotten"),
        (lacks_a_table, '"notes_nobody_dumped" is missing'),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_missing_drills_red(backup, change, words):
    said, is_green = drill(rewritten(backup, change))
    assert not is_green
    assert "RED    manifest" in said
    assert words in said


def test_what_is_not_as_it_was_stays_locked(backup, place):
    with pytest.raises(Refused, match="stays locked"):
        restoring.restore(rewritten(backup, lacks_a_row), place)
    for role in ("web", "worker"):
        with pytest.raises(psycopg2.OperationalError, match="permission denied"):
            psycopg2.connect(place[role])


def of_a_newer_postgresql(taken):
    taken["server"] = 990000


def of_a_newer_cairn(taken):
    taken["migrations"].append(["goals", "0099_of_next_year"])


def of_tables_before_they_were_rewritten(taken):
    del taken["generation"]


def dumped_by_a_newer_program(taken):
    taken["pg_dump"] = 99


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_a_newer_postgresql, "is of PostgreSQL 99"),
        (of_a_newer_cairn, "goals 0099_of_next_year first"),
        (of_tables_before_they_were_rewritten, "only the build that made it"),
        (dumped_by_a_newer_program, "pg_restore of version 99 or newer is needed"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_another_version_is_refused_in_words(backup, change, words):
    said, is_green = drill(rewritten(backup, change))
    assert not is_green
    assert words in said


def test_a_broken_trail_drills_red(lived_in, place, tmp_path):
    as_superuser(
        "SET session_replication_role = replica;"
        "UPDATE accounts_auditevent SET verb = 'nothing' WHERE id = (SELECT min(id)"
        " FROM accounts_auditevent)",
        connection.settings_dict["NAME"],
    )
    assert AuditEvent.objects.filter(verb="nothing").exists()
    said, is_green = drill(made(tmp_path / "changed.cairn"))
    assert not is_green
    assert "RED    audit" in said


def test_a_database_that_holds_something_is_left_alone(backup, place):
    restoring.restore(backup, place)
    before = as_superuser("SELECT count(*) FROM clients_client", PLACE)
    with pytest.raises(Refused, match="is not empty"):
        restoring.restore(backup, place)
    with pytest.raises(Refused, match="is not empty"):
        restoring.restore(backup, restoring.urls())
    assert as_superuser("SELECT count(*) FROM clients_client", PLACE) == before


# -- making one -----------------------------------------------------------------------


def test_nobody_but_the_backups_role_makes_one(lived_in, tmp_path):
    for role in ("cairn_web", "cairn_owner"):
        with tools.connected(url_of(role)), pytest.raises(Refused, match="every row"):
            making.make(tmp_path / "x.cairn")
    assert not list(tmp_path.glob("*.cairn*"))


def test_a_backup_is_for_us_alone_and_overwrites_nothing(backup):
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    before = backup.read_bytes()
    with pytest.raises(Refused, match="overwrites nothing"):
        made(backup)
    assert backup.read_bytes() == before


@pytest.mark.requirement("R22")
def test_nothing_of_it_can_be_read_without_the_key(backup):
    data = backup.read_bytes()
    for word in (b"Cleo", b"thea@", b"Harbour", b"PGDMP", b"accounts_user"):
        assert word not in data


def test_an_older_pg_dump_is_refused_with_what_to_install(monkeypatch, tmp_path):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 14.2'\n")
    old.chmod(0o755)
    monkeypatch.setattr(tools, "_places", lambda program: [old])
    with pytest.raises(Refused, match="apt-get install postgresql-client-18"):
        tools.find("pg_dump", server=180001)
    assert tools.find("pg_dump", server=140005) == (old, 14)


def test_no_password_stands_in_the_list_of_processes(place):
    with tools.connected(place["backup"]):
        said = tools.environment()
        assert said["PGPASSWORD"] == connection.settings_dict["PASSWORD"]
        assert said["PGDATABASE"] == PLACE


def test_a_url_that_is_missing_is_named(settings):
    settings.DATABASE_URLS = {"web": "x", "owner": None}
    with pytest.raises(Refused, match="MIGRATE_DATABASE_URL is not set"):
        restoring.urls()


# -- the seal itself ------------------------------------------------------------------


def sealed_bytes(data):
    out = io.BytesIO()
    writer = sealed.Writer(out)
    for start in range(0, len(data), 700_001):
        writer.write(data[start : start + 700_001])
    writer.close()
    return out.getvalue()


def opened(data):
    return b"".join(sealed.SealedReader(io.BytesIO(data)))


@pytest.mark.parametrize("size", [0, 1, sealed.CHUNK - 1, sealed.CHUNK,
                                  sealed.CHUNK + 1, 3 * sealed.CHUNK])  # fmt: skip
def test_what_was_sealed_comes_back_whatever_its_length(size):
    data = os.urandom(size)
    assert opened(sealed_bytes(data)) == data


def parts(data):
    size = sealed.CHUNK + sealed.TAG
    body = data[sealed.HEADER :]
    return data[: sealed.HEADER], [
        body[start : start + size] for start in range(0, len(body), size)
    ]


def test_parts_neither_change_places_nor_files_nor_go_missing():
    data = os.urandom(3 * sealed.CHUNK)
    header, (first, second, third) = parts(sealed_bytes(data))
    _header, others = parts(sealed_bytes(data))
    assert opened(header + first + second + third) == data
    for wrong in (
        [second, first, third],
        [first, third],
        [first, second],
        [first, second, others[2]],
        [first, second, third, third],
        [],
    ):
        with pytest.raises(Refused, match=r"damaged or cut off"):
            opened(header + b"".join(wrong))


def test_the_same_words_never_look_the_same():
    assert sealed_bytes(b"x")[sealed.HEADER :] != sealed_bytes(b"x")[sealed.HEADER :]


def test_the_header_belongs_to_the_file():
    one = sealed_bytes(json.dumps([1]).encode())
    assert opened(one) == b"[1]"
    for place_ in range(len(sealed.MAGIC), sealed.HEADER):
        changed = bytearray(one)
        changed[place_] ^= 1
        with pytest.raises(Refused):
            opened(bytes(changed))
