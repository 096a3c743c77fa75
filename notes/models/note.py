from __future__ import annotations

import json
import re
from datetime import datetime

from django.db import ProgrammingError, connection, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg2 import Binary

from accounts import audit, encryption
from accounts.encryption import EncryptedTextField
from accounts.models import User
from appointments.models import UNDO_FOR, TherapySession
from clients import access
from clients.autosave import PART
from clients.models import ClientRow, ClientRowQuerySet
from database.functions import call
from database.prepared import PreparedSQL

audit.kind("progressnote", _("A session note"))
audit.verb("note signed", audit.Sort.SIGNED, _("Signed a note"))
audit.verb("signing undone", audit.Sort.SIGNED, _("Undid signing a note"))
audit.verb("note held back", audit.Sort.WROTE, _("Stopped sharing a note"))
audit.verb("note shown again", audit.Sort.WROTE, _("Shared a note again"))

MOST = 4  # parts of a note
# The fields of the session screen, in order. The unsigned note stores exercise and
# takeaway with its parts, followed by ratings and answers as JSON, so that nothing of
# an unsaved page is lost. Saving and signing move all of it to its own tables and out
# of the note.
TYPED = ("format", *(f"part{n}" for n in range(MOST)), "practice", "take_away")
LIMITS = {f"part{n}": 40_000 for n in range(MOST)} | {"practice": 500, "take_away": 500}
PRESSED = re.compile(r"(rating|answer)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_PRESSED = 200


# A page may send any number as its revision; an impossible one counts as stale.
KEEP = PreparedSQL("""
UPDATE notes_progressnote
SET body = $1, format = $2, revision = revision + 1, saved_at = $3
WHERE id = $4 AND author_id = $5 AND revision = $6::numeric AND signed_at IS NULL
RETURNING revision
""")


def pressed_in(body: str) -> dict[str, str]:
    """Ratings and answers stored in the body of an unsigned note after its texts."""
    parts = body.split(PART)
    return json.loads(parts[len(TYPED) - 1]) if len(parts) >= len(TYPED) else {}


class ProgressNoteQuerySet(ClientRowQuerySet):
    def visible_to(self, user):
        """The care team reads all; the client what is signed and not withheld."""
        rows = super().visible_to(user)
        return rows.shared() if access.reach(user).own else rows

    def shared(self):
        held = NoteHold.objects.open().filter(note=models.OuterRef("pk"))
        return self.signed().exclude(models.Exists(held))

    def signed(self):
        """Notes whose signature is final, by the database clock."""
        return self.filter(signed_at__lte=Now())

    def unsigned(self):
        """Notes without a final signature: drafts, and those that can still be
        undone."""
        return self.filter(Q(signed_at=None) | Q(signed_at__gt=Now()))

    def drafts(self):
        """Notes that nobody has signed."""
        return self.filter(signed_at=None)

    def to_sign(self):
        """Without those of missed or canceled sessions."""
        off = [TherapySession.State.MISSED, TherapySession.State.CANCELLED]
        return self.exclude(session__state__in=off)

    def with_time_to_undo(self):
        """Annotate `undo_left`: how long the signature can still be undone; negative
        once final."""
        left = models.F("signed_at") - Now()
        return self.annotate(
            undo_left=models.ExpressionWrapper(left, models.DurationField())
        )


class ProgressNote(ClientRow):
    """The note of a session, part by part. A draft until signed, then immutable."""

    retention = "record"
    not_exported = {
        "begun_at": "of its draft",
        "saved_at": "of its draft",
        "revision": "counts saves",
        "content_hash": "made from the text",
    }
    frozen = {"session", "author", "begun_by", "begun_at"}

    class Format(models.TextChoices):
        DAP = "dap", "DAP"
        SOAP = "soap", "SOAP"
        BIRP = "birp", "BIRP"
        GIRP = "girp", "GIRP"
        FREE = "free", _("Free text")

    seal_as = "note"

    session = models.OneToOneField(
        TherapySession, models.PROTECT, related_name="note", db_constraint=False
    )
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    # Who began it, if `author` took the draft over from them.
    begun_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField(null=True)  # by its present author
    format = models.CharField(max_length=4, choices=Format.choices, default="dap")
    body = EncryptedTextField(blank=True)
    revision = models.PositiveIntegerField(default=0)
    saved_at = models.DateTimeField(default=timezone.now)
    # When the signature becomes final: ten seconds after signing.
    signed_at = models.DateTimeField(null=True)
    content_hash = models.CharField(max_length=64, blank=True)

    objects = ProgressNoteQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["author"], condition=Q(signed_at=None), name="note_unsigned"
            ),
        ]

    @classmethod
    def begin(
        cls, session: TherapySession, *, by: User, body: str = "", format: str = "dap"
    ) -> ProgressNote:
        """Create the session's only note, with the session's id.

        Revision 0 if empty, else 1. IntegrityError if someone has already begun it.
        """
        note = cls(
            id=session.pk,
            practice_id=session.practice_id,
            client_id=session.client_id,
            session=session,
            author=by,
            begun_at=timezone.now(),
            format=format,
            body=body,
            revision=1 if body else 0,
        )
        note.save(force_insert=True)
        return note

    @staticmethod
    def is_held_back(session: TherapySession) -> bool:
        """Whether a session's note is withheld, for users who can see neither the note
        nor the hold: a client learns that it is, not why."""
        return call("is_held", session.pk)

    @property
    def parts(self) -> list[str]:
        return self.body.split(PART)

    @property
    def pressed(self) -> dict[str, str]:
        """Unsaved ratings and answers of the page, by field name."""
        return pressed_in(self.body)

    @staticmethod
    def joined(texts: dict[str, str], pressed: dict[str, str]) -> str:
        """The body of an unsigned note, from the fields of its page."""
        parts = [texts.get(name, "").replace(PART, "") for name in TYPED[1:]]
        return PART.join([*parts, json.dumps(pressed)] if pressed else parts)

    # -- verbs -------------------------------------------------------------------

    def keep(self, body: str, format: str, *, by: User, base: int) -> int | None:
        """Autosave over revision `base`, in one statement.

        None if someone else saved since, or signed: nothing is overwritten. Autosave
        writes no audit row; opening, saving and signing do.
        """
        sealed = self._meta.get_field("body").seal(self, body)
        saved = KEEP.rows(Binary(sealed), format, timezone.now(), self.pk, by.pk, base)
        return saved[0][0] if saved else None

    def compute_hash(self, signed_at) -> str:
        """The hash that proves this author signed this text at this time."""
        parts = self.body.split(PART)[:MOST]
        said = [self.session_id, self.author_id, signed_at.isoformat(), self.format]
        text = PART.join(map(str, [*said, *parts]))
        return encryption.fingerprint(self.practice_id, self.client_id, text)

    @transaction.atomic
    def sign(self, *, by: User, base: int) -> bool:
        """Sign the text of revision `base`; final ten seconds from now.

        False for a stale revision, a second signature, or a session in the future.
        """
        final_at = database_clock() + UNDO_FOR
        content_hash = self.compute_hash(final_at)
        done = ProgressNote.objects.filter(
            pk=self.pk,
            author=by,
            revision=base,
            signed_at=None,
            session__starts_at__lte=Now(),
        ).update(signed_at=final_at, content_hash=content_hash)
        if done:
            self.signed_at, self.content_hash = final_at, content_hash
            audit.record("note signed", about=self)
        return bool(done)

    @transaction.atomic
    def undo_signing(self, *, by: User) -> bool:
        """Make it a draft again; False once the signature is final, or for others."""
        try:
            with transaction.atomic():
                done = ProgressNote.objects.filter(
                    pk=self.pk, author=by, signed_at__gt=Now()
                ).update(signed_at=None, content_hash="")
        except ProgrammingError:  # the trigger: it became final meanwhile
            done = 0
        if done:
            self.signed_at, self.content_hash = None, ""
            audit.record("signing undone", about=self)
        return bool(done)


