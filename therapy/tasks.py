"""What the worker does each minute, and right after an email was queued.

The names of the tasks are fixed: rooms below ask for them by name.
"""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import DatabaseError

from accounts import json_cache, seals, sessions, sign_in_limits, sign_in_reset
from accounts.models import Heartbeat
from clients.models.draft import sweep as sweep_drafts
from digests import plan, restore_hold, send
from transfer.tasks import look_after_copies, look_after_imports

# More than a drain, one slow email and a long wait for the database together; less
# than the time after which Redis hands a task out again.
PATIENT = {"soft_time_limit": 270, "time_limit": 280}

log = logging.getLogger(__name__)


@shared_task(name="tick", **PATIENT)
def tick():
    """Once a minute: alive, seal, plan, send.  What one missed the next finds."""
    Heartbeat.beat()
    seal_the_audit()
    try:
        plan_and_send()
    finally:
        sessions.sweep()
        sign_in_limits.sweep()
        json_cache.sweep()
        sweep_drafts()
        look_after_imports()
        look_after_copies()


@shared_task(name="send_due", **PATIENT)
def send_due():
    """Right after somebody dropped an email; the tick would find it too."""
    if not restore_hold.stands():
        let_back_in()
    send.send_due()


def plan_and_send():
    """Plan and send; a fault in planning keeps nothing from going that is due."""
    if restore_hold.stands():
        return
    let_back_in()
    try:
        plan.plan()
    finally:
        send.send_due()


def let_back_in():
    """Emails for who asked for a way back; a fault here keeps no other email."""
    try:
        sign_in_reset.answer()
    except DatabaseError:
        log.exception("who asked for a way back in could not be answered")


def seal_the_audit():
    """A fault here keeps no email: the next tick seals what this one could not."""
    try:
        seals.seal()
    except DatabaseError:
        log.exception("the audit log could not be sealed")
