"""Verify the audit log and report the first row or seal that was changed.

manage.py verify_audit --anchor /var/log/cairn/seals.log

Exit code 1 on a fault. A truncated end is detected only with the logged seals as
anchor.
"""

from __future__ import annotations

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from accounts import seals
from accounts.models import AuditSeal


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--anchor", type=Path, help="log lines of the seals")

    def handle(self, *, anchor, **options):
        lines = anchor.read_text().splitlines() if anchor else []
        if anchor and not any(map(seals.LOGGED.search, lines)):
            raise CommandError(f"{anchor} holds no line of a seal.")
        fault = seals.first_fault(lines)
        if fault:
            raise CommandError(str(fault), returncode=1)
        newest = AuditSeal.objects.order_by("-pk").first()
        if newest is None:
            return self.stdout.write("Nothing is sealed yet.")
        self.stdout.write(
            f"Unbroken: {newest.pk} seals, the last up to row {newest.last_event}"
            f" at {newest.at:%Y-%m-%d %H:%M} UTC."
        )
