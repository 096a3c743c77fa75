"""Two planners at the same moment queue each email once: a unique constraint ensures
it."""

import threading
import time

from django.db import connection, connections, transaction

from accounts.models import OutgoingEmail
from digests import plan
from digests.kinds.reminder import Reminder
from digests.tests.conftest import berlin, on_calendar

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def test_a_planner_started_before_the_first_was_done_plans_nothing_twice(
    transactional_db, thea, cleo
):
    """The second reads before the first has committed, so it finds nothing planned."""
    now = berlin(25, 9)
    on_calendar(cleo, thea, berlin(26, 10))
    done = threading.Event()

    def second():
        try:
            plan.plan_kind(Reminder(), now)
        finally:
            done.set()
            connections.close_all()

    other = threading.Thread(target=second)
    with transaction.atomic():
        assert plan.plan_kind(Reminder(), now) == 1
        other.start()
        while not done.is_set():
            with connection.cursor() as cursor:
                cursor.execute(WAITS)
                if cursor.fetchone()[0]:
                    break
            time.sleep(0.01)  # until it waits for us, or got through
    other.join()
    assert OutgoingEmail.objects.filter(kind="reminder").count() == 1
