"""The measured pages: user, URL and budget."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.test import Client as Browser

from accounts.backend import account_at
from accounts.models import User
from appointments.models import TherapySession
from clients.models import Client
from database.identity import acting_as
from digests.models import Digest
from goals.models import Goal
from therapy.demo.people import PASSWORD
from therapy.scale import measured as seeded

TOKEN = "a" * 32  # a CSRF secret; the cookie and the form say the same
NOTE = seeded.NOTE[:1365]  # three of them are 4 KB
FORM = {
    "format": "dap", "part0": NOTE, "part1": NOTE, "part2": NOTE, "part3": "",
    "practice": "Two stops on Friday", "take_away": "The wave has a clock on it.",
}  # fmt: skip
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
PARTED = {"Content-Type": "multipart/form-data; boundary=cairn"}


@dataclass
class Case:
    """One page asked for again and again by a signed-in person."""

    name: str
    path: str
    cookie: str = ""
    queries: int | None = None  # at most
    ratio: float | None = None  # at most, times the floor
    status: int = 200
    headers: dict = field(default_factory=dict)
    from_anywhere: bool = False  # each time from another address

    def __post_init__(self):
        self.headers = {"Cookie": self.cookie, "Accept-Encoding": "gzip"}

    def renew(self) -> None:
        """Before each window."""

    def has_more(self, number: int) -> bool:
        return True

    def request(self, number: int):
        return "GET", self.path, None, self.headers

    def answered(self, number: int, text: bytes) -> None:
        """After each answer to connection `number`."""


@dataclass
class FloorNote(Case):
    def request(self, number: int):
        body = urlencode({"body": NOTE * 3})
        return "POST", self.path, body, self.headers | FORM_HEADERS


@dataclass
class SignIn(Case):
    def request(self, number: int):
        said = {"login": seeded.THERAPIST, "password": PASSWORD}
        body = urlencode(said | {"csrfmiddlewaretoken": TOKEN})
        return "POST", self.path, body, self.headers | FORM_HEADERS


@dataclass
class Logging(Case):
    """On sessions that wait to be logged; what was written is undone in between."""

    sessions: list = field(default_factory=list)
    undo: object = None

    def renew(self) -> None:
        self.undo()
        self.left, self.next = iter(self.sessions), {}
        self.revisions: dict = {}


@dataclass
class Autosave(Logging):
    """Each connection types into one note, saving over its own last revision."""

    def request(self, number: int):
        revision = self.revisions.get(number, 0)
        said = FORM | {"revision": revision, "csrfmiddlewaretoken": TOKEN}
        path = f"/sessions/{self.sessions[number * 7][0]}/note/"
        headers = self.headers | PARTED | {"Accept": "application/json"}
        return "POST", path, parted(said), headers

    def answered(self, number: int, text: bytes) -> None:
        self.revisions[number] = json.loads(text)["revision"]


@dataclass
class SaveAndSign(Logging):
    def has_more(self, number: int) -> bool:
        self.next[number] = next(self.left, None)
        return self.next[number] is not None

    def request(self, number: int):
        session, goals = self.next[number]
        said = FORM | {"revision": 0, "act": "sign", "csrfmiddlewaretoken": TOKEN}
        said |= {f"rating-{goal}": 5 for goal in goals}
        body = urlencode(said)
        path = f"/sessions/{session}/"
        return "POST", path, body, self.headers | FORM_HEADERS


def parted(said: dict) -> bytes:
    """As the browser's FormData sends it."""
    parts = [
        f'--cairn\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in said.items()
    ]
    return ("".join(parts) + "--cairn--\r\n").encode()


UNDO = """
SET session_replication_role = replica;  -- a signed note lets nobody else take it back
DELETE FROM notes_progressnote WHERE session_id = ANY(%(ids)s::uuid[]);
DELETE FROM notes_sessiongoal WHERE session_id = ANY(%(ids)s::uuid[]);
DELETE FROM goals_goalrating WHERE session_id = ANY(%(ids)s::uuid[]);
DELETE FROM toolkit_assignment WHERE session_id = ANY(%(ids)s::uuid[]);
UPDATE appointments_therapysession
  SET state = 'planned', take_away = '', logged_at = NULL
  WHERE id = ANY(%(ids)s::uuid[]);
UPDATE appointments_therapysession  -- a note is not signed before its session began
  SET starts_at = starts_at - interval '28 days', ends_at = ends_at - interval '28 days'
  WHERE id = ANY(%(ids)s::uuid[]) AND starts_at > now();
"""
# The eight sessions of the day are moved to the day on which we measure.
TODAY = """
UPDATE appointments_therapysession s
SET starts_at = day.at, ends_at = day.at + '50 minutes'
FROM (
  SELECT s.id, now() + (date_trunc('day', now()) + interval '1 day' - now())
    * row_number() OVER (ORDER BY s.id) / 9 AS at
  FROM appointments_therapysession s JOIN clients_client c ON c.id = s.client_id
  JOIN accounts_user u ON u.id = s.therapist_id
  WHERE u.email = '{therapist}' AND s.state = 'planned'
    AND substr(c.family_name, 7)::int BETWEEN 2 AND 9
) day WHERE s.id = day.id
"""


