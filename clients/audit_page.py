"""The audit trail in plain words, for the admin: who, what kind of thing, when, whence.

Holds no word of content and says none.  A verb without words here fails a test.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from accounts.models import AuditEvent, User
from clients import apart
from clients.models import Client


class Sort(models.TextChoices):
    """What kinds of thing the page can be filtered by."""

    SIGN_IN = "sign-in", _("Sign-in")
    OPENED = "opened", _("Opened")
    WROTE = "wrote", _("Wrote")
    SIGNED = "signed", _("Signed")
    EXPORTED = "exported", _("Exported")
    ROLE = "role", _("Accounts and roles")
    SETTINGS = "settings", _("Settings")
    REFUSED = "refused", _("Refused")


VERBS = {
    "signed in": (Sort.SIGN_IN, _("Signed in")),
    "signed out": (Sort.SIGN_IN, _("Signed out")),
    "joined": (Sort.SIGN_IN, _("Accepted the invitation")),
    "password changed": (Sort.SIGN_IN, _("Chose a new password")),
    "sign-in ended": (Sort.SIGN_IN, _("Ended a sign-in")),
    "address wanted": (Sort.SIGN_IN, _("Asked for another address")),
    "address changed": (Sort.SIGN_IN, _("Changed the address")),
    "second step added": (Sort.SIGN_IN, _("Added a second step")),
    "second step removed": (Sort.SIGN_IN, _("Removed a second step")),
    "recovery codes made anew": (Sort.SIGN_IN, _("Made new recovery codes")),
    "sign-in reset": (Sort.SIGN_IN, _("Reset a sign-in")),
    "opened": (Sort.OPENED, _("A part of the record")),
    "opened today": (Sort.OPENED, _("The day’s sessions")),
    "opened caseload": (Sort.OPENED, _("The caseload")),
    "opened digest": (Sort.OPENED, _("The week")),
    "opened audit": (Sort.OPENED, _("This audit")),
    "exported": (Sort.EXPORTED, _("From the record")),
    "copy fetched": (Sort.EXPORTED, _("Fetched a copy of the record")),
    "exported audit": (Sort.EXPORTED, _("This audit, as CSV")),
    "printed": (Sort.EXPORTED, _("From the record, on paper")),
    "goal proposed": (Sort.WROTE, _("Proposed a goal")),
    "goal agreed": (Sort.WROTE, _("Agreed to a goal")),
    "goal in force": (Sort.WROTE, _("A goal is in force")),
    "goal rated": (Sort.WROTE, _("Rated a goal")),
    "rating withdrawn": (Sort.WROTE, _("Took a rating back")),
    "step added": (Sort.WROTE, _("Added a step")),
    "step reached": (Sort.WROTE, _("Reached a step")),
    "step undone": (Sort.WROTE, _("Took a reached step back")),
    "step moved": (Sort.WROTE, _("Put steps in another order")),
    "step dropped": (Sort.WROTE, _("Left a step out")),
    "goal key withdrawn": (Sort.WROTE, _("Took a key back")),
    "goal declined": (Sort.WROTE, _("Kept what was agreed")),
    "goal seen differently": (Sort.WROTE, _("Sees a goal differently")),
    "goal way suggested": (Sort.WROTE, _("Suggested what to do with two wordings")),
    "goal closed": (Sort.WROTE, _("A goal was closed")),
    "goal taken up": (Sort.WROTE, _("Took a goal up again")),
    "goal line kept": (Sort.WROTE, _("Kept a line with a goal that was reached")),
    "goal review begun": (Sort.WROTE, _("Began to look at a goal again")),
    "goal review answered": (Sort.WROTE, _("Answered about a goal")),
    "goal review decided": (Sort.WROTE, _("Decided about a goal")),
    "device handed over": (Sort.WROTE, _("Handed the device over for one act")),
    "goal commented": (Sort.WROTE, _("Said something about a goal")),
    "goal comment talked about": (Sort.WROTE, _("Talked about what was said")),
    "goal linked": (Sort.WROTE, _("Linked two goals")),
    "goal link ended": (Sort.WROTE, _("Took a link of goals away")),
    "goal scored": (Sort.WROTE, _("Said how important or sure a goal is")),
    "session booked": (Sort.WROTE, _("Booked a session")),
    "session moved": (Sort.WROTE, _("Moved a session")),
    "session logged": (Sort.WROTE, _("Logged a session")),
    "session cancelled": (Sort.WROTE, _("Cancelled a session")),
    "session missed": (Sort.WROTE, _("Noted that a session did not take place")),
    "session restored": (Sort.WROTE, _("Put a session back")),
    "note saved": (Sort.WROTE, _("Wrote a note")),
    "note taken over": (Sort.WROTE, _("Took over a note’s draft")),
    "note signed": (Sort.SIGNED, _("Signed a note")),
    "signing undone": (Sort.SIGNED, _("Undid signing a note")),
    "note added to": (Sort.SIGNED, _("Added to a signed note")),
    "note held back": (Sort.WROTE, _("Held a note back")),
    "note shown again": (Sort.WROTE, _("Let a note be read again")),
    "practice agreed": (Sort.WROTE, _("Agreed on practice")),
    "practice reworded": (Sort.WROTE, _("Reworded practice")),
    "practice answered": (Sort.WROTE, _("Answered about practice")),
    "strength proposed": (Sort.WROTE, _("Proposed a strength")),
    "strength answered": (Sort.WROTE, _("Answered about a strength")),
    "strength reworded": (Sort.WROTE, _("Said a strength in own words")),
    "strength linked": (Sort.WROTE, _("Linked a strength to goals")),
    "win noted": (Sort.WROTE, _("Noted a win")),
    "win taken back": (Sort.WROTE, _("Took a win back")),
    "background written": (Sort.WROTE, _("Wrote what brought them")),
    "charter changed": (Sort.SETTINGS, _("Changed how to be reached")),
    "admitted": (Sort.ROLE, _("Admitted a client")),
    "client corrected": (Sort.WROTE, _("Corrected contact details")),
    "client invited": (Sort.ROLE, _("Invited a client to the portal")),
    "address corrected": (Sort.ROLE, _("Corrected an address")),
    "primary therapist set": (Sort.ROLE, _("Set the primary therapist")),
    "primary therapist kept": (Sort.ROLE, _("Called a hand-over off")),
    "care role given": (Sort.ROLE, _("Gave a care role")),
    "care role ended": (Sort.ROLE, _("Ended a care role")),
    "care role asked": (Sort.ROLE, _("Asked for a care role")),
    "care role confirmed": (Sort.ROLE, _("Confirmed a care role")),
    "care role refused": (Sort.ROLE, _("Refused a care role")),
    "care role withdrawn": (Sort.ROLE, _("Withdrew a request for a care role")),
    "first role from who invited": (
        Sort.ROLE,
        _("Gave a care role to someone an admin invited lately"),
    ),
    "sessions passed on": (Sort.ROLE, _("Passed sessions on")),
    "import begun": (Sort.ROLE, _("Looked at a list to bring in")),
    "import started": (Sort.ROLE, _("Began to bring a list in")),
    "import stopped": (Sort.ROLE, _("Stopped bringing a list in")),
    "import dropped": (Sort.ROLE, _("Left a list out")),
    "caseload imported": (Sort.ROLE, _("Brought a list in")),
    "import undo asked": (Sort.ROLE, _("Asked to undo an import")),
    "import undo refused": (Sort.ROLE, _("Could not undo an import")),
    "import undone": (Sort.ROLE, _("Undid an import")),
    "client imported": (Sort.ROLE, _("Brought a client in with a list")),
    "session imported": (Sort.WROTE, _("Brought a past session in with a list")),
    "emergency": (Sort.ROLE, _("Opened a record in an emergency")),
    "emergency access seen": (Sort.ROLE, _("Saw that a record was opened")),
    "emergency refused": (Sort.REFUSED, _("Emergency access, not given")),
    "emergency too early": (
        Sort.REFUSED,
        _("Emergency access, not given in the first 30 days"),
    ),
    "roles changed": (Sort.ROLE, _("Changed what somebody may do")),
    "account closed": (Sort.ROLE, _("Closed an account")),
    "account reopened": (Sort.ROLE, _("Opened an account again")),
    "discharged": (Sort.ROLE, _("Discharged a client")),
    "taken back": (Sort.ROLE, _("Took a client back")),
    "portal closed": (Sort.ROLE, _("Closed their own portal")),
    "correction asked": (Sort.WROTE, _("Asked for a correction")),
    "correction answered": (Sort.WROTE, _("Answered about a correction")),
    "supervision comment": (Sort.WROTE, _("Wrote to the therapist")),
    "supervision comment read": (Sort.WROTE, _("Read what a supervisor wrote")),
    "person added": (Sort.ROLE, _("Added a person")),
    "invited": (Sort.ROLE, _("Sent an invitation")),
    "invitation revoked": (Sort.ROLE, _("Closed an invitation")),
    "settings changed": (Sort.SETTINGS, _("Changed their own settings")),
    "practice changed": (Sort.SETTINGS, _("Changed the practice’s settings")),
    "privacy notice written": (Sort.SETTINGS, _("Wrote a new privacy notice")),
    "crisis line added": (Sort.SETTINGS, _("Added a crisis line")),
    "crisis line changed": (Sort.SETTINGS, _("Changed a crisis line")),
    "crisis line moved": (Sort.SETTINGS, _("Moved a crisis line")),
    "crisis line removed": (Sort.SETTINGS, _("Removed a crisis line")),
    "refused": (Sort.REFUSED, _("A page that is not theirs, or not there")),
    "slowed down": (Sort.REFUSED, _("Too many records in a minute")),
    "key destroyed": (Sort.ROLE, _("Destroyed a client’s key")),
    "keys rotated": (Sort.SETTINGS, _("Changed the keys of the encryption")),
}
OPENED = {
    "client": _("The overview"),
    "goal": _("A goal"),
    "therapysession": _("A session"),
    "progressnote": _("A session note"),
}


@dataclass(frozen=True)
class Line:
    at: datetime
    who: str
    sort: str
    what: str
    of: str
    whence: str
    is_refusal: bool


def events(by: User, said: dict) -> models.QuerySet:
    """Those of the admin's practice that the filter lets through, newest first."""
    if not by.is_admin:
        return AuditEvent.objects.none()
    rows = AuditEvent.objects.visible_to(by).order_by("-at", "-pk")
    if said.get("who"):
        rows = rows.filter(actor_id=said["who"].pk)
    if said.get("sort"):
        verbs = [verb for verb, (sort, _words) in VERBS.items() if sort == said["sort"]]
        rows = rows.filter(verb__in=verbs)
    if said.get("since"):
        rows = rows.filter(at__gte=said["since"])
    if said.get("until"):
        rows = rows.filter(at__lt=said["until"])
    if said.get("client"):
        found = Client.objects.directory_of(by).named(said["client"])
        rows = rows.filter(client_id__in=found.values("pk"))
    return rows


