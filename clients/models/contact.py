from __future__ import annotations

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Practice, User
from clients import access, signals
from clients.models.contact_wish import ContactWish, HasWishes, Wish, with_wishes

audit.verb(
    "contact preferences changed", audit.Sort.SETTINGS, _("Changed contact preferences")
)


class ContactPreferencesQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(access.rows_visible_to(user))

    def editable_by(self, user):
        """The client only, whoever treats them."""
        return self.filter(client=access.reach(user).own)

    def with_wishes(self):
        return with_wishes(self)


class ContactPreferences(HasWishes, models.Model):
    """Contact preferences: until when emails are paused, and how to mark a success. Set
    by the client; each kind of email has its own row (`ContactWish`)."""

    retention = "client-owned"
    frozen = ()

    class Celebrates(models.TextChoices):
        """How the client wants a success to be marked."""

        QUIET = "quiet", _("quietly, with a short note")
        TALK = "talk", _("by talking about it in the session")
        NOBODY = "nobody", _("privately, and nobody brings it up")
        RITUAL = "ritual", _("with a small ritual, one sentence and the final stone")

    client = models.OneToOneField(
        "clients.Client",
        models.PROTECT,
        primary_key=True,
        related_name="preferences",
        db_constraint=False,
    )
    practice = models.ForeignKey(
        Practice, models.PROTECT, related_name="+", db_constraint=False
    )
    paused_until = models.DateField(null=True, blank=True)
    celebrates = models.CharField(
        max_length=8,
        choices=Celebrates.choices,
        default=Celebrates.QUIET,
    )

    objects = ContactPreferencesQuerySet.as_manager()

    @signals.changes("preferences")
    def set(self, *, by: User, wishes: dict[str, Wish] | None = None, **wanted) -> bool:
        """Save the client's choice; False for anyone else.

        `wishes` is by kind of email, from preferences that were read `with_wishes`.
        """
        own = ContactPreferences.objects.editable_by(by).filter(pk=self.pk)
        # Also if only wishes change: the row shows who set them, and is locked.
        if not own.update(**{"paused_until": F("paused_until"), **wanted}):
            return False
        changed = {n: v for n, v in wanted.items() if getattr(self, n) != v}
        for name, value in wanted.items():
            setattr(self, name, value)
        changed |= self._set_wishes(wishes or {})
        if changed:
            audit.record(
                "contact preferences changed", about=self, fields=sorted(changed)
            )
        return True

    def _set_wishes(self, wishes: dict[str, Wish]) -> dict[str, Wish]:
        """Save the changed wishes, and return them."""
        new = {kind: w for kind, w in wishes.items() if self.wishes[kind] != w}
        if new:
            ContactWish.objects.write(self, new)
        return new
