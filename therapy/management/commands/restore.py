"""Restores a backup into an empty database; nothing is sent until lift_halt.

manage.py restore FILE                      into the database of MIGRATE_DATABASE_URL
manage.py restore FILE --database NAME      into another one on that server

Nobody may be in that database meanwhile.  Afterwards everybody signs in anew.
"""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from therapy.backups import Refused, manifest, restoring


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--database", default=(""), help=("another database than in the URLs")
        )

    def handle(self, *, file, database, **options):
        try:
            taken = restoring.restore(file, restoring.urls(database))
        except (Refused, Error) as fault:
            raise CommandError(str(fault).strip(), returncode=1) from None
        self.stdout.write(
            f"{manifest.rows_in(taken)} rows of {taken['made_at']} are restored. Next: "
            "`manage.py migrate` if this Cairn is newer, `manage.py doctor`, check the "
            "practice, then `manage.py lift_halt`. No emails are sent until then."
        )
