"""Makes the practice that bench/run measures, and other clients up to --clients."""

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.models import Practice, User
from therapy.scale.crowd import Crowd
from therapy.scale.measured import (
    AT_THEIR_HOME,
    CASELOAD,
    LOGGED,
    SLUG,
    TEAM,
    TEAM_LOGGED,
    Measured,
    Team,
)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--clients", type=int, default=100)
        parser.add_argument(
            "--team", action="store_true", help=f"words for {TEAM} colleagues more"
        )

    def handle(self, clients, team, **options):
        if not Practice.objects.filter(slug=SLUG).exists():
            with transaction.atomic():
                Measured().make()
            call_command("recompute_signals", practice=SLUG, stdout=self.stdout)
            self.stdout.write(f"{CASELOAD + LOGGED} clients with words")
        if team and not User.objects.filter(email=AT_THEIR_HOME.format(0)).exists():
            with transaction.atomic():
                Team().make()
            call_command("recompute_signals", practice=SLUG, stdout=self.stdout)
            self.stdout.write(f"{TEAM * (CASELOAD + TEAM_LOGGED)} more, of the team")
        Crowd(self.stdout).fill(clients)
