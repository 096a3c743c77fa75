"""Writes everything into one sealed file, while Cairn runs.

manage.py backup /var/backups/cairn/2026-11-28.cairn

Logs in as cairn_backup.  Sealed with BACKUP_KEY, or where that is not set with a key
that comes from MASTER_KEY: keep a copy of it elsewhere than the backups.
"""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from therapy.backups import Refused, making, manifest


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file, **options):
        try:
            taken = making.make(file)
        except (Refused, OSError) as fault:
            raise CommandError(str(fault), returncode=1) from None
        size = file.stat().st_size / 1024**2
        self.stdout.write(
            f"{file}: {manifest.rows_in(taken)} rows in {len(taken['tables'])} tables, "
            f"{size:.1f} MB, sealed. `manage.py drill {file}` tries it."
        )
