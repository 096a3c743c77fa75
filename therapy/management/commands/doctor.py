"""Looks at everything Cairn needs, and says what is wrong and what to do.

manage.py doctor

Sends nothing and changes nothing.  Exit code 1 where something is wrong; "?" stands
before what cannot be seen from here.
"""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from therapy.doctor import examine


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # it runs them itself, and goes on

    def handle(self, **options):
        wrong = 0
        for finding in examine():
            self.stdout.write(str(finding))
            wrong += finding.is_wrong
        if wrong:
            raise CommandError(f"{wrong} of these are wrong.", returncode=1)
        self.stdout.write("All is well.")