def database_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


class NoteHoldQuerySet(ClientRowQuerySet):
    def visible_to(self, user):
        """The care team; the client does not read the reason."""
        return self.filter(access.rows_held_by(user, access.READS))

    def open(self):
        """Holds that are active now, by the database clock."""
        return self.filter(Q(until=None) | Q(until__gt=Now()))


class NoteHold(ClientRow):
    """Why a signed note is not shown to the client for now; the note is unchanged."""

    seal_as = "note_hold"
    retention = "record"
    not_exported = "a note that is held back is in no copy, nor why"
    frozen = {"note", "by", "at", "reason"}

    note = models.ForeignKey(
        ProgressNote, models.PROTECT, related_name="holds", db_constraint=False
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reason = EncryptedTextField(_("reason"))
    until = models.DateTimeField(null=True)

    objects = NoteHoldQuerySet.as_manager()

    @classmethod
    @transaction.atomic
    def place(cls, note: ProgressNote, reason: str, *, by: User) -> NoteHold:
        hold = cls(
            practice_id=note.practice_id,
            client_id=note.client_id,
            note=note,
            by=by,
            reason=reason,
        )
        hold.save(force_insert=True)
        audit.record("note held back", about=note)
        return hold

    @transaction.atomic
    def lift(self, *, by: User) -> None:
        NoteHold.objects.filter(pk=self.pk).update(until=Now())
        audit.record("note shown again", about=self.note)
