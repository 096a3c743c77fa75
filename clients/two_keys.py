"""Abstract models for wordings that take effect once both sides agree to them.

    class PlanVersion(AbstractWording):
        subject, content_fields = "plan", ("words", "why")
        compared_text = "words"
        plan = models.ForeignKey(Plan, related_name="versions")

    class PlanAgreement(AbstractAgreement):
        version = models.ForeignKey(PlanVersion, related_name="keys")

The subject (a goal, for example) has numbered versions; a version has the agreements of
each side. Both are append-only: an agreement is withdrawn by a separate row
(`taken_back`), and can be given again as the next turn.
"""

from __future__ import annotations

import json
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import encryption, row_limits
from accounts.encryption import EncryptedJSONField, Sealed
from accounts.models import User
from clients.access import side_of
from clients.models import ClientRow, ClientRowQuerySet
from ui import text_diff

MOST_TURNS = 20  # agreements of one side to one version, including withdrawn ones
TOO_MANY_TURNS = _(
    "You agreed to this wording %(most)d times and withdrew each time. Suggest a new "
    "wording instead."
)


class Side(models.TextChoices):
    CLIENT = "client", _("Client")
    THERAPIST = "therapist", _("Therapist")

    @property
    def other(self):
        return Side.THERAPIST if self == Side.CLIENT else Side.CLIENT


class AgreementQuerySet(ClientRowQuerySet):
    def not_withdrawn(self):
        """Agreements that are in effect."""
        return self.filter(taken_back=None)

    def of(self, version, side: str):
        """Agreements of one side to one version, withdrawn or not."""
        return self.filter(version=version, side=side)

    def last_agreed(self) -> dict[UUID, AbstractWording]:
        """By subject, the last version that both sides agreed to; in one query."""
        rows = self.select_related("version", "taken_back").order_by("at", "pk")
        found: dict[UUID, AbstractWording] = {}
        given: dict[tuple[UUID, str], AbstractAgreement] = {}
        for key in rows:
            given[key.version_id, key.side] = key
            other = given.get((key.version_id, Side(key.side).other))
            if other and (other.ended_at is None or other.ended_at >= key.at):
                found[key.version.subject_id] = key.version
        return found


class AbstractAgreement(ClientRow):
    """One side's agreement to one exact wording. Append-only.

    A subclass has `version`, and a related row that withdraws it, with the one-to-one
    related name `taken_back` and a field `at`.
    """

    side = models.CharField(max_length=10, choices=Side.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    turn = models.PositiveSmallIntegerField(default=1, db_default=1)
    fingerprint = models.CharField(max_length=64)  # of the wording that was read

    objects = AgreementQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def ended_at(self):
        """When it was withdrawn; None while it is in effect."""
        try:
            return self.taken_back.at
        except ObjectDoesNotExist:
            return None


class AbstractWording(ClientRow):
    """One version of a wording. Append-only.

    A subclass names its foreign key to the subject (`subject`), the fields that are
    agreed to (`content_fields`), those of them that were added later (`later_fields`:
    left out of the fingerprint while empty, so that older ones stay valid), and the
    text whose changes pages mark (`compared_text`). Its agreements are `keys`.
    """

    subject: str
    content_fields: tuple[str, ...]
    later_fields: tuple[str, ...] = ()
    compared_text = "own_words"

    number = models.PositiveSmallIntegerField()
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    side = models.CharField(max_length=10, choices=Side.choices)
    proposed_at = models.DateTimeField(default=timezone.now)
    fingerprint = models.CharField(max_length=64)
    # The difference from the last version in effect when this was proposed: that
    # version's id, and the result of `text_diff.stored()`.
    compared = EncryptedJSONField(default=None, db_default=Sealed(b""))

    class Meta:
        abstract = True

    @property
    def subject_id(self) -> UUID:
        return getattr(self, f"{self.subject}_id")

    @property
    def content(self) -> dict:
        return {name: getattr(self, name) for name in self.content_fields}

    @property
    def side_is_client(self) -> bool:
        return self.side == Side.CLIENT

    @property
    def side_is_therapist(self) -> bool:
        return self.side == Side.THERAPIST

    @property
    def was_agreed(self) -> bool:
        """Whether both sides ever agreed to it, even if withdrawn since."""
        return self.keys.order_by().values("side").distinct().count() == 2

    @property
    def mark(self) -> str:
        """The start of its fingerprint as displayed: two groups of four characters."""
        return f"{self.fingerprint[:4]} {self.fingerprint[4:8]}"

    def compute_fingerprint(self) -> str:
        """Equal only for exactly the same content, subject and number."""
        said = {
            name: "" if value is None else str(value)
            for name, value in self.content.items()
            if name not in self.later_fields or value not in ("", None)
        }
        text = json.dumps([str(self.subject_id), self.number, said], sort_keys=True)
        return encryption.fingerprint(self.practice_id, self.client_id, text)

    def compare_with(self, agreed: AbstractWording | None) -> None:
        """Call before saving: pages show the stored difference, they compute none."""
        if agreed is not None:
            lengths = text_diff.stored(agreed._text, self._text)
            self.compared = {"with": str(agreed.pk), "lengths": lengths}

    def difference_from(self, agreed: AbstractWording) -> SafeString:
        """Its text, with the changes from the agreed version marked."""
        # Not a dict if it cannot be decrypted.
        known = self.compared if isinstance(self.compared, dict) else {}
        lengths = known["lengths"] if known.get("with") == str(agreed.pk) else ""
        return text_diff.word_diff(agreed._text, self._text, lengths)

    @property
    def _text(self) -> str:
        return getattr(self, self.compared_text)

    def key_of(self, side: str) -> AbstractAgreement | None:
        """The agreement of `side` that is in effect, or None."""
        keys = self.keys.not_withdrawn().filter(side=side)
        return keys.select_related("by").first()

    def turn_key(self, *, by: User) -> str:
        """Agree for one's own side, inside a method that holds the lock.

        Return "" if that side had already agreed, "one" if the other side has not
        agreed yet, "both" if both have now. Raise ValidationError after MOST_TURNS.
        """
        side = Side(side_of(by))
        mine = self.keys.filter(side=side)
        standing = set(self.keys.not_withdrawn().values_list("side", flat=True))
        if side in standing:
            return ""
        row_limits.require_room(mine, MOST_TURNS, TOO_MANY_TURNS)
        self.keys.model(
            practice_id=self.practice_id,
            client_id=self.client_id,
            version=self,
            by=by,
            side=side,
            turn=mine.count() + 1,
            fingerprint=self.fingerprint,
        ).save(force_insert=True)
        return "both" if side.other in standing else "one"
