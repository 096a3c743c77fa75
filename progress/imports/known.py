"""Who of the people in a file is here already: in one's own care, whatever state.

Nobody else is looked for.  Whether an address is known elsewhere is not said here, as
it is not when somebody adds a client by hand.
"""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import User
from clients.models import CareRole, Client
from progress.imports.cells import name_key
from progress.imports.people import Person


class Found(NamedTuple):
    person: Person
    name: str  # as it stands here
    by_email: bool


def sorted_out(
    people: list[Person], *, by: User, therapist: User
) -> tuple[list[Person], list[Found]]:
    """Who is new, and who is here.  An admin knows the practice's addresses anyway, and
    whom the therapist treats."""
    emails, names = _here(by, therapist)
    new, here = [], []
    for person in people:
        name = emails.get(person.email) if person.email else None
        if name:
            here.append(Found(person, name, True))
        elif not person.email and name_key(person.name) in names:
            here.append(Found(person, names[name_key(person.name)], False))
        else:
            new.append(person)
    return new, here


def _here(by: User, therapist: User) -> tuple[dict[str, str], dict[str, str]]:
    is_own = by.pk == therapist.pk
    rows = Client.objects.visible_to(by) if is_own else Client.objects.directory_of(by)
    roles = CareRole.objects.filter(user_id=therapist.pk).current()
    treated = set(roles.values_list("client_id", flat=True))
    emails, names = {}, {}
    said = ("pk", "preferred_name", "family_name", "email", "user__email")
    for pk, preferred, family, email, account in rows.values_list(*said):
        name = f"{preferred} {family}".strip()
        for address in filter(None, (email, account)):
            emails[address.lower()] = name
        if pk in treated:
            names[name_key(name)] = name
    return emails, names
