"""Makes what asks for attention anew, from the goals, sessions and strengths.

manage.py recompute_signals                     of every practice
manage.py recompute_signals --practice SLUG     of one

For every client whom somebody treats now.  May run while people work, and twice: where
nothing is missing or left over, it changes nothing.
"""

from itertools import islice

from django.core.management.base import BaseCommand

from accounts.models import User
from clients import signals
from clients.access import reach
from database.identity import acting_as

AT_ONCE = 100  # clients in one transaction


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--practice", default="", help="its short name")

    def handle(self, *, practice, **options):
        done = set()
        people = User.objects.filter(is_therapist=True, is_active=True)
        if practice:
            people = people.filter(practice__slug=practice)
        for person in people.order_by("pk").select_related("practice"):
            with acting_as(person.pk):
                left = iter(set(reach(person).writes) - done)
                while some := list(islice(left, AT_ONCE)):
                    signals.recompute(some)
                    done.update(some)
        self.stdout.write(f"Recomputed for {len(done)} clients.")