def in_words(rows: Iterable[AuditEvent], by: User) -> list[Line]:
    """With the names of everybody in them: two queries, however many rows."""
    rows = list(rows)
    people = dict(
        User.objects.visible_to(by)
        .filter(pk__in={pk for row in rows for pk in _people(row)})
        .values_list("pk", "name")
    )
    clients = (
        Client.objects.directory_of(by)
        .select_related("user")
        .in_bulk({row.client_id for row in rows if row.client_id})
    )
    hints = apart.hints(clients.values())
    names = {pk: apart.name_of(client, hints) for pk, client in clients.items()}
    return [_line(row, people, names) for row in rows]


def what(verb: str) -> str:
    """The words for a verb, without who and when."""
    return str(VERBS[verb][1]) if verb in VERBS else verb.capitalize()


def _other(row: AuditEvent) -> UUID | None:
    """The person that something was done with."""
    if row.kind == "user":
        return row.object_id if row.object_id != row.actor_id else None
    said = row.detail.get("person") or row.detail.get("therapist")
    return UUID(said) if said and said != str(row.actor_id) else None


def _people(row: AuditEvent) -> set[UUID]:
    return {pk for pk in (row.actor_id, _other(row)) if pk}


def _nobody(row: AuditEvent):
    if row.role == "operator":
        return _("Whoever runs the server")
    return _("Nobody signed in")


