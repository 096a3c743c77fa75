"""The practice of 30 November 2026 lives on in every later Cairn.

`first_practice/practice.cairn` is a backup of the demo, made when its tables became
final: from then on migrations are only added.  It is never made anew.  It was taken by
`manage.py backup`, with the master key below, which guards nothing else.
"""

import re
from collections import Counter, deque
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.core.management import call_command
from django.db import transaction
from django.urls import resolve, reverse

from accounts import encryption
from accounts.backend import account_at
from conftest import WebClient
from database.generation import GENERATION
from database.identity import acting_as
from goals.models import GoalVersion
from notes.models import ProgressNote
from tests.test_backups import PLACE, ROLES, as_superuser, url_of
from tests.test_walk import ALL
from therapy.backups import restoring, tools
from therapy.doctor import catalogue

BASE = Path(__file__).parent.parent
FILE = Path(__file__).parent / "first_practice" / "practice.cairn"
KEY = b"the first practice of the tests!"
PEOPLE = ["thea", "theo", "iris", "ada", "cleo"]
LINK = re.compile(r'href="(/[^"#]*)')
# As many pages of one address are opened for each person as tell it apart.
OF_EACH = 4
PAGES = 88  # of all that anybody can open


@pytest.fixture
def taken(settings):
    """What the backup says of itself."""
    settings.MASTER_KEY, settings.BACKUP_KEY = KEY, None
    with restoring.opened(FILE) as (said, _reader):
        return said


@pytest.fixture
def restored(transactional_db, settings):
    settings.MASTER_KEY, settings.BACKUP_KEY = KEY, None
    as_superuser(f"DROP DATABASE IF EXISTS {PLACE} WITH (FORCE)")
    as_superuser(f"CREATE DATABASE {PLACE} OWNER cairn_owner")
    settings.DATABASE_URLS = {role: url_of(f"cairn_{role}") for role in ROLES}
    where = restoring.urls(PLACE)
    restoring.restore(FILE, where)
    with tools.connected(where["owner"]):
        call_command("migrate", interactive=False, verbosity=0)
    yield where
    as_superuser(f"DROP DATABASE {PLACE} WITH (FORCE)")


def signed_in(who):
    browser = WebClient()
    said = {"login": f"{who}@cairn.example", "password": "demo-demo-demo"}
    assert browser.post("/sign-in/", said).status_code == 302
    return browser


def kind_of(url):
    """The name of an address, and what is asked of it."""
    path, _, asked = url.partition("?")
    return resolve(path).url_name, *sorted(parse_qs(asked))


def opened_by(who):
    """The names of all pages that one comes to by links, and then of all others that
    there are for what one saw; each of them answers."""
    browser, opened, times = signed_in(who), set(), Counter()
    waiting, known, seen = deque(["/"]), {"/"}, {}
    while waiting:
        url = waiting.popleft()
        seen |= resolve(url.partition("?")[0]).kwargs
        answer = browser.get(url)
        assert answer.status_code in (200, 302), (who, url, answer.status_code)
        if answer.status_code == 200:
            opened.add(kind_of(url)[0])
        for link in links_on(answer):
            if link in known or link.startswith(("/static/", "/sign-out/")):
                continue
            known.add(link)
            times[kind_of(link)] += 1
            if times[kind_of(link)] <= OF_EACH:
                waiting.append(link)
    return opened | others(browser, opened, seen)


def links_on(answer):
    if answer.status_code == 302:
        return [answer.url]
    if not answer["Content-Type"].startswith("text/html"):
        return []
    return [unescape(link) for link in LINK.findall(answer.content.decode())]


def others(browser, opened, seen):
    """Pages that no link named, or that stand in an email; the sign-out comes last."""
    found = set()
    for pattern in sorted(ALL, key=lambda each: each.name == "account_logout"):
        names = set(pattern.pattern.converters)
        if pattern.name in opened or not names <= set(seen):
            continue
        url = reverse(pattern.name, kwargs={name: seen[name] for name in names})
        answer = browser.get(url)
        assert answer.status_code < 500, url
        if answer.status_code == 200:
            found.add(pattern.name)
    return found


@pytest.mark.requirement("R58")
def test_the_first_practice_is_restored_migrated_and_every_page_of_it_opens(
    restored, settings, caplog
):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    with tools.connected(restored["web"]):
        faults = [f for f in catalogue.as_released() if f.is_wrong]
        opened = {who: opened_by(who) for who in PEOPLE}
    assert faults == []
    assert [said for said in caplog.records if said.levelname == "ERROR"] == []
    pages = set().union(*opened.values())
    assert len(pages) >= PAGES, sorted(pages)
    assert {"caseload", "goal", "session"} <= opened["thea"]
    assert {"portal-home", "portal-goal", "portal-session"} <= opened["cleo"]
    assert {"people", "audit"} <= opened["ada"]


def test_what_was_written_in_the_first_practice_can_be_read(restored):
    with tools.connected(restored["web"]), transaction.atomic():
        thea = account_at("thea@cairn.example")
        with acting_as(thea), transaction.atomic():
            notes = [note.body for note in ProgressNote.objects.signed()]
            versions = list(GoalVersion.objects.all())
            goals = [version.own_words for version in versions]
            marks = [version.compute_fingerprint() for version in versions]
    assert len(notes) > 50
    assert len(goals) > 20
    assert marks == [version.fingerprint for version in versions]  # as agreed to then
    closed = [text for text in notes + goals if isinstance(text, encryption.Unreadable)]
    assert not closed


def test_a_migration_of_then_is_never_changed_and_none_is_put_between(taken):
    """Sums of the files as sha256sum writes them; a new migration is not added here."""
    listed = (FILE.parent / "migrations.sha256").read_text().split()
    sums, names = listed[::2], listed[1::2]
    assert [sha256((BASE / name).read_bytes()).hexdigest() for name in names] == sums
    ours = {name.split("/")[0] for name in names}
    then = {f"{app}/migrations/{name}.py" for app, name in taken["migrations"]
            if app in ours}  # fmt: skip
    assert then == set(names)
    for app in ours:
        last = max(name for name in names if name.startswith(f"{app}/"))
        for file in (BASE / app / "migrations").glob("0*.py"):
            name = f"{app}/migrations/{file.name}"
            assert name in names or name > last, name


def test_the_generation_of_the_tables_stays_the_last(taken):
    assert taken["generation"] == GENERATION == 4
