"""Unusual activity shown to an admin at the top of the audit log.

Who opened many clients within an hour this week, who used emergency access often, who
got a role from an admin soon after being invited by one, and who tried or used
emergency access soon after an admin made them a therapist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from ui.templatetags.ui import moment

MANY, OFTEN = 30, 2
# A person's 31st opening within an hour is a candidate; clients are counted only then.
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
FROM found JOIN accounts_user ON accounts_user.id = actor_id
ORDER BY last DESC, kind, actor_id
"""


@dataclass(frozen=True)
class Watched:
    """One kind of unusual activity: what was found, or that nothing was."""

    title: str
    line: SafeString | str
    is_quiet: bool = False


def _many(name: str, clients: int) -> str:
    said = _("%(name)s opened %(clients)s clients within an hour")
    return said % {"name": name, "clients": clients}


def _often(name: str, times: int) -> str:
    return ngettext(
        "%(name)s used emergency access %(times)s time in 30 days",
        "%(name)s used emergency access %(times)s times in 30 days",
        times,
    ) % {"name": name, "times": times}


def _first(name: str, _times: int) -> str:
    said = _("%(name)s got a care role from an admin soon after an admin invited them")
    return said % {"name": name}


def _early(name: str, _times: int) -> str:
    said = _(
        "%(name)s asked for emergency access within 30 days of an admin making them a"
        " therapist"
    )
    return said % {"name": name}


IN_A_WEEK = gettext_lazy("No one, in the last 7 days")
IN_A_MONTH = gettext_lazy("No one, in the last 30 days")
# By kind, in display order: text if found, the line below it, and both texts if not.
KINDS = {
    "many": (
        _many,
        gettext_lazy("Last {when}. More than 30 is worth a question."),
        gettext_lazy("More than 30 clients opened within an hour"),
        IN_A_WEEK,
    ),
    "often": (
        _often,
        gettext_lazy("Last {when}. More than twice is worth a question."),
        gettext_lazy("Emergency access more than twice by one person"),
        IN_A_MONTH,
    ),
    "first": (
        _first,
        gettext_lazy("{begins}. Worth a question, unless you expected it."),
        gettext_lazy(
            "A care role from an admin soon after an admin invited that person"
        ),
        IN_A_MONTH,
    ),
    "early": (
        _early,
        gettext_lazy("Last {when}. Worth a question."),
        gettext_lazy(
            "Emergency access within 30 days of an admin making someone a therapist"
        ),
        IN_A_MONTH,
    ),
}


def worth_a_question(by: User) -> list[Watched]:
    """Each kind of unusual activity in `by`'s practice, at least once; one query."""
    found = _found(by)
    return [one for kind in KINDS for one in _of_kind(kind, found.get(kind, []))]


def _of_kind(kind: str, found: list) -> list[Watched]:
    title, line, nothing, nobody = KINDS[kind]
    if not found:
        return [Watched(str(nothing), str(nobody), is_quiet=True)]
    return [
        Watched(title(name, times), _dated(line, last)) for name, times, last in found
    ]


def _dated(line, last: datetime) -> SafeString:
    """`when` is for the middle of a sentence, `begins` for its start."""
    return format_html(line, when=moment(last, "within"), begins=moment(last))


def _found(by: User) -> dict[str, list[tuple[str, int, datetime]]]:
    """By kind: name, count and latest time; newest first."""
    values = {"many": MANY, "often": OFTEN, "practice": str(by.practice_id)}
    found: dict[str, list] = {}
    with connection.cursor() as cursor:
        cursor.execute(WORTH_A_QUESTION, values)
        for kind, *one in cursor:
            found.setdefault(kind, []).append(one)
    return found
