"""The master key: is it the one that these practices were sealed with?"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from django.db import transaction

from accounts import encryption
from accounts.models import DataKey, Practice, User
from database.identity import acting_as
from therapy.doctor.finding import Finding, ok, unseen, wrong


def master_key() -> Iterator[Finding]:
    """A practice's key is shown to its people, so one of them asks for it."""
    opened, closed, nobody = 0, 0, 0
    with transaction.atomic():
        practices = list(Practice.objects.values_list("pk", flat=True))
    for practice in practices:
        opens = _opens(practice)
        opened, closed = opened + (opens is True), closed + (opens is False)
        nobody += opens is None
    if closed:
        yield wrong(
            "key",
            f"MASTER_KEY does not open {closed} of {len(practices)} practices' keys: "
            "their words cannot be read. Find the key they were sealed with; until "
            "then give it as OLD_MASTER_KEYS. See docs/security.md, Keys.",
        )
    if nobody:
        yield unseen(
            "key",
            f"{nobody} practices have nobody active, so none may read their keys: "
            "sign in there once.",
        )
    if opened and not closed:
        yield ok("key", f"MASTER_KEY opens the keys of {opened} practices")
    if not practices:
        yield ok("key", "MASTER_KEY is set; there is no practice yet")


def _opens(practice) -> bool | None:
    someone = User.objects.filter(practice=practice, is_active=True).first()
    if someone is None:
        return None
    with acting_as(someone.pk), transaction.atomic():
        wrapped = DataKey.objects.filter(practice=practice, client_id=None).first()
    if wrapped is None:
        return False
    try:
        encryption.open_practice_key(practice, bytes(wrapped.wrapped))
    except InvalidTag:
        return False
    return True
