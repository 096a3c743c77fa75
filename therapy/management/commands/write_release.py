"""Writes what this release's migrations make, for the doctor to compare with.

manage.py write_release

For developers, after a migration was added: against a database that was migrated from
nothing.
"""

from django.core.management.base import BaseCommand

from therapy.doctor import release


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        release.write()
        self.stdout.write(f"{release.FILE.name} is written.")
