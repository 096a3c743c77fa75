"""Which people in a file are already clients in one's own care, in any state.

Nobody else is looked up. Whether an address is in use elsewhere is not revealed, as
when a client is added by hand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import ngettext

from accounts.models import User
from clients import apart
from clients.models import CareRole, Client
from transfer.imports.cells import name_key
from transfer.imports.person import ImportedPerson
from ui.email_addresses import normalize


class Found(NamedTuple):
    person: ImportedPerson
    name: str  # as saved here
    by_email: bool
    hint: str = ""  # which one, if two clients have that name


def sorted_out(
    people: list[ImportedPerson], *, by: User, therapist: User
) -> tuple[list[ImportedPerson], list[Found]]:
    """Split into new and existing. An admin also knows the practice's addresses and
    whom the therapist treats."""
    known = _Known(by, therapist)
    new, here = [], []
    for person in people:
        if person.email and person.email in known.by_email:
            here.append((person, [known.by_email[person.email]], True))
        elif not person.email and name_key(person.name) in known.by_name:
            here.append((person, known.by_name[name_key(person.name)], False))
        else:
            new.append(person)
    hints = known.hints_for([pk for _person, found, _by in here for pk in found])
    return new, [
        Found(person, known.names[found[0]], by_email, _which(found, hints))
        for person, found, by_email in here
    ]


def _which(found: list[UUID], hints: dict[UUID, str]) -> str:
    """A name without an address may be any client with that name."""
    if len(found) == 1:
        return hints.get(found[0], "")
    return ngettext(
        "%(n)s client has this name", "%(n)s clients have this name", len(found)
    ) % {"n": len(found)}


class _Known:
    """The clients that `by` may know, by address, and those of `therapist`, by name."""

    def __init__(self, by: User, therapist: User):
        is_own = by.pk == therapist.pk
        mine = Client.objects
        self.rows = mine.visible_to(by) if is_own else mine.directory_of(by)
        roles = CareRole.objects.filter(user_id=therapist.pk).current()
        treated = set(roles.values_list("client_id", flat=True))
        self.names: dict[UUID, str] = {}
        self.by_email: dict[str, UUID] = {}
        self.by_name: dict[str, list[UUID]] = defaultdict(list)
        said = ("pk", "preferred_name", "family_name", "email", "user__email")
        for pk, preferred, family, email, account in self.rows.values_list(*said):
            name = self.names[pk] = f"{preferred} {family}".strip()
            for address in filter(None, (email, account)):
                self.by_email[normalize(address)] = pk
            if pk in treated:
                self.by_name[name_key(name)].append(pk)

    def hints_for(self, found: list[UUID]) -> dict[UUID, str]:
        """Hints for those with a shared name, in at most one query."""
        keys = Counter(map(name_key, self.names.values()))
        shared = {name_key(self.names[pk]) for pk in found}
        shared = {key for key in shared if keys[key] > 1}
        if not shared:
            return {}
        alike = [pk for pk, name in self.names.items() if name_key(name) in shared]
        return apart.hints(self.rows.filter(pk__in=alike).select_related("user"))
