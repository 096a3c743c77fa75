"""Django's `migrate`, which first checks that the database can be migrated."""

from __future__ import annotations

from django.core.management import CommandError
from django.core.management.commands import migrate

from database import generation


class Command(migrate.Command):
    def handle(self, *args, **options):
        try:
            generation.check()
        except generation.OtherGeneration as fault:
            raise CommandError(str(fault)) from None
        super().handle(*args, **options)
