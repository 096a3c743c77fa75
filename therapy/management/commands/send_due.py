from django.core.management.base import BaseCommand

from therapy.tasks import plan_and_send


class Command(BaseCommand):
    help = (
        "Plans and sends what is due, without Redis, worker or beat: for a timer as a "
        "second driver. May run beside them."
    )

    def handle(self, **options):
        plan_and_send()
