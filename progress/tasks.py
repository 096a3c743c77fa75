from __future__ import annotations

from celery import shared_task

from accounts import nudge
from progress.imports import job
from progress.record import job as copies

# As the tick's (digests/tasks.py): less than the time after which Redis hands it out
# again; a second one finds it claimed.
PATIENT = {"soft_time_limit": 270, "time_limit": 280}


@shared_task(**PATIENT)
def bring_in(import_id: str):
    """Right after somebody pressed; the tick would find it too."""
    job.bring_in(import_id)


def look_after_imports():
    """What nobody began is begun, and no line outlives its day."""
    job.sweep()
    for pk in job.waiting():
        nudge.the_worker(bring_in.name, args=[str(pk)])


@shared_task(**PATIENT)
def copy_records():
    """Right after somebody asked; the tick would find it too."""
    copies.make_waiting()


def look_after_copies():
    copies.sweep()
    if copies.waits():
        nudge.the_worker(copy_records.name)
