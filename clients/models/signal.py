"""Signals: what needs a person's attention, stored when it changes."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import Q

from clients.access import reach
from clients.models.row import ClientRow, ClientRowQuerySet


class SignalQuerySet(ClientRowQuerySet):
    def visible_to(self, user):
        """Signals for the user's own side: a client never reads the therapist's."""
        return super().visible_to(user).filter(side=_side_of(user))

    def editable_by(self, user):
        return super().editable_by(user).filter(side=_side_of(user))

    def open(self):
        return self.filter(closed_at=None)

    def shown(self, today: date, now: datetime):
        """Open, due in the reader's time zone, and not expired."""
        return self.open().filter(
            Q(due_on=None) | Q(due_on__lte=today), Q(until=None) | Q(until__gt=now)
        )


def _side_of(user) -> str:
    return "client" if reach(user).own else "therapist"


class Signal(ClientRow):
    """Something that one side of a client should do or know, and the row it is about.

    It is derived from other rows: the room that owns them has a rule for its kinds
    (`clients.signals.rule`), and each method that changes the result updates the
    signals in its own transaction. `manage.py recompute_signals` recreates all rows.

    `kind` is a name from the rule, never text a person wrote; `about` the id of the
    goal or strength; `side` who is asked. It is shown from `due_on`, a date in the
    reader's time zone (at once if None), until `until`. A mere notification
    (`until_opened`) is closed when that side opens the row.

    Either side's action may open or close signals of the other side, which it cannot
    read: rows are inserted without reading them, and closed by `app.close_signals`.
    """

    retention = "record"
    not_exported = "it follows from the goals and strengths, which are in it"
    frozen = {"kind", "about", "side", "since", "due_on", "until", "until_opened"}

    kind = models.CharField(max_length=20)
    about = models.UUIDField()
    side = models.CharField(
        max_length=10, choices=[("client", "client"), ("therapist", "therapist")]
    )
    since = models.DateTimeField()
    due_on = models.DateField(null=True)
    until = models.DateTimeField(null=True)
    until_opened = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)

    objects = SignalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "side", "kind", "about"],
                condition=Q(closed_at=None),
                name="signal_open_once",
            ),
            models.CheckConstraint(
                condition=Q(side="client") | Q(side="therapist"),
                name="signal_is_of_a_side",
            ),
        ]
