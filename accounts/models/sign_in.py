"""Sign-ins, known devices and changes of email address."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.fields import EmailAddressField
from accounts.models.people import User
from database.ids import uuid7


class SignInQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The user's own rows, and nobody else's, admins included."""
        return self.filter(user=user)

    def running(self):
        return self.filter(expire_date__gt=timezone.now())


class SignIn(AbstractBaseSession):
    """A signed-in browser. Joined with its user, so that one query authenticates.

    The cookie holds the session key, the table only its hash: reading the table lets
    nobody sign in. Lists and URLs name a sign-in by `public_id`.
    """

    retention = "transient"
    retention_days = 1

    AT_ONCE = 10  # sign-ins at once; one more ends the oldest

    session_key = None
    key_hash = models.CharField(max_length=64, primary_key=True)
    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sign_ins")
    begun_at = models.DateTimeField(null=True)
    last_active_at = models.DateTimeField(null=True)  # last user activity
    shared = models.BooleanField(default=False)  # a shared device
    agent = models.CharField(max_length=80, blank=True)
    address = models.GenericIPAddressField(null=True)
    way = models.CharField(max_length=20, blank=True)

    objects = SignInQuerySet.as_manager()

    class Meta(AbstractBaseSession.Meta):
        db_table = "accounts_signin"

    def __str__(self):
        return str(self.public_id)

    @classmethod
    def get_session_store_class(cls):
        return import_string(f"{settings.SESSION_ENGINE}.SessionStore")


class KnownDeviceQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)


class KnownDevice(models.Model):
    """A browser that someone has signed in with, known by its cookie's hash."""

    retention = "account"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64)
    first_seen = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)
    # The user's version of sign-in methods at the last sign-in here; an older one is
    # not recognized.
    sign_in_version = models.PositiveIntegerField(default=0, db_default=0)

    objects = KnownDeviceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "token_hash"], name="known_device_once"
            ),
        ]


class AddressChangeQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(user=user)

    def open(self):
        return self.filter(used_at=None, expires_at__gt=timezone.now())


class AddressChange(models.Model):
    """A requested change of email address, until confirmed from the new mailbox."""

    retention = "account"

    LIFETIME = timedelta(hours=24)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.PROTECT, related_name="address_changes")
    email = EmailAddressField()
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects = AddressChangeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(used_at=None),
                name="address_change_one_open",
            ),
        ]
