"""Two groups of web processes and two of workers on one PostgreSQL and one Redis.

As behind a load balancer, each machine with its own: nothing that matters is kept in a
process, so whoever is asked answers alike, and whoever sends, sends once.
"""

import http.client
import re
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from accounts import seals
from accounts.models import OutgoingEmail, User
from clients.models import Client
from conftest import admit
from digests.tests import conftest as calendar
from digests.tests.test_killed import copies, sent, url_as, where_it_is_noon
from notes.models import ProgressNote
from notes.tests.test_session import said
from ops import place, redis
from ops.mail import Sink
from ops.place import free_port, wait_until
from tests.cast import book
from tests.test_start import BASE
from tests.test_upgrade import environment
from tests.under_load import FORM, TOKEN, Load

__all__ = ["environment"]  # a fixture

pytestmark = pytest.mark.services
HOUR = timedelta(hours=1)
JSON = FORM | {"Accept": "application/json"}


class Group:
    """A web with a port of its own, a worker and a beat: a machine's."""

    def __init__(self, name, env, folder):
        self.name, self.folder, self.env = name, folder, env
        self.port = free_port(18700)
        self.processes = {}

    def spawn(self, part, *command, **env):
        command = [sys.executable, "-m", *command]
        self.processes[part] = place.spawn(
            command, self.log(part), cwd=BASE, env=self.env | env
        )

    def log(self, part):
        return self.folder / f"{self.name}-{part}.log"

    def serve(self):
        bind = f"127.0.0.1:{self.port}"
        self.spawn("web", "gunicorn", "-c", "python:therapy.gunicorn", "therapy.wsgi",
                   BIND=bind)  # fmt: skip
        there = Load(self.port, "")
        process, log = self.processes["web"], self.log("web")
        wait_until(
            lambda: there.ask("GET", "/healthz").status == 200,
            60,
            "a web",
            process,
            log,
        )

    def work(self):
        celery, role = ("celery", "-A", "therapy"), url_as("cairn_worker")
        self.spawn("worker", *celery, "worker", "-c", "2", "--loglevel", "INFO",
                   "-n", f"{self.name}@%h", DATABASE_URL=role)  # fmt: skip
        self.spawn("beat", *celery, "beat", "--pidfile=", DATABASE_URL=role)

    def stop(self):
        for part in ("beat", "worker", "web"):
            if part in self.processes:
                place.end(self.processes[part])

    @property
    def ticks(self):
        """How many its worker has done."""
        log = self.log("worker").read_text()
        return len(re.findall(r"Task tick\[[\w-]+\] succeeded", log))

    def ask(self, session, path, said=None, headers=FORM):
        """Status, where it leads, and its text; a look where nothing is `said`."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = {"Cookie": f"csrftoken={TOKEN}; sessionid={session}"}
        if said is None:
            line.request("GET", path, headers=cookies)
        else:
            line.request("POST", path, urlencode(said), headers | cookies)
        answer = line.getresponse()
        found = answer.status, answer.headers.get("Location"), answer.read().decode()
        line.close()
        return found


@pytest.fixture
def sink(tmp_path):
    with Sink(tmp_path / "mail") as sink:
        yield sink


@pytest.fixture
def broker(tmp_path):
    home = tmp_path / "redis"
    process = place.spawn(redis.command(home), tmp_path / "redis.log")
    wait_until(lambda: redis.answers(home), 10, "Redis", process)
    yield redis.url(home)
    place.end(process)


@pytest.fixture
def groups(environment, broker, sink, tmp_path):
    env = environment | {
        "REDIS_URL": broker,
        "EMAIL_URL": sink.url,
        "TICK_SECONDS": "1",
    }
    with ExitStack() as stack:
        found = [Group(name, env, tmp_path) for name in ("one", "two")]
        for group in found:
            stack.callback(group.stop)
            group.serve()
        yield found


@pytest.fixture
def session(sign_in, thea):
    return sign_in(thea).cookies["sessionid"].value


def emails_become_due(thea, within):
    """Each by itself at another moment, reminders of sessions among them."""
    zone, now = where_it_is_noon(), timezone.now()
    for number in range(40):
        due_at = now + within * number / 40
        OutgoingEmail.queue(
            thea, "account-exists", f"n{number}", due_at=due_at, not_after=now + HOUR
        )
    for number in range(8):
        client = admit(f"Rita{number}", by=thea)
        User.objects.filter(pk=client.user_id).update(time_zone=zone)
        calendar.on_calendar(client, thea, now + 24 * HOUR + within * number / 8)


def no_email_waits():
    due = OutgoingEmail.objects.filter(due_at__lte=timezone.now())
    return not due.filter(state__in=["waiting", "sending"]).exists()


def edited(group, session, client, name):
    path = f"/clients/{client}/edit/"
    version = re.search(r'name="version" value="(\d+)"', group.ask(session, path)[2])[1]
    form = {"preferred_name": name, "state": "active", "version": version}
    return group.ask(session, path, form)[0]


def test_under_load_each_email_goes_once_and_each_edit_is_seen_over_the_other(
    groups, session, thea, sink
):
    one, two = groups
    for group in groups:
        group.work()
    within = timedelta(seconds=10)
    emails_become_due(thea, within)
    ended = timezone.now() + within
    with ExitStack() as stack:
        loads = [
            stack.enter_context(
                Load(group.port, session, name=group.name, page="/caseload/",
                     readers=1, writers=1)
            )
            for group in groups
        ]  # fmt: skip
        status, address, _ = one.ask(session, "/clients/add/", {
            "preferred_name": "Mara", "portal": "none"})  # fmt: skip
        assert status == 302
        client = address.split("/")[2]
        rounds = 0
        while timezone.now() < ended or rounds < 4:
            rounds += 1
            here, there = (one, two) if rounds % 2 else (two, one)
            assert edited(here, session, client, f"Mara {rounds}") == 302
            page = there.ask(session, f"/clients/{client}/")[2]
            assert f"Mara {rounds}" in page
        for load in loads:
            load.wait_for(10)
    for load in loads:
        assert load.failed == []
    kept = set(Client.objects.values_list("preferred_name", flat=True))
    assert loads[0].acknowledged | loads[1].acknowledged <= kept
    wait_until(no_email_waits, 30, "the last email")
    assert copies(sink) == Counter(sent())
    kinds = Counter(
        OutgoingEmail.objects.filter(state="sent").values_list("kind", flat=True)
    )
    assert (kinds["account-exists"], kinds["reminder"]) == (40, 8)
    # Both took their turn, and the audit's seals are one chain.
    wait_until(lambda: min(one.ticks, two.ticks) > 2, 30, "one of the workers")
    assert seals.first_fault() is None


def test_two_tabs_over_two_groups_conflict_as_over_one(groups, session, thea, cleo):
    """Both begin from what they saw; one is kept, the other is shown both."""
    of = book(cleo, thea, at=timezone.now() - HOUR)
    path = f"/sessions/{of.pk}/note/"

    def keeps(group, text, revision):
        typed = said(part0=text, revision=str(revision))
        return group.ask(session, path, typed, JSON)

    with ThreadPoolExecutor(2) as hands:
        for revision in range(10):
            texts = [f"{group.name} at {revision}" for group in groups]
            told = [*hands.map(keeps, groups, texts, [revision] * 2)]
            assert sorted(status for status, _, _ in told) == [200, 409], told
            first = texts[[status for status, _, _ in told].index(200)]
            [refused] = [text for status, _, text in told if status == 409]
            assert first in refused
    note = ProgressNote.objects.get(session=of)
    assert note.revision == 10
