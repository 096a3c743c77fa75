"""Clinical text is encrypted with its client's own key, bound to its row and field.

The master key (environment) wraps the practice's key, which wraps each client's key,
all with AES-256-GCM. Stored form: one version byte, a 96-bit nonce, the ciphertext.
Ciphertext that is truncated or moved to another row fails to decrypt. A model names its
rows in `seal_as`, so that its table can be renamed.

A client key is 64 bytes: 32 for encryption, 32 for fingerprints (an HMAC: a plain hash
could be guessed from a database dump and would outlive the destroyed key).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import os
from collections.abc import Iterable
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import BadRequest, FieldError, ValidationError
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext_lazy as _

from accounts.models import DataKey
from database import identity
from database.locks import lock
from database.prepared import many, prepared

VERSION = b"\x01"
NONCE_BYTES = 12
KEY_BYTES = 64
UNREADABLE = _("This text cannot be read. The problem was reported.")

log = logging.getLogger(__name__)


class Sealed(bytes):
    """Ciphertext as stored; it needs its row to be decrypted."""


class Unreadable(str):
    """Placeholder for text that could not be decrypted, so that the page can say so."""


class KeyIsGone(ValidationError, BadRequest):
    """The client's key was destroyed, so nothing can be written about them.

    A form shows this as a form error; any other request gets a 400.
    """

    def __init__(self):
        super().__init__(
            _(
                "Nothing more can be saved here: this record’s encryption key was "
                "destroyed."
            )
        )


def _seal(key: bytes, plain: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def _open(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    """Decrypt. Raise InvalidTag unless encrypted here with this key and binding."""
    if sealed[:1] != VERSION or len(sealed) < 1 + NONCE_BYTES + 16:
        raise InvalidTag
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    return AESGCM(key).decrypt(nonce, body, bound_to.encode())


def open_practice_key(practice_id: UUID, wrapped: bytes) -> bytes:
    """Unwrap with the master key or, during rotation, an earlier one; else
    InvalidTag."""
    for master in (settings.MASTER_KEY, *settings.OLD_MASTER_KEYS):
        try:
            return _open(master, wrapped, f"practice:{practice_id}")
        except InvalidTag:
            continue
    raise InvalidTag


def wrap_practice_key(practice_id: UUID, key: bytes) -> bytes:
    return _seal(settings.MASTER_KEY, key, f"practice:{practice_id}")


def wrap_client_key(practice_id: UUID, client_id: UUID, key: bytes, by: bytes) -> bytes:
    return _seal(by, key, f"client:{practice_id}:{client_id}")


def open_client_key(
    practice_id: UUID, client_id: UUID, wrapped: bytes, by: bytes
) -> bytes:
    return _open(by, wrapped, f"client:{practice_id}:{client_id}")


# -- keys loaded for this transaction -------------------------------------------------


def make_practice_key(practice_id: UUID) -> None:
    wrapped = wrap_practice_key(practice_id, os.urandom(32))
    row = DataKey(practice_id=practice_id, wrapped=wrapped)
    DataKey.objects.bulk_create([row])


def make_client_key(practice_id: UUID, client_id: UUID) -> None:
    make_client_keys(practice_id, [client_id])


def make_client_keys(practice_id: UUID, client_ids: Iterable[UUID]) -> None:
    """Create keys and hold them for this transaction: the rows may be hidden yet."""
    keys = {client_id: os.urandom(KEY_BYTES) for client_id in client_ids}
    lock("keys", practice_id, shared=True)  # a key rotation waits for us
    _ring().pop(practice_id, None)  # it may have been rotated a moment ago
    _load(practice_id, [])
    by = _ring()[practice_id]
    rows = [
        DataKey(
            practice_id=practice_id,
            client_id=client_id,
            wrapped=wrap_client_key(practice_id, client_id, key, by),
        )
        for client_id, key in keys.items()
    ]
    DataKey.objects.bulk_create(rows)
    _ring().update(keys)


def expect(practice_id: UUID, client_ids: Iterable[UUID]) -> None:
    """Load the keys of all clients on a page in one query."""
    _load(practice_id, client_ids)


def with_keys(rows: models.QuerySet) -> models.QuerySet:
    """Annotate the rows with their keys in the same query; see `remember`."""
    keys = DataKey.objects.all()
    practice = keys.filter(practice_id=models.OuterRef("practice_id"), client_id=None)
    client = keys.filter(client_id=models.OuterRef("client_id"))
    return rows.annotate(
        practice_wrapped=models.Subquery(practice.values("wrapped")[:1]),
        client_wrapped=models.Subquery(client.values("wrapped")[:1]),
    )


def remember(row: models.Model) -> None:
    """Load the keys that came with a row of `with_keys`."""
    if row.practice_wrapped and row.client_wrapped:
        found = {None: row.practice_wrapped, row.client_id: row.client_wrapped}
        _unwrap(row.practice_id, {pk: bytes(key) for pk, key in found.items()})


def _ring() -> dict[UUID, bytes]:
    return identity.memory()


def _load(practice_id: UUID, client_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Load the keys of these clients; destroyed or hidden ones are left out."""
    ring = _ring()
    wanted = {pk for pk in client_ids if pk not in ring}
    if not wanted and practice_id in ring:
        return ring
    try:
        return _unwrap(practice_id, _wrapped(practice_id, wanted))
    except InvalidTag:
        # The practice's key was rotated after we read it: read both in one statement.
        ring.pop(practice_id, None)
        return _unwrap(practice_id, _wrapped(practice_id, wanted))


