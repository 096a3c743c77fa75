"""Rows beside a record: corrections, supervision comments, emergency access.

One statement for the three tables, because pages have pinned query counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import UUIDField, Value

from accounts.encryption import EncryptedTextField
from clients.models import (
    CareRoleRequest,
    Client,
    Correction,
    EmergencyReason,
    Notice,
    SupervisionComment,
)
from clients.prepared import prepared_for_user

MOST = 30
NO_WORDS = Value(None, output_field=EncryptedTextField())
NO_ROW = Value(None, output_field=UUIDField())


class Aside(NamedTuple):
    """One row, its text still encrypted; `done_at`: when answered, read or seen."""

    kind: str
    pk: UUID
    at: datetime
    name: str
    done_at: datetime | None
    done_by: str | None
    sealed_about: bytes | None
    sealed_words: bytes
    sealed_answer: bytes | None
    row_id: UUID | None  # the session, or the care role


@dataclass
class Said:
    """The same with its text, decrypted through a row of its model."""

    aside: Aside
    client: Client
    model: type = field(repr=False)

    def _open(self, **sealed) -> str:
        row = self.model(
            pk=self.aside.pk, practice_id=self.client.practice_id, client=self.client
        )
        [(name, value)] = sealed.items()
        setattr(row, name, value)
        return getattr(row, name)

    @property
    def words(self) -> str:
        return self._open(words=self.aside.sealed_words)

    @property
    def about(self) -> str:
        return self._open(about=self.aside.sealed_about)

    @property
    def answer(self) -> str:
        return self._open(answer=self.aside.sealed_answer)


class Asides:
    """Of one client, newest first; each reader gets what their role may see."""

    def __init__(self, client: Client, user):
        rows = [Aside._make(row) for row in _asides(user, client=client.pk)]
        self.rows, self.is_cut = rows[:MOST], len(rows) > MOST
        self.client = client

    def of(self, kind: str, model) -> list[Said]:
        mine = [row for row in self.rows if row.kind == kind]
        return [Said(row, self.client, model) for row in mine]

    @property
    def corrections(self) -> list[Said]:
        return self.of("correction", Correction)

    @property
    def comments(self) -> list[Said]:
        return self.of("comment", SupervisionComment)

    @property
    def emergencies(self) -> list[Said]:
        """Those that nobody of the care team has seen yet."""
        return self.of("emergency", EmergencyReason)


@prepared_for_user(client=UUIDField())
def _asides(user, client):
    kinds = [
        _corrections(client, user),
        _comments(client, user),
        _emergencies(client, user),
    ]
    first, *others = kinds
    return first.union(*others, all=True).order_by("-at", "-pk")[: MOST + 1]


def _corrections(client, user):
    return (
        Correction.objects.visible_to(user)
        .filter(client=client)
        .order_by()
        .values_list(
            Value("correction"), "pk", "at", "by__name", "answered_at",
            "answered_by__name", "about", "words", "answer", NO_ROW,
        )
    )  # fmt: skip


def _comments(client, user):
    return (
        SupervisionComment.objects.visible_to(user)
        .filter(client=client)
        .order_by()
        .values_list(
            Value("comment"), "pk", "at", "by__name", "read_at", "read_by__name",
            NO_WORDS, "words", NO_WORDS, "session_id",
        )
    )  # fmt: skip


def _emergencies(client, user):
    return (
        EmergencyReason.objects.editable_by(user)
        .filter(client=client)
        .unseen()
        .order_by()
        .values_list(
            Value("emergency"), "pk", "at", "by__name", "seen_at", "seen_by__name",
            NO_WORDS, "words", NO_WORDS, "role_id",
        )
    )  # fmt: skip


class Waiting(NamedTuple):
    """Something that the care team should read, and the client it is about."""

    kind: str
    client_id: UUID
    at: datetime
    name: str
    pk: UUID


def waiting_for(user) -> Iterable[Waiting]:
    """Requested roles and emergencies first, then corrections, then comments, each
    oldest first; last, whether the user has notices."""
    named = {
        "0": "request",
        "1": "emergency",
        "2": "correction",
        "3": "comment",
        "4": "notice",
    }
    for kind, *rest in sorted(_waiting(user), key=lambda row: row[::2]):
        yield Waiting(named[kind], *rest)


@prepared_for_user()
def _waiting(user):
    kinds = [
        (EmergencyReason.objects.editable_by(user).unseen(), "1"),
        (Correction.objects.editable_by(user).open(), "2"),
        (SupervisionComment.objects.editable_by(user).unread(), "3"),
    ]
    first, *others = [
        rows.order_by().values_list(Value(kind), "client_id", "at", "by__name", "pk")
        for rows, kind in kinds
    ]
    asked = CareRoleRequest.objects.decidable_by(user).order_by()
    said = ("client_id", "asked_at", "user__name", "pk")
    others.append(asked.values_list(Value("0"), *said))
    mine = Notice.objects.visible_to(user).unseen().order_by()
    others.append(mine.values_list(Value("4"), "client_id", "at", "by__name", "pk"))
    return first.union(*others, all=True)
