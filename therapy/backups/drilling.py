"""The drill: restores a backup elsewhere and tries whether it would be of use.

A backup that nobody has restored is a hope.  Each step is green or red.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.core import mail
from django.db import Error, transaction
from django.test import Client
from django.test.utils import override_settings
from django.utils import timezone

from accounts import encryption, seals
from accounts.models import DataKey, OutgoingEmail
from digests import restore_hold, send
from therapy.backups import Refused, manifest, restoring, tools
from therapy.doctor import catalogue, release

SAMPLE = 100  # narrative texts that are opened
NO_EMAIL = "django.core.mail.backends.locmem.EmailBackend"


LOCKS = (
    catalogue.roles,
    catalogue.row_security,
    catalogue.triggers,
)


class DrillStep(NamedTuple):
    is_red: bool
    what: str
    words: str

    def __str__(self) -> str:
        return f"{'RED' if self.is_red else 'green':<5}  {self.what:<10}  {self.words}"


def green(what: str, words: str) -> DrillStep:
    return DrillStep(False, what, words)


def red(what: str, words: str) -> DrillStep:
    return DrillStep(True, what, words)


def drill(file: Path, database: str = "") -> Iterator[DrillStep]:
    """Ends where a step is red after which the others mean nothing."""
    began = time.monotonic()
    try:
        where = restoring.urls(database)
        taken = restoring.load(file, where)
    except (Refused, Error) as fault:
        yield red("restore", str(fault).strip())
        return
    yield green("restore", _restored(taken, time.monotonic() - began))
    faults = restoring.compare(taken, where)
    if faults:
        yield red("manifest", "; ".join(faults))
        return
    yield green(
        "manifest",
        f"{manifest.rows_in(taken)} rows in {len(taken['tables'])} tables, each with "
        "its digest; policies, triggers, functions and rights are those of then",
    )
    restoring.settle(where)
    for step, role in STEPS:
        with tools.connected(where[role]):
            yield from _carefully(step)
    yield green("time", f"{time.monotonic() - began:.0f} seconds for all of it")


def _restored(taken: dict, seconds: float) -> str:
    made = datetime.fromisoformat(taken["made_at"])
    hours = (timezone.now() - made).total_seconds() / 3600
    return (
        f"whole, made {made:%Y-%m-%d %H:%M} UTC ({hours:.1f} hours ago) by build "
        f"{taken['build']}; in {seconds:.1f} seconds"
    )


def _carefully(step) -> Iterator[DrillStep]:
    try:
        yield from step()
    except Exception as error:
        yield red(
            step.__name__, f"could not be tried ({type(error).__name__}: {error})"
        )


def audit() -> Iterator[DrillStep]:
    fault = seals.first_fault()
    yield (
        red("audit", str(fault))
        if fault
        else green("audit", ("the audit log is unbroken"))
    )


def narrative() -> Iterator[DrillStep]:
    """Opened with the keys at hand: give the copies that are kept apart."""
    opened, closed, destroyed = 0, 0, 0
    with transaction.atomic():
        keys = set(DataKey.objects.values_list("client_id", flat=True))
        for row, fields in _some_narrative():
            for field in fields:
                if row.client_id not in keys:
                    destroyed += 1
                elif isinstance(getattr(row, field), encryption.Unreadable):
                    closed += 1
                elif getattr(row, field):
                    opened += 1
    if closed:
        yield red(
            "narrative",
            f"{closed} of {opened + closed} texts cannot be read: MASTER_KEY is not "
            "the one of then. With its copy in OLD_MASTER_KEYS they can.",
        )
        return
    gone = f"; {destroyed} whose key was destroyed, as wanted" if destroyed else ""
    yield green("narrative", f"{opened} texts were opened{gone}")


def _some_narrative() -> Iterator[tuple]:
    models = {model: _narrative_fields(model) for model in apps.get_models()}
    models = {model: fields for model, fields in models.items() if fields}
    each = max(1, SAMPLE // max(1, len(models)))
    for model, fields in models.items():
        for row in model._base_manager.order_by("?")[:each]:
            yield row, fields


def _narrative_fields(model) -> list[str]:
    kind = encryption.EncryptedTextField
    return [f.attname for f in model._meta.local_fields if isinstance(f, kind)]


def locks() -> Iterator[DrillStep]:
    for check in LOCKS:
        for finding in check():
            make = red if finding.is_wrong else green
            yield make(finding.about, finding.words)
    if release.is_older():
        yield green("release", "of an earlier one: migrate after restoring")
        return
    for finding in catalogue.as_released():
        yield (red if finding.is_wrong else green)(finding.about, finding.words)


def pages() -> Iterator[DrillStep]:
    """The program itself, as the web's role, as far as its first page."""
    host = urlsplit(settings.SITE_URL).netloc
    answer = Client().get("/sign-in/", secure=True, headers={"host": host})
    if answer.status_code == 200 and b"csrfmiddlewaretoken" in answer.content:
        yield green("pages", "the sign-in page answers")
    else:
        yield red("pages", f"the sign-in page answers {answer.status_code}")


def emails() -> Iterator[DrillStep]:
    """Sends what is due, into nothing, and finds that nothing is."""
    with override_settings(EMAIL_BACKEND=NO_EMAIL):
        before = len(getattr(mail, "outbox", []))
        send.send_due()
        gone = len(getattr(mail, "outbox", [])) - before
    held = OutgoingEmail.objects.filter(
        state="held", reason=restore_hold.RESTORED
    ).count()
    waiting = OutgoingEmail.objects.filter(state__in=["waiting", "sending"]).count()
    if gone or waiting or not restore_hold.stands():
        yield red("emails", f"{gone} went, and {waiting} would")
    else:
        yield green("emails", f"none went; {held} are on hold until lift_halt")


STEPS = (
    (audit, "worker"),
    (narrative, "backup"),
    (locks, "web"),
    (pages, "web"),
    (emails, "worker"),
)