@contextmanager
def acting(person):
    with acting_as(person.pk), transaction.atomic():
        yield


def person_at(email: str) -> User:
    """Who signs in with this address; a visitor finds that one account alone."""
    with acting_as(None), transaction.atomic():
        found = account_at(email)
    with acting_as(found), transaction.atomic():
        return User.objects.get(pk=found)


def cookie_of(person) -> str:
    """Of a sign-in that begins now."""
    browser = Browser()
    with acting_as(None, coming=person.pk), transaction.atomic():
        browser.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[-1])
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return f"sessionid={session}; csrftoken={TOKEN}"


class Desk:
    """A therapist, and what was seeded to be opened by them."""

    def __init__(self, world, person):
        self.person = person
        world.as_superuser(TODAY.format(therapist=person.email))
        with acting(person):
            journey, goals, session = (
                Client.objects.get(preferred_name=name)
                for name in (seeded.JOURNEY, seeded.GOALS, seeded.SESSION)
            )
            self.journey, self.goal = journey, Goal.objects.get(client=goals)
            mine = TherapySession.objects.filter(client=session)
            self.session = mine.planned().get()
            self.digest = Digest.objects.latest("starts_at")

    def pages(self, cookie: str) -> list[Case]:
        return [
            Case("caseload", "/caseload/", cookie, 12, 4),  # its rows are a template
            Case("search by name", "/caseload/?q=number1", cookie, 8, 1.5),
            Case("today", "/today/", cookie, 14, 3),
            Case("client with timeline", f"/clients/{self.journey.pk}/", cookie, 14, 4),
            Case("session screen", f"/sessions/{self.session.pk}/", cookie, 20, 3.5),
            Case("goal page", f"/goals/{self.goal.pk}/", cookie, 15, 4),
            Case("weekly digest", f"/digest/{self.digest.pk}/", cookie, 12, 3),
        ]


def portal_home(cookie: str) -> Case:
    return Case("portal home", "/portal/", cookie, 10, 1.5)


def people(cookie: str) -> Case:
    return Case("people (admin)", "/people/", cookie, 8, 3)


def to_log(person) -> list:
    """Each session of theirs that waits, with the goals of its client."""
    with acting(person):
        goals: dict = {}
        for goal in Goal.objects.all():
            goals.setdefault(goal.client_id, []).append(goal.pk)
        waiting = TherapySession.objects.filter(place=seeded.WAITS).order_by("pk")
        return [(session.pk, goals[session.client_id]) for session in waiting]


def undo(world, sessions: list) -> None:
    """What was logged of these never was."""
    connection = world.cluster.connect("cairn")
    with connection.cursor() as cursor:
        cursor.execute(UNDO, {"ids": [str(pk) for pk, _goals in sessions]})
    connection.close()


class Cast:
    """Finds what was seeded and signs its people in."""

    def __init__(self, world):
        self.world = world
        self.people = {
            email: person_at(email)
            for email in (
                seeded.THERAPIST, seeded.LOGGER, seeded.ADMIN, seeded.PORTAL,
            )
        }  # fmt: skip
        self.desk = Desk(world, self.people[seeded.THERAPIST])
        self.to_log = to_log(self.people[seeded.LOGGER])

    def undo(self) -> None:
        undo(self.world, self.to_log)

    def cases(self) -> list[Case]:
        tess, lou, ada, portal = map(cookie_of, self.people.values())
        logging = {"cookie": lou, "sessions": self.to_log, "undo": self.undo}
        *pages, goal, digest = self.desk.pages(tess)
        journey = self.desk.journey.pk
        return [
            *pages,
            Autosave("autosave, 4 KB", "", queries=3, ratio=0.5, **logging),
            SaveAndSign(
                "save and sign", "", queries=25, ratio=2, status=302, **logging
            ),
            goal,
            portal_home(portal),
            Case("the whole timeline", f"/clients/{journey}/journey/", tess, 13),
            Case("strengths and wins", f"/clients/{journey}/strengths/", tess, 12),
            Case("goal progress", f"/clients/{journey}/progress/", tess, 10),
            digest,
            people(ada),
            SignIn(
                "sign-in",
                "/sign-in/",
                f"csrftoken={TOKEN}; device={TOKEN}",  # as a browser known before
                18,
                None,
                status=302,
                from_anywhere=True,
            ),
        ]

    def floor_cases(self) -> tuple[Case, Case]:
        cookie = f"sessionid={self.world.floor_session}"
        client = f"/client/{self.world.floor_client}/"
        page = Case("the floor itself", "/", cookie, 3)
        return page, FloorNote("floor: a note", client, cookie, status=302)
