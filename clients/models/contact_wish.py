"""Whether a kind of email is sent to a client, and how long before; set by them."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from clients import access
from clients.models.row import ClientRow, ClientRowQuerySet


class Wish(NamedTuple):
    """Whether one kind of email may be sent, and how many hours before its event (None
    if it has no event)."""

    allowed: bool = True
    lead_hours: int | None = None

    @property
    def lead(self) -> str:
        """The hours as text."""
        return dict(ContactWish.Lead.choices).get(self.lead_hours, self.lead_hours)


# Each kind of email that a client may refuse, with its default.
USUAL = {"reminder": Wish(lead_hours=24), "client-digest": Wish()}


class ContactWishQuerySet(ClientRowQuerySet):
    def editable_by(self, user):
        """The client only, whoever treats them; after discharge too."""
        return self.filter(client=access.reach(user).own)

    def write(self, client: models.Model, wishes: dict[str, Wish]) -> None:
        """Save these for a client or for their preferences, replacing any."""
        rows = [
            ContactWish(
                client_id=client.client_id,
                practice_id=client.practice_id,
                kind=kind,
                **wish._asdict(),
            )
            for kind, wish in wishes.items()
        ]
        self.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["client", "kind"],
            update_fields=Wish._fields,
        )


class ContactWish(ClientRow):
    """A client's choice for one kind of email; without a row the default (`USUAL`).

    `kind` names a kind of email (`digests/kinds/`), never text a person wrote.
    """

    retention = "client-owned"
    frozen = {"kind"}

    class Lead(models.IntegerChoices):
        TWO_HOURS = 2, _("2 hours before")
        DAY = 24, _("the day before, at the same time")
        TWO_DAYS = 48, _("two days before, at the same time")

    kind = models.CharField(max_length=40)
    allowed = models.BooleanField()
    lead_hours = models.PositiveSmallIntegerField(choices=Lead.choices, null=True)

    objects = ContactWishQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "kind"], name="contact_wish_once_a_kind"
            )
        ]


def with_wishes(rows: QuerySet) -> QuerySet:
    """Rows that have one client each, with that client's wishes (`HasWishes`)."""
    said = ContactWish.objects.filter(client=OuterRef("pk")).values(
        each=JSONObject(kind="kind", allowed="allowed", lead_hours="lead_hours")
    )
    return rows.annotate(said_wishes=ArraySubquery(said))


class HasWishes:
    """A row loaded `with_wishes`, in the same statement."""

    @property
    def wishes(self) -> dict[str, Wish]:
        """By kind of email, including defaults."""
        return USUAL | {row["kind"]: _wish(**row) for row in self.said_wishes}


def _wish(kind: str, allowed: bool, lead_hours: int | None) -> Wish:
    usual = USUAL.get(kind, Wish())
    return Wish(allowed, usual.lead_hours if lead_hours is None else lead_hours)
