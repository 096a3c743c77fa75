"""Resume sending emails after a restore.

manage.py lift_halt

Emails due in the future will be sent; overdue ones stay held, since the original may
have sent them.
"""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from digests import restore_hold


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        if not restore_hold.stands():
            raise CommandError("Sending is not halted.")
        lifted = restore_hold.lift()
        self.stdout.write(
            f"Emails go again. {lifted.free} that were held are due later and will be "
            f"sent then; {lifted.held} were due before now and stay held (see "
            "Deliveries)."
        )