def _line(row, people, names) -> Line:
    sort, words = VERBS.get(row.verb, (None, row.verb.capitalize()))
    if row.verb == "opened":
        words = OPENED.get(row.kind, words)
    of = [names.get(row.client_id, ""), people.get(_other(row), "")]
    return Line(
        at=row.at,
        who=people.get(row.actor_id) or str(_nobody(row)),
        sort=str(sort.label if sort else _("Other")),
        what=str(words),
        of=", ".join(filter(None, of)),
        whence=row.address or "",
        is_refusal=sort == Sort.REFUSED,
    )


# -- what is worth a question ---------------------------------------------------------

MANY, OFTEN = 30, 2
# A person's 31st look within an hour is a candidate; only there clients are counted.
WORTH_A_QUESTION = """
WITH look AS (
  SELECT actor_id, at,
    lag(at, %(many)s) OVER (PARTITION BY actor_id ORDER BY at) AS first
  FROM accounts_auditevent
  WHERE practice_id = %(practice)s AND at > now() - interval '7 days'
    AND verb = 'opened' AND client_id IS NOT NULL
), hour AS (
  SELECT actor_id, at, (
    SELECT count(DISTINCT client_id) FROM accounts_auditevent e
    WHERE e.actor_id = look.actor_id AND e.verb = 'opened'
      AND e.at BETWEEN look.at - interval '1 hour' AND look.at) AS clients
  FROM look WHERE first > at - interval '1 hour'
), found AS (
  SELECT 'many' AS kind, actor_id, max(clients) AS times, max(at) AS last
  FROM hour WHERE clients > %(many)s GROUP BY actor_id
  UNION ALL
  SELECT 'often', user_id, count(*), max(starts_at)
  FROM clients_carerole
  WHERE practice_id = %(practice)s AND kind = 'emergency'
    AND starts_at > now() - interval '30 days'
  GROUP BY user_id HAVING count(*) > %(often)s
  UNION ALL
  SELECT 'first', (detail->>'person')::uuid, count(*), max(at)
  FROM accounts_auditevent
  WHERE practice_id = %(practice)s AND at > now() - interval '30 days'
    AND verb = 'first role from who invited'
  GROUP BY detail->>'person'
  UNION ALL
  SELECT 'early', who, count(*), max(at) FROM (
    SELECT actor_id AS who, at FROM accounts_auditevent
    WHERE practice_id = %(practice)s AND at > now() - interval '30 days'
      AND verb = 'emergency too early'
    UNION ALL
    SELECT user_id, starts_at FROM clients_carerole r
      JOIN accounts_user u ON u.id = r.user_id
    WHERE r.practice_id = %(practice)s AND kind = 'emergency'
      AND starts_at > now() - interval '30 days' AND starts_at BETWEEN
        u.therapist_since AND u.therapist_since + interval '30 days') early
  GROUP BY who
)
SELECT kind, name, times, last
FROM found JOIN accounts_user ON accounts_user.id = actor_id ORDER BY last DESC
"""
Found = tuple[str, int, datetime]  # a name, how often, when last


def worth_a_question(by: User) -> dict[str, list[Found]]:
    """Who opened "many" clients within an hour this week (more than 30), who used
    emergency access "often" in 30 days (more than twice), who got a role
    from an admin soon after an admin had invited them ("first"), and who tried or used
    emergency access within 30 days of an admin making them a therapist ("early").
    One query."""
    values = {"many": MANY, "often": OFTEN, "practice": str(by.practice_id)}
    with connection.cursor() as cursor:
        cursor.execute(WORTH_A_QUESTION, values)
        rows = cursor.fetchall()
    return {
        kind: [found for said, *found in rows if said == kind]
        for kind in ("many", "often", "first", "early")
    }
