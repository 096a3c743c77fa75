from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit, encryption, invitations, people
from accounts.encryption import EncryptedTextField
from accounts.fields import (
    EmailAddressField,
    HasNameKey,
    NameField,
    NameKeyField,
)
from accounts.models import Invitation, Practice, User
from accounts.sessions import ways_changed
from clients import access, signals
from clients.models import care
from clients.models.care import CareRole
from clients.models.contact import ContactPreferences
from clients.models.contact_wish import HasWishes, with_wishes
from database import identity
from database.ids import uuid7
from ui.names import name_key

audit.kind("client", _("Client page"))
audit.verb("background written", audit.Sort.WROTE, _("Wrote the presenting concern"))
audit.verb("admitted", audit.Sort.ROLE, _("Added a client"))
audit.verb("client corrected", audit.Sort.WROTE, _("Corrected contact details"))
audit.verb("client invited", audit.Sort.ROLE, _("Invited a client to the portal"))
audit.verb("address corrected", audit.Sort.ROLE, _("Corrected an email address"))
audit.verb("discharged", audit.Sort.ROLE, _("Discharged a client"))
audit.verb("taken back", audit.Sort.ROLE, _("Readmitted a client"))
audit.verb("portal closed", audit.Sort.ROLE, _("Closed their own portal"))


class ClientQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Clients in the user's care; a client sees themselves. For clinical pages."""
        return self.filter(access.rows_visible_to(user, column="pk"))

    def editable_by(self, user):
        return self.filter(access.rows_editable_by(user, column="pk"))

    def supervised_by(self, user):
        return self.filter(access.rows_held_by(user, access.SUPERVISES, column="pk"))

    def directory_of(self, user):
        """Names and contact data for the admin, who sees no clinical data."""
        if not user.is_admin:
            return self.none()
        return self.filter(practice_id=user.practice_id)

    def invited(self):
        """Like `Client.is_invited`, as a queryset filter."""
        asked = models.Q(wants_portal=True) & ~models.Q(email="")
        return self.filter(~models.Q(user=None) | asked)

    def named(self, text: str):
        """Clients whose names have each word of `text`, ignoring case and accents."""
        found = self
        for word in name_key(text).split():
            found = found.filter(name_key__contains=word)
        return found

    def staffed_by(self, user):
        """Clients whose care roles `user` manages: an admin all, a primary theirs."""
        led = self.filter(access.rows_held_by(user, access.LEADS, column="pk"))
        return led | self.directory_of(user)

    def by_name(self):
        return self.order_by("name_key", "pk")

    def with_wishes(self):
        return with_wishes(self)


