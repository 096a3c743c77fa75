"""Notifications about record access: a notice on the first page, and an email that
there is something to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from clients import apart
from clients.models import CareRole, Client, Notice
from ui import dates, screen_privacy
from ui.templatetags.ui import day_words

MOST = 10
Kind = Notice.Kind

CLIENTS_ROLES = {
    "primary": gettext_lazy("your therapist"),
    "co_therapist": gettext_lazy("your co-therapist"),
    "supervisor": gettext_lazy("your therapist’s supervisor"),
    "cover": gettext_lazy("cover for your therapist"),
}
STAFF_ROLES = {
    "primary": gettext_lazy("primary therapist"),
    "co_therapist": gettext_lazy("co-therapist"),
    "supervisor": gettext_lazy("supervisor"),
    "cover": gettext_lazy("cover"),
}


def team_of(client: Client) -> list[User]:
    """Current primary therapist and covers with an active account."""
    kinds = (CareRole.Kind.PRIMARY, CareRole.Kind.COVER)
    rows = CareRole.objects.filter(client=client, kind__in=kinds).current()
    rows = rows.filter(user__is_active=True).select_related("user")
    return list({role.user_id: role.user for role in rows}.values())


def tell_team(team: list[User], kind: str, *, by: User, person: User, **about) -> None:
    """On Today and by email, to team members who get no other notice of it."""
    for reader in team:
        if reader.pk not in (by.pk, person.pk):
            Notice.write(reader, kind, by=by, person=person, **about).email("care-team")


# -- display ---------------------------------------------------------------------------


def _unseen(user):
    rows = Notice.objects.visible_to(user).unseen()
    rows = rows.exclude(kind=Kind.ROLE_ASKED, request__outcome="confirmed")
    rows = rows.select_related("by", "person", "client", "request__user")
    return apart.with_shares_name(rows).order_by("-at", "-pk")[:MOST]


@dataclass(frozen=True)
class NoticeLine:
    pk: UUID
    kind: str
    words: str
    at: datetime
    client_id: UUID | None


def notices(user: User) -> list[NoticeLine]:
    """Newest first, in the reader's language."""
    rows, says = _unseen(user), _to_client
    if not user.is_client:
        says, hints = _to_staff, apart.hints_where_shared(rows, _known_to(user))
        for row in rows:
            row.hint = hints.get(row.client_id, "")
    return [
        NoticeLine(row.pk, row.kind, says(row), row.at, row.client_id) for row in rows
    ]


def _known_to(user: User):
    """Whose names a notice may say: the reader's clients, an admin's practice."""
    mine = Client.objects.visible_to(user)
    return mine | Client.objects.directory_of(user)


def _opens(row: Notice) -> str:
    if not row.opens_at:
        return ""
    local = timezone.localtime(row.opens_at)
    said = {"day": day_words(local.date(), False), "time": dates.clock(local)}
    return _("%(day)s, %(time)s") % said


def _is_to_come(row: Notice) -> bool:
    return bool(row.opens_at and row.opens_at > timezone.now())


def _to_client(row: Notice) -> str:
    said = {
        "name": row.person.name if row.person else "",
        "role": CLIENTS_ROLES.get(row.care_role, ""),
        "when": _opens(row),
        "by": row.by.name,
    }
    if row.kind == Kind.ROLE_ASKED:
        return _asked_of_client(row)
    if row.kind == Kind.ROLE_ENDED:
        return _("%(name)s can no longer open your record as %(role)s.") % said
    if row.kind == Kind.EMERGENCY:
        return _("%(name)s used emergency access to your record.") % said
    if row.kind == Kind.SIGN_IN_RESET:
        return _("%(by)s, an administrator, reset your sign-in.") % said
    if row.kind == Kind.THERAPIST_CHANGED:
        if _is_to_come(row):
            return _("%(name)s will be your therapist, from %(when)s.") % said
        return _("%(name)s is your therapist now.") % said
    if _is_to_come(row):
        return _("%(name)s can open your record from %(when)s, as %(role)s.") % said
    return _("%(name)s can open your record now, as %(role)s.") % said


def _asked_of_client(row: Notice) -> str:
    asked = row.request
    said = {"name": asked.user.name, "role": CLIENTS_ROLES.get(asked.kind, "")}
    if asked.outcome == "refused":
        return _("Your therapist declined: %(name)s does not become %(role)s.") % said
    if asked.outcome or not asked.is_waiting:
        return _("A request for %(name)s to be %(role)s was withdrawn.") % said
    return (
        _(
            "Your practice asked for %(name)s to be %(role)s. They have no access "
            "until your therapist confirms."
        )
        % said
    )


def _to_staff(row: Notice) -> str:
    said = {
        "client": _client_of(row),
        "name": row.person.name if row.person else "",
        "role": STAFF_ROLES.get(row.care_role, ""),
        "when": _opens(row),
        "by": row.by.name,
    }
    if row.kind == Kind.SIGN_IN_RESET:
        return _("%(by)s, an administrator, reset your sign-in.") % said
    if row.kind == Kind.CLIENT_MOVED:
        if _is_to_come(row):
            return (
                _(
                    "%(client)s moves to you %(when)s. "
                    "You will be the primary therapist."
                )
                % said
            )
        return _("%(client)s moved to you. You are the primary therapist.") % said
    if row.kind == Kind.ROLE_ENDED:
        return _("%(by)s ended a care role: %(client)s, %(name)s, %(role)s.") % said
    if row.kind == Kind.THERAPIST_CHANGED:
        return _another_leads(row, said)
    if row.person_id != row.recipient_id:
        return _somebody_elses(row, said)
    if _is_to_come(row):
        return _("%(by)s made you %(role)s: %(client)s, from %(when)s.") % said
    return _("%(by)s made you %(role)s: %(client)s.") % said


def _client_of(row: Notice) -> str:
    if not row.client:
        return _("A client")
    name = screen_privacy.called(row.client.name)
    return f"{name} ({row.hint})" if row.hint else name


def _another_leads(row: Notice, said: dict) -> str:
    if _is_to_come(row):
        return (
            _(
                "%(by)s is handing %(client)s over: %(name)s is the primary "
                "therapist from %(when)s."
            )
            % said
        )
    return (
        _("%(by)s handed %(client)s over: %(name)s is the primary therapist now.")
        % said
    )


def _somebody_elses(row: Notice, said: dict) -> str:
    if _is_to_come(row):
        return _("%(by)s made %(name)s %(role)s: %(client)s, from %(when)s.") % said
    return _("%(by)s made %(name)s %(role)s: %(client)s.") % said
