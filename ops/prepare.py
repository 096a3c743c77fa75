"""Migrations, cache table, static files, demo data.

One process, since Django starts slowly.

Runs with DATABASE_URL set to the owner's.  Besides manage.py, no other process gets it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from database import generation
from ops import place


def static_fingerprint() -> str:
    """Changes when any static file changes, ours or a package's."""
    total = hashlib.sha256()
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            found = os.stat(storage.path(path))
            total.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return total.hexdigest()


def collect_static() -> None:
    stamp = Path(settings.STATIC_ROOT) / ".stamp"
    fingerprint = static_fingerprint()
    if not stamp.exists() or stamp.read_text() != fingerprint:
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(fingerprint)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "therapy.settings")
    django.setup()
    try:
        generation.check()
    except generation.OtherGeneration as fault:
        print(fault, file=sys.stderr)
        sys.exit(place.OTHER_GENERATION)
    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    if "--demo" in sys.argv:
        call_command("seed", verbosity=0)


if __name__ == "__main__":
    main()
