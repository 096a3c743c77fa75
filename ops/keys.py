"""The demo's secrets: created once in var/, readable only by this user."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from ops.place import VAR


def make_secret_key() -> str:
    return secrets.token_urlsafe(48)


def make_master_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def kept(file: Path, make) -> str:
    """The content of file; created atomically, by only one of two parallel starts."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        half_done = file.with_name(f"{file.name}.{os.getpid()}")
        half_done.touch(0o600)
        half_done.write_text(make())
        try:
            os.link(half_done, file)
        except FileExistsError:
            pass
        finally:
            half_done.unlink()
    return file.read_text()


def secrets_of(given) -> dict[str, str]:
    """Both keys: the given ones, else those in var/."""
    return {
        "SECRET_KEY": given.get("SECRET_KEY")
        or kept(VAR / "secret_key", make_secret_key),
        "MASTER_KEY": given.get("MASTER_KEY")
        or kept(VAR / "master_key", make_master_key),
    }
