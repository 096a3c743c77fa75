from __future__ import annotations

from celery import shared_task

from accounts import celery_kick
from transfer.export import job as copies
from transfer.imports import job, steps

# Like the periodic task's (therapy/tasks.py): shorter than the time after which Redis
# redelivers; a duplicate finds it claimed.
PATIENT = {"soft_time_limit": 270, "time_limit": 280}


@shared_task(**PATIENT)
def bring_in(import_id: str):
    """Called right after the user starts it; the periodic run would find it too."""
    job.bring_in(import_id)


@shared_task(**PATIENT)
def read_file(import_id: str):
    steps.read_file(import_id)


@shared_task(**PATIENT)
def undo_import(import_id: str):
    steps.undo(import_id)


def look_after_imports():
    """Start imports that nobody has started, and delete lines older than a day."""
    job.sweep()
    tasks = {"reading": read_file, "undoing": undo_import}
    for pk, state in job.waiting():
        task = tasks.get(state, bring_in)
        celery_kick.the_worker(task.name, args=[str(pk)])


@shared_task(**PATIENT)
def copy_records():
    """Called right after the user asks; the periodic run would find it too."""
    copies.make_waiting()


def look_after_copies():
    copies.sweep()
    if copies.waits():
        celery_kick.the_worker(copy_records.name)