def _wrapped(practice_id: UUID, wanted: set[UUID]) -> dict[UUID | None, bytes]:
    practice = None if practice_id in _ring() else practice_id
    rows = _keys(clients=wanted, practice=practice)
    return {pk: bytes(wrapped) for pk, wrapped in rows}


@prepared(clients=many(models.UUIDField()), practice=models.UUIDField())
def _keys(clients, practice):
    """The key rows of these clients, and of the practice if one is given."""
    mine = models.Q(client_id=clients) | models.Q(practice_id=practice, client_id=None)
    return DataKey.objects.filter(mine).values_list("client_id", "wrapped")


def _unwrap(practice_id: UUID, found: dict[UUID | None, bytes]) -> dict[UUID, bytes]:
    ring = _ring()
    if None in found:
        ring[practice_id] = open_practice_key(practice_id, found.pop(None))
    for client_id, wrapped in found.items():
        ring[client_id] = open_client_key(
            practice_id, client_id, wrapped, ring[practice_id]
        )
    return ring


def _client_key(practice_id: UUID, client_id: UUID) -> bytes:
    ring = _load(practice_id, [client_id])
    if client_id not in ring:
        raise InvalidTag
    return ring[client_id]


def _writing_key(practice_id: UUID, client_id: UUID) -> bytes:
    try:
        return _client_key(practice_id, client_id)
    except InvalidTag:
        raise KeyIsGone from None


def fingerprint(practice_id: UUID, client_id: UUID, text: str) -> str:
    """HMAC of a text in 64 hex digits; comparable within one client only."""
    key = _writing_key(practice_id, client_id)[32:]
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


# -- the model field ------------------------------------------------------------------


def _bound_to(field: models.Field, row: models.Model) -> str:
    return _bound(field, row, row.seal_as, row.pk)


def _bound(field: models.Field, row: models.Model, kind: str, pk: UUID) -> str:
    return f"{row.practice_id}:{kind}:{pk}:{field.name}"


class EncryptedAttribute(DeferredAttribute):
    """Descriptor that decrypts the stored value on first access."""

    def __get__(self, instance, cls=None):
        value = super().__get__(instance, cls)
        if isinstance(value, Sealed):
            value = self.field.open(instance, value)
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance, value):
        # Makes this a data descriptor, so that __get__ comes before __dict__.
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Encrypted text about one client, on a model with `practice_id` and `client_id`.

    Encryption needs the row: `update()`, `bulk_update()` and lookups raise, and
    `values_list()` returns the ciphertext.
    """

    descriptor_class = EncryptedAttribute

    def db_type(self, connection):
        return "bytea"

    def get_internal_type(self):
        return "BinaryField"

    def from_db_value(self, value, expression, connection):
        return None if value is None else Sealed(value)

    def pre_save(self, model_instance, add):
        value = getattr(model_instance, self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        if isinstance(value, Unreadable):
            raise ValueError("a text that could not be read is not written back")
        return self.seal(model_instance, value)

    def to_text(self, value) -> str:
        return str(value)

    def from_text(self, text: str):
        return text

    def seal(self, row: models.Model, value) -> Sealed:
        """Encrypt `value` for this column of `row`; '' stays empty."""
        text = self.to_text(value)
        if not text:
            return Sealed(b"")
        key = _writing_key(row.practice_id, row.client_id)[:32]
        return Sealed(_seal(key, text.encode(), _bound_to(self, row)))

    def open(self, row: models.Model, sealed: Sealed):
        if not sealed:
            return self.from_text("")
        try:
            key = _client_key(row.practice_id, row.client_id)[:32]
            return self.from_text(self._opened(row, key, sealed).decode())
        except InvalidTag:
            log.error("unreadable %s of %s", self.column, row.pk)
            return Unreadable(UNREADABLE)

    def _opened(self, row: models.Model, key: bytes, sealed: Sealed) -> bytes:
        """Decrypt as bound to this row, or to the row it was copied from in SQL."""
        try:
            return _open(key, sealed, _bound_to(self, row))
        except InvalidTag:
            copied_from = getattr(row, "copied_from", None)
            if copied_from is None:
                raise
            return _open(key, sealed, _bound(self, row, *copied_from))

    def get_prep_value(self, value):
        if isinstance(value, str):
            raise TypeError(f"{self.name} is sealed by its row's save(), not here")
        return value

    def get_db_prep_value(self, value, connection, prepared=False):
        value = self.get_prep_value(value)
        return value if value is None else connection.Database.Binary(value)

    def get_lookup(self, lookup_name):
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self.name} is encrypted and cannot be looked up")

    def get_transform(self, lookup_name):
        raise FieldError(f"{self.name} is encrypted and cannot be looked up")


class EncryptedJSONField(EncryptedTextField):
    """A JSON value, encrypted like EncryptedTextField.

    None is stored as empty bytes and read back as None; {} and [] are values.
    """

    def pre_save(self, model_instance, add):
        value = super().pre_save(model_instance, add)
        return Sealed(b"") if value is None and not self.null else value

    def to_text(self, value) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def from_text(self, text: str):
        return json.loads(text) if text else None

    def get_prep_value(self, value):
        if value is not None and not isinstance(value, bytes):
            raise TypeError(f"{self.name} is sealed by its row's save(), not here")
        return value


# A column added later: during an upgrade the old release, still running, inserts rows
# without it.
LATER_ADDED = {"blank": True, "default": "", "db_default": Sealed(b"")}
