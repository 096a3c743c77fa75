"""A stream, sealed in chunks: AES-256-GCM with a key of this file alone.

    "cairn backup" format(1) whose(1) salt(32) check(16) chunk...

The key comes by HKDF from BACKUP_KEY or MASTER_KEY (`whose`) and the salt; `check`
tells a wrong key from a damaged file.  Each chunk's nonce is its number and whether it
is the last, and the header is bound to each: nothing can be cut off, moved or added.
"""

from __future__ import annotations

from collections.abc import Iterator
from os import urandom
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from therapy.backups import Refused

MAGIC = b"cairn backup"
FORMAT = 1
CHUNK, TAG = 1 << 20, 16
SALT, CHECK = 32, 16
HEADER = len(MAGIC) + 2 + SALT + CHECK
BACKUP, MASTER = b"B", b"M"
NAMES = {BACKUP: "BACKUP_KEY", MASTER: "MASTER_KEY"}


def keys(whose: bytes) -> list[bytes]:
    if whose == BACKUP:
        return [settings.BACKUP_KEY] if settings.BACKUP_KEY else []
    return [settings.MASTER_KEY, *settings.OLD_MASTER_KEYS]


def _derive(root: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """The file's own key, and what tells that it is the right one."""
    long = HKDF(hashes.SHA256(), 32 + CHECK, salt=salt, info=MAGIC).derive(root)
    return long[:32], long[32:]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


class Writer:
    """Takes bytes, seals them into `file`; without close() the file is not whole."""

    def __init__(self, file: BinaryIO):
        whose = BACKUP if settings.BACKUP_KEY else MASTER
        salt = urandom(SALT)
        key, check = _derive(keys(whose)[0], salt)
        self.header = MAGIC + bytes([FORMAT]) + whose + salt + check
        self.file, self.cipher = file, AESGCM(key)
        self.waiting, self.number = bytearray(), 0
        file.write(self.header)

    def write(self, data: bytes) -> None:
        self.waiting += data
        while len(self.waiting) > CHUNK:  # the last one waits for close()
            self._seal(bytes(self.waiting[:CHUNK]), last=False)
            del self.waiting[:CHUNK]

    def close(self) -> None:
        self._seal(bytes(self.waiting), last=True)

    def _seal(self, plain: bytes, *, last: bool) -> None:
        nonce = _nonce(self.number, last=last)
        self.file.write(self.cipher.encrypt(nonce, plain, self.header))
        self.number += 1


class SealedReader:
    """Gives back what was sealed, as long as it is what was sealed."""

    def __init__(self, file: BinaryIO):
        self.file = file
        self.header = file.read(HEADER)
        self.cipher = AESGCM(self._key())
        self.chunks = self._open()
        self.rest = b""

    def _key(self) -> bytes:
        start, header = len(MAGIC), self.header
        if header[:start] != MAGIC:
            raise Refused("This is no backup of Cairn.")
        if len(header) < HEADER:
            raise Refused("The backup is cut off: not even its beginning is whole.")
        if header[start] != FORMAT:
            raise Refused(
                f"The backup is of format {header[start]}, this Cairn reads format "
                f"{FORMAT}: use the build that made it."
            )
        whose, salt = header[start + 1 : start + 2], header[start + 2 : -CHECK]
        for root in keys(whose):
            key, check = _derive(root, salt)
            if check == header[-CHECK:]:
                return key
        name = NAMES.get(whose, "a key that is not known here")
        raise Refused(
            f"The backup was sealed with another {name} than the one given here. "
            "Find the copy that you keep apart from the backups."
        )

    def _open(self) -> Iterator[bytes]:
        number, sealed = 0, self.file.read(CHUNK + TAG)
        while True:
            following = self.file.read(CHUNK + TAG)
            nonce = _nonce(number, last=not following)
            try:
                yield self.cipher.decrypt(nonce, sealed, self.header)
            except (InvalidTag, ValueError):
                raise Refused(
                    f"The backup is damaged or cut off at part {number + 1}: it is not "
                    "what was written. Take another copy."
                ) from None
            if not following:
                return
            number, sealed = number + 1, following

    def __iter__(self) -> Iterator[bytes]:
        if self.rest:
            yield self.rest
            self.rest = b""
        yield from self.chunks

    def take(self, size: int) -> bytes:
        """Exactly so many bytes."""
        while len(self.rest) < size:
            try:
                self.rest += next(self.chunks)
            except StopIteration:
                raise Refused("The backup ends before it began.") from None
        taken, self.rest = self.rest[:size], self.rest[size:]
        return taken
