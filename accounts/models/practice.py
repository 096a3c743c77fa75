from datetime import timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import connection, models, transaction
from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, row_limits
from accounts.fields import NameField
from database.ids import uuid7
from ui import time_zones
from ui.time_zones import validate_zone

audit.verb(
    "practice changed", audit.Sort.SETTINGS, _("Changed the practice’s settings")
)
audit.verb(
    "privacy notice written", audit.Sort.SETTINGS, _("Published a new privacy notice")
)
audit.verb("crisis line added", audit.Sort.SETTINGS, _("Added a crisis line"))
audit.verb("crisis line changed", audit.Sort.SETTINGS, _("Changed a crisis line"))
audit.verb("crisis line moved", audit.Sort.SETTINGS, _("Moved a crisis line"))
audit.verb("crisis line removed", audit.Sort.SETTINGS, _("Removed a crisis line"))


class Practice(models.Model):
    """The tenant: every row belongs to one practice, and none sees another's."""

    retention = "practice content"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = NameField(_("name"), max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    session_minutes = models.PositiveSmallIntegerField(
        _("length of a session, in minutes"), default=50
    )
    # Idle minutes after which people of this practice are signed out.
    idle_minutes = models.PositiveSmallIntegerField(
        _("signed out after, in minutes"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(30)],
    )
    # Whether times read 2:00 pm or 14:00, on pages, in print and in emails.
    clock_hours = models.PositiveSmallIntegerField(
        _("times"),
        default=12,
        db_default=12,
        choices=[(12, _("12 hours, 2:00 pm")), (24, _("24 hours, 14:00"))],
    )
    # The sender name of emails; neutral, so never the practice's name unless chosen.
    sender_name = models.CharField(_("email sender"), max_length=60, blank=True)
    # How long a discharged client can read in the portal.
    portal_days = models.PositiveSmallIntegerField(
        _("portal after discharge, in days"), default=30
    )
    # The privacy notice that clients agree to; a new text is a new version.
    privacy_notice = models.TextField(blank=True)
    privacy_version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(sender_name__regex="[\\x01-\\x1f\\x7f]"),
                name="practice_sender_is_one_line",
                violation_error_code="sender_name",
                violation_error_message=_("Keep the sender’s name to one line."),
            ),
            # The prefix of an encoded word in an email header (RFC 2047).
            models.CheckConstraint(
                condition=~Q(sender_name__contains="=?"),
                name="practice_sender_is_not_encoded",
                violation_error_code="sender_name",
                violation_error_message=_("Enter a sender’s name without “=?”."),
            ),
            models.CheckConstraint(
                condition=Q(idle_minutes__gte=5, idle_minutes__lte=30),
                name="practice_idle_five_to_thirty",
                violation_error_code="idle_minutes",
                violation_error_message=_("Enter 5 to 30 minutes."),
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return time_zones.resolve(self.time_zone)

    @transaction.atomic
    def change(self, *, by, fields: list[str]) -> None:
        self.save(update_fields=fields)
        audit.record("practice changed", about=self, fields=fields)

    @transaction.atomic
    def write_notice(self, text: str, *, by) -> bool:
        """Save a new version of the notice; False if the text is unchanged."""
        if text == self.privacy_notice:
            return False
        self.privacy_notice = text
        self.privacy_version += 1
        self.save(update_fields=["privacy_notice", "privacy_version"])
        audit.record("privacy notice written", about=self, version=self.privacy_version)
        return True


class CrisisLineQuerySet(models.QuerySet):
    def editable_by(self, user):
        if not user.is_admin:
            return self.none()
        return self.filter(practice_id=user.practice_id)

    def shown(self):
        return self.exclude(verified_on=None)


MOST_LINES = 30
TOO_MANY_LINES = _(
    "You already have %(most)d crisis lines, the maximum. Remove a line before you "
    "add another."
)
LINE_IS_GONE = _("This crisis line was removed in the meantime. Nothing was changed.")


class CrisisLine(models.Model):
    """A crisis line to call. Shown only once someone has verified the number."""

    retention = "practice content"

    GOOD_FOR = timedelta(days=365)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="crisis_lines")
    name = NameField(_("name"), max_length=120)
    number = models.CharField(_("number"), max_length=40)
    hours = models.CharField(_("hours"), max_length=120, blank=True)
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = CrisisLineQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]

    def __str__(self):
        return self.name

    @property
    def is_old(self) -> bool:
        """Whether someone should verify it again. The line is still shown."""
        today = timezone.localdate()
        return bool(self.verified_on and self.verified_on < today - self.GOOD_FOR)

    @transaction.atomic
    def add(self, *, by) -> None:
        """Add as the last of the practice's lines."""
        self.practice_id = by.practice_id
        others = CrisisLine.objects.editable_by(by)
        row_limits.require_room(others, MOST_LINES, TOO_MANY_LINES)
        self.position = (others.aggregate(last=Max("position"))["last"] or 0) + 1
        self.save(force_insert=True)
        audit.record("crisis line added", about=self)

    @transaction.atomic
    def change(self, *, by, fields: list[str]) -> None:
        """Save `fields`; ValidationError if the line was removed meanwhile."""
        if not self._locked(by):
            raise ValidationError(LINE_IS_GONE)
        self.save(update_fields=fields)
        audit.record("crisis line changed", about=self, fields=fields)

    @transaction.atomic
    def move_up(self, *, by) -> bool:
        """Swap places with the line above; the first one stays.

        False if the line was removed meanwhile.
        """
        lines = list(CrisisLine.objects.editable_by(by).select_for_update())
        here = next((n for n, line in enumerate(lines) if line.pk == self.pk), None)
        if here is None:
            return False
        lines.insert(max(here - 1, 0), lines.pop(here))
        for position, line in enumerate(lines, 1):
            CrisisLine.objects.filter(pk=line.pk).update(position=position)
        audit.record("crisis line moved", about=self)
        return True

    @transaction.atomic
    def remove(self, *, by) -> bool:
        """Remove the line; False if it was already removed."""
        if not self._locked(by):
            return False
        audit.record("crisis line removed", about=self)
        self.delete()
        return True

    def _locked(self, by) -> bool:
        """Lock the row until the transaction ends; return whether it still exists."""
        mine = CrisisLine.objects.editable_by(by).filter(pk=self.pk)
        return mine.select_for_update().exists()


def help_at(slug: str) -> tuple[str, list[CrisisLine]]:
    """A practice's name and crisis lines, for visitors who know its URL; else nothing.

    All that a visitor can learn about a practice before signing in.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM app.help(%s)", [slug])
        rows = cursor.fetchall()
    names = ("name", "number", "hours", "verified_on")
    lines = [CrisisLine(**dict(zip(names, row[1:], strict=True))) for row in rows]
    return (rows[0][0] if rows else ""), [line for line in lines if line.verified_on]


class Heartbeat(models.Model):
    """A single row: when the worker last ran."""

    retention = "transient"
    retention_days = 1

    at = models.DateTimeField()

    @classmethod
    def beat(cls):
        cls.objects.update_or_create(pk=1, defaults={"at": timezone.now()})

    @classmethod
    def is_recent(cls) -> bool:
        return cls.objects.filter(
            at__gte=timezone.now() - timedelta(minutes=3)
        ).exists()
