from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.fields import (
    EmailAddressField,
    HasNameKey,
    NameField,
    NameKeyField,
)
from accounts.models.practice import Practice
from database.ids import uuid7
from ui import dates, text, time_zones
from ui.time_zones import validate_zone


class UserManager(BaseUserManager):
    def create_user(self, email, password=None, **fields):
        """`password=None`: cannot sign in before accepting an invitation."""
        user = self.model(email=email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email):
        return self.get(email=email)


class UserQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Themselves; for admins and therapists also the staff of the practice.

        A client's account is reached through the client, never through this manager.
        """
        if user.is_admin:
            return self.filter(practice_id=user.practice_id)
        if user.is_therapist:
            return self.filter(practice_id=user.practice_id).staff()
        return self.filter(pk=user.pk)

    def staff(self):
        return self.filter(Q(is_therapist=True) | Q(is_admin=True))

    def therapists(self):
        return self.filter(is_therapist=True, is_active=True)


class User(HasNameKey, AbstractBaseUser):
    """A person with an account: therapist, admin, both, or else a client."""

    retention = "account"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="people")
    email = EmailAddressField(_("email"), unique=True)
    name = NameField(_("name"), max_length=120)
    name_key = NameKeyField(of=("name",))
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=60, default="UTC", validators=[validate_zone]
    )
    language = models.CharField(_("language"), max_length=12, default="en")
    is_active = models.BooleanField(default=True)
    is_therapist = models.BooleanField(_("therapist"), default=False)
    is_admin = models.BooleanField(_("admin"), default=False)
    # How clients can reach a therapist between sessions.
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    contact_hours = models.CharField(_("contact hours"), max_length=200, blank=True)
    joined_at = models.DateTimeField(null=True, editable=False)
    # Set by PostgreSQL when an admin made them a therapist; None if the operator did.
    therapist_since = models.DateTimeField(null=True, editable=False)
    # Incremented when sign-in methods change; older sign-ins become invalid.
    sign_in_version = models.PositiveIntegerField(default=0, editable=False)
    privacy_version = models.PositiveSmallIntegerField(null=True, editable=False)
    privacy_at = models.DateTimeField(null=True, editable=False)

    @property
    def password(self) -> str:
        """The hash, stored in `credential`, because other people may read User rows."""
        return self.credential.password

    @password.setter
    def password(self, value: str):
        if self._state.adding and not User.credential.is_cached(self):
            self.credential = Credential(password=value)
        else:
            self.credential.password = value

    objects = UserManager.from_queryset(UserQuerySet)()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(email=Lower(F("email"))), name="user_email_is_lower_case"
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, update_fields=None, **kwargs):
        """Also save the password if it was loaded or set and is not excluded."""
        is_new, fields = self._state.adding, update_fields
        if is_new and not User.credential.is_cached(self):
            self.set_password(None)
        if fields is not None:
            fields = set(fields) - {"password"}
        if fields is None or fields:
            super().save(*args, update_fields=fields, **kwargs)
        if is_new:
            self.credential.save(force_insert=True)
        elif User.credential.is_cached(self) and "password" in (
            update_fields or ["password"]
        ):
            self.credential.save(update_fields=["password"])

    def _get_session_auth_hash(self, secret=None):
        """Django's hash, extended so that it changes with every sign-in method."""
        proved = f"{self.sign_in_version}:{self.password}"
        return salted_hmac(
            "cairn.sign-in", proved, secret=secret, algorithm="sha256"
        ).hexdigest()

    @property
    def is_staff_member(self) -> bool:
        return self.is_therapist or self.is_admin

    @property
    def is_client(self) -> bool:
        return not self.is_staff_member

    @property
    def zone(self) -> ZoneInfo:
        """The user's time zone, or the practice's if theirs is not valid (anymore)."""
        if self.zone_is_known:
            return time_zones.resolve(self.time_zone)
        return self.practice.zone

    @property
    def zone_is_known(self) -> bool:
        return time_zones.canonical(self.time_zone) is not None

    def set_password(self, raw_password):
        super().set_password(raw_password and text.password(raw_password))

    def check_password(self, raw_password):
        """Also accepts a hash made before passwords were normalized."""
        normal = text.password(raw_password)
        if super().check_password(normal):
            return True
        return normal != raw_password and super().check_password(raw_password)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Context manager: format in this user's time zone, language and clock."""
        with (
            timezone.override(self.zone),
            translation.override(self.language),
            dates.clock_of(self.practice.clock_hours),
        ):
            yield

    def today(self):
        """Today's date in this user's time zone."""
        return timezone.localdate(timezone=self.zone)


class CredentialQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)


class Credential(models.Model):
    """A user's password hash, apart from User, whose rows other people may read."""

    retention = "account"

    user = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="credential"
    )
    password = models.CharField(max_length=128)

    objects = CredentialQuerySet.as_manager()


class InvitationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Admins see the practice's; others those they sent."""
        mine = self.filter(practice_id=user.practice_id)
        return mine if user.is_admin else mine.filter(invited_by=user)

    def open(self):
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())


class Invitation(models.Model):
    """A link, valid for 72 hours and one use, that gives a person their account."""

    retention = "account"

    LIFETIME = timedelta(hours=72)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT)
    user = models.ForeignKey(User, models.PROTECT, related_name="invitations")
    invited_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at=None, revoked_at=None),
                name="invitation_one_open_per_person",
            ),
        ]

    @property
    def is_open(self) -> bool:
        """Whether the link still works; checked again before it is emailed."""
        closed = self.used_at or self.revoked_at
        return not closed and self.expires_at > timezone.now()