class Client(HasWishes, HasNameKey):
    """A person in therapy. Not an account: many clients have none."""

    retention = "record"
    not_exported = {
        "user": "the account; its address is in the copy",
        "name_key": "made from the name",
        "wants_portal": "whether an account is wanted, until there is one",
        "version": "counts changes, so that nobody overwrites another",
    }
    # The account is linked once, by accounts.people.
    frozen = {"practice", "created_at", "user"}

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")
        DISCHARGED = "discharged", _("Discharged")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    practice = models.ForeignKey(Practice, models.PROTECT, related_name="clients")
    user = models.OneToOneField(User, models.PROTECT, null=True, related_name="client")
    preferred_name = NameField(_("preferred name"), max_length=80)
    family_name = NameField(_("family name"), max_length=80, blank=True)
    name_key = NameKeyField(of=("preferred_name", "family_name"))
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    # The address until they are invited; from then on the account holds the only copy.
    # It stays here if the address belongs to another account, whose owner is notified.
    email = EmailAddressField(_("email"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    emergency_name = NameField(_("emergency contact"), max_length=120, blank=True)
    emergency_phone = models.CharField(
        _("their phone number"), max_length=40, blank=True
    )
    wants_portal = models.BooleanField(default=True)
    state = models.CharField(max_length=12, choices=State.choices, default="active")
    discharged_at = models.DateTimeField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ClientQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("practice", "name_key", name="client_by_name_key"),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("client", args=[self.pk])

    @property
    def client_id(self):
        """A client's own row counts as theirs for audit and encryption."""
        return self.pk

    @property
    def name(self) -> str:
        return f"{self.preferred_name} {self.family_name}".strip()

    @property
    def address(self) -> str:
        if self.user_id and not self.email:
            return self.user.email
        return self.email

    @property
    def is_invited(self) -> bool:
        """Whether they were invited, also if the address belonged to another account:
        the reader must not learn who has one."""
        return bool(self.user_id or (self.wants_portal and self.email))

    @property
    def has_joined(self) -> bool:
        return bool(self.user_id and self.user.joined_at)

    @property
    def closed_portal(self) -> bool:
        """Whether the client closed their own account; nobody else can."""
        return bool(self.user_id and not self.user.is_active)

    @property
    def has_portal(self) -> bool:
        """Whether they can read what is shared with them, now or after joining."""
        return self.is_invited and not self.closed_portal

    @property
    def is_discharged(self) -> bool:
        return self.state == self.State.DISCHARGED

    @property
    def portal_until(self):
        """Until when a discharged client can read the portal; None for anyone else."""
        if not (self.is_discharged and self.discharged_at):
            return None
        return self.discharged_at + timedelta(days=self.practice.portal_days)

    # -- verbs -------------------------------------------------------------------

    def admit(
        self, *, by: User, primary: User | None = None, concern: str = ""
    ) -> None:
        """Create a client with key, preferences and first primary therapist.

        A therapist adds clients to their own care; an admin names the therapist.
        """
        Client.admit_all([self], by=by, primary=primary, concerns=[concern])

    @classmethod
    @transaction.atomic
    def admit_all(
        cls,
        clients: list[Client],
        *,
        by: User,
        primary: User | None = None,
        concerns: list[str],
    ) -> None:
        """The same for several clients, in as many statements as for one.

        The presenting concern is written by their therapist only, never by an admin.
        """
        practice_id, therapist = by.practice_id, primary or by
        for client in clients:
            client.practice_id = practice_id
        cls.objects.bulk_create(clients)
        encryption.make_client_keys(practice_id, [client.pk for client in clients])
        care.require_treats(therapist)
        CareRole.objects.bulk_create(
            CareRole(
                practice_id=practice_id,
                client=client,
                user=therapist,
                kind=CareRole.Kind.PRIMARY,
                given_by=by,
            )
            for client in clients
        )
        ContactPreferences.objects.bulk_create(
            ContactPreferences(client=client, practice_id=practice_id)
            for client in clients
        )
        if connection.in_atomic_block and identity.is_set():
            identity.tell(connection)
        access.forget_reach(by)
        if therapist == by:
            ClientBackground.objects.bulk_create(
                ClientBackground(
                    client=client, practice_id=practice_id, presenting_concern=concern
                )
                for client, concern in zip(clients, concerns, strict=True)
            )
        said = {"therapist": therapist.pk}
        audit.record_each("admitted", [(client, said) for client in clients])

    @transaction.atomic
    def correct(self, *, by: User, fields: list[str], seen_version: int) -> bool:
        """Save these fields; False if someone else saved since `seen_version`."""
        rows = Client.objects.filter(pk=self.pk, version=seen_version)
        new = self.with_key({name: getattr(self, name) for name in fields})
        if not rows.update(version=seen_version + 1, **new):
            return False
        self.version = seen_version + 1
        audit.record("client corrected", about=self, fields=fields)
        return True

    @transaction.atomic
    def invite(self, *, by: User) -> bool:
        """Send the portal link. False if the address belongs to another account.

        The caller shows the same answer for both; the owner of the address is notified.
        """
        if self.user_id and self.email:
            return self.readdress(self.email, by=by)
        audit.record("client invited", about=self)
        if self.user_id is None and not self._open_account():
            self.wants_portal = True
            self.save(update_fields=["email", "wants_portal"])
            return False
        if self.closed_portal:
            people.open_account(self.user)
        invitations.invite(self.user, by=by)
        return True

    @transaction.atomic
    def readdress(self, email: str, *, by: User) -> bool:
        """Correct the address before anyone has joined, and invite there instead.

        False if the address belongs to another account; the answer shown is the same,
        and the earlier link is closed in any case.
        """
        if self.has_joined:
            return False
        if self.user_id is None:
            self.email = email
            return self.invite(by=by)
        audit.record("address corrected", about=self)
        try:
            with transaction.atomic():
                people.correct_address(self.user, email)
        except IntegrityError:
            self.email = email
            for link in Invitation.objects.filter(user=self.user).open():
                invitations.revoke(link, by=by)
            self.save(update_fields=["email"])
            return False
        self.email = ""
        self.save(update_fields=["email"])
        invitations.invite(self.user, by=by)
        return True

    @transaction.atomic
    def close_portal(self, *, by: User) -> bool:
        """Close the client's own account and end its sign-ins; the record stays."""
        done = people.close_account(self.user)
        if done:
            ways_changed(self.user)
            audit.record("portal closed", about=self)
        return done

    @signals.changes("clients")
    def discharge(self, *, by: User) -> bool:
        """Discharge: read-only portal, closed later. False if already discharged."""
        rows = Client.objects.editable_by(by).filter(pk=self.pk)
        done = rows.exclude(state=self.State.DISCHARGED).update(
            state=self.State.DISCHARGED, discharged_at=Now()
        )
        if done:
            audit.record("discharged", about=self)
        return bool(done)

    @signals.changes("clients")
    def take_back(self, *, by: User) -> bool:
        rows = Client.objects.editable_by(by).filter(pk=self.pk)
        done = rows.filter(state=self.State.DISCHARGED).update(
            state=self.State.ACTIVE, discharged_at=None
        )
        if done:
            audit.record("taken back", about=self)
        return bool(done)

    def _open_account(self) -> bool:
        try:
            with transaction.atomic():
                self.user = User.objects.create_user(
                    self.email,
                    practice_id=self.practice_id,
                    name=self.preferred_name,
                    time_zone=self.practice.time_zone,
                )
        except IntegrityError:
            return False
        people.give_account(self.user, to=self.pk)
        self.email, self.wants_portal = "", True
        self.save(update_fields=["email", "wants_portal"])
        return True


class ClientBackground(models.Model):
    """Presenting concern. Apart from Client, which admins can read."""

    seal_as = "background"
    retention = "record"
    frozen = ()

    client = models.OneToOneField(
        Client,
        models.PROTECT,
        primary_key=True,
        related_name="background",
        db_constraint=False,
    )
    practice = models.ForeignKey(
        Practice, models.PROTECT, related_name="+", db_constraint=False
    )
    presenting_concern = EncryptedTextField(_("presenting concern"), blank=True)

    class ConcernQuerySet(models.QuerySet):
        def visible_to(self, user):
            return self.filter(access.rows_visible_to(user)).filter(
                ~Q(client__user_id=user.pk)
            )

    objects = ConcernQuerySet.as_manager()

    @transaction.atomic
    def write(self, *, by: User) -> None:
        if self._state.adding:
            self.save(force_insert=True)
        else:
            self.save(update_fields=["presenting_concern"])
        audit.record("background written", about=self, client_id=self.client_id)

    @classmethod
    @transaction.atomic
    def import_many(cls, concerns: dict[Client, str], *, by: User) -> None:
        """The presenting concerns of several clients whom an admin added."""
        rows = [
            cls(client=client, practice_id=client.practice_id, presenting_concern=words)
            for client, words in concerns.items()
        ]
        cls.objects.bulk_create(rows)
        audit.record_each("background written", [(row, {}) for row in rows])
