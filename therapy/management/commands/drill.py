"""Tries whether a backup would be of use: restores it into an empty database and looks.

manage.py drill FILE --database cairn_drill

Each line is green or RED; exit code 1 where one is RED.  The database stays, to be
looked at; drop it before the next drill.
"""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from therapy.backups import drilling


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--database", default=(""), help=("another database than in the URLs")
        )

    def handle(self, *, file, database, **options):
        reds = 0
        for step in drilling.drill(file, database):
            self.stdout.write(str(step))
            reds += step.is_red
        if reds:
            raise CommandError("The drill failed.", returncode=1)
        self.stdout.write("The drill passed: this backup can be restored.")
