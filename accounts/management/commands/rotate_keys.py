"""Rotate the keys that wrap other keys, without downtime; stored text is not touched.

manage.py rotate_keys --master      after every process has MASTER_KEY (new) and
                                    OLD_MASTER_KEYS (the old one)
manage.py rotate_keys --practice    a new key for each practice
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from django.core.management.base import BaseCommand, CommandError

from accounts import keys


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--master", action="store_true")
        which.add_argument("--practice", action="store_true")

    def handle(self, *, master, practice, **options):
        try:
            if master:
                version = keys.rotate_master()
                self.stdout.write(f"The practices' keys are of version {version} now.")
            else:
                self.stdout.write(
                    f"{keys.rotate_practices()} keys are encrypted with the current "
                    "MASTER_KEY."
                )
        except InvalidTag:
            raise CommandError(
                "Neither MASTER_KEY nor OLD_MASTER_KEYS opens a key."
                " That practice was not changed."
            ) from None
