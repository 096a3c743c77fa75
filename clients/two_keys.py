"""Words that count only once both sides agreed to exactly them.

    class PlanVersion(AbstractWording):
        subject, content_fields = "plan", ("words", "why")
        compared_text = "words"
        plan = models.ForeignKey(Plan, related_name="versions")

    class PlanAgreement(AbstractAgreement):
        version = models.ForeignKey(PlanVersion, related_name="keys")

What is agreed to (a goal, say) has numbered versions; a version has the agreements that
each side gave to it.  Both are append-only: an agreement is withdrawn by a row of its
own (`taken_back`), and may then be given again, as the next turn.
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

MOST_TURNS = 20  # agreements of one side to one version, withdrawn ones included
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
        """Those that stand."""
        return self.filter(taken_back=None)

    def of(self, version, side: str):
        """Those of one side to one version, withdrawn or not."""
        return self.filter(version=version, side=side)

    def last_agreed(self) -> dict[UUID, AbstractWording]:
        """By what it is of, the version on which both agreements stood last; in one
        query."""
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
    """What one side agreed to: exactly these words.  Append-only.

    A subclass has `version`, and a row of its room that withdraws it, whose one-to-one
    field is called back as `taken_back` and which knows `at`.
    """

    side = models.CharField(max_length=10, choices=Side.choices)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    turn = models.PositiveSmallIntegerField(default=1, db_default=1)
    fingerprint = models.CharField(max_length=64)  # of the words that were read

    objects = AgreementQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def ended_at(self):
        """When it was withdrawn; None while it stands."""
        try:
            return self.taken_back.at
        except ObjectDoesNotExist:
            return None


class AbstractWording(ClientRow):
    """One version of the words.  Append-only.

    A subclass names its foreign key to what it is of (`subject`), the fields that are
    agreed to (`content_fields`), those of them that came later (`later_fields`: they
    count in a fingerprint only where they say something, so that an older one still
    holds), and the text whose changes pages mark (`compared_text`).  Its agreements
    are `keys`.
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
    # How it differs from the version that was in force last when it was proposed: the
    # id of that one, and what `text_diff.stored()` says.
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
        """Whether both sides ever agreed to it, withdrawn since or not."""
        return self.keys.order_by().values("side").distinct().count() == 2

    @property
    def mark(self) -> str:
        """The beginning of its fingerprint, as it is shown: two groups of four."""
        return f"{self.fingerprint[:4]} {self.fingerprint[4:8]}"

    def compute_fingerprint(self) -> str:
        """The same only for exactly the same content of the same subject and number."""
        said = {
            name: "" if value is None else str(value)
            for name, value in self.content.items()
            if name not in self.later_fields or value not in ("", None)
        }
        text = json.dumps([str(self.subject_id), self.number, said], sort_keys=True)
        return encryption.fingerprint(self.practice_id, self.client_id, text)

    def compare_with(self, agreed: AbstractWording | None) -> None:
        """Before it is saved: pages show a difference, and do not compute it."""
        if agreed is not None:
            lengths = text_diff.stored(agreed._text, self._text)
            self.compared = {"with": str(agreed.pk), "lengths": lengths}

    def difference_from(self, agreed: AbstractWording) -> SafeString:
        """Its text with what it changes of the agreed one marked."""
        # Not a dict where it cannot be read.
        known = self.compared if isinstance(self.compared, dict) else {}
        lengths = known["lengths"] if known.get("with") == str(agreed.pk) else ""
        return text_diff.word_diff(agreed._text, self._text, lengths)

    @property
    def _text(self) -> str:
        return getattr(self, self.compared_text)

    def key_of(self, side: str) -> AbstractAgreement | None:
        """The agreement of `side` that stands."""
        return self.keys.not_withdrawn().filter(side=side).first()

    def turn_key(self, *, by: User) -> str:
        """Agree for one's own side, within a verb that waited for its turn.

        Answer "" where that side's agreement stood already, "one" where the other's is
        missing, "both" where both stand now.  Raise ValidationError after MOST_TURNS.
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
