"""Destroy one client's key: their clinical text becomes unreadable, permanently.

manage.py destroy_key CLIENT_ID

Backups that still contain the key can be read until they expire.
"""

from __future__ import annotations

from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from accounts import keys


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("client_id", type=UUID)

    def handle(self, *, client_id, **options):
        self.stdout.write("This cannot be taken back, by nobody. Type the id again:")
        if input().strip() != str(client_id):
            raise CommandError("That id is different. Nothing was destroyed.")
        if not keys.destroy(client_id):
            raise CommandError("That client has no key.")
        self.stdout.write("The key is destroyed.")
