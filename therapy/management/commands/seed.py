"""Makes the demo practice, half a year of it, relative to today.  Twice is harmless."""

from io import StringIO

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.models import Practice
from therapy.demo.demo_practice import SLUG, Demo


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        if Practice.objects.filter(slug=SLUG).exists():
            return
        with transaction.atomic():
            Demo().make()
            call_command("recompute_signals", practice=SLUG, stdout=StringIO())
