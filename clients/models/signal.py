"""What asks for a person's attention: stored where it changes, read as it stands."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import Q

from clients.access import reach
from clients.models.row import ClientRow, ClientRowQuerySet


class SignalQuerySet(ClientRowQuerySet):
    def visible_to(self, user):
        """Those of one's own side: a client never reads what asks the therapist."""
        return super().visible_to(user).filter(side=_side_of(user))

    def editable_by(self, user):
        return super().editable_by(user).filter(side=_side_of(user))

    def open(self):
        return self.filter(closed_at=None)

    def shown(self, today: date, now: datetime):
        """Open, due by the reader's calendar, and not over."""
        return self.open().filter(
            Q(due_on=None) | Q(due_on__lte=today), Q(until=None) | Q(until__gt=now)
        )


def _side_of(user) -> str:
    return "client" if reach(user).own else "therapist"


class Signal(ClientRow):
    """One thing that one side of a client is asked or told, and about which row.

    It follows from other rows: the room whose rows they are has a rule for its kinds
    (`clients.signals.rule`), and each verb that changes the answer writes the change in
    its own transaction.  `manage.py recompute_signals` makes the same rows anew.

    `kind` is a name from the rule, never a word of a person; `about` the id of the goal
    or strength; `side` who is asked.  It is shown from `due_on`, a day in the reader's
    own calendar (at once where there is none), and no longer than `until`.  What only
    tells something (`until_opened`) is closed when that side opens the row.

    Either side's act may open or close what asks the other side, which it cannot read:
    rows are inserted without reading them, and closed by `app.close_signals`.
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
