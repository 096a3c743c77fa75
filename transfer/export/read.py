"""A client's record as plain tables, for an export.

Never more than the client may read: unsigned or withheld notes, supervision comments
and drafts are left out, whoever asks. The presenting concern is for the therapist only,
so it is in a therapist's export.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import encryption, people
from accounts.models import User
from appointments.models import TherapySession
from clients.access import reach
from clients.models import (
    CareRole,
    Client,
    ClientBackground,
    ContactPreferences,
    Correction,
)
from clients.record_access import looks_at
from goals.models import (
    Agreement,
    Comment,
    Goal,
    GoalLink,
    GoalMove,
    GoalRating,
    GoalScore,
    GoalVersion,
    Review,
    ReviewAnswer,
    Step,
    Strength,
    StrengthLink,
    Win,
)
from notes.formats import PARTS
from notes.models import NoteAddition, ProgressNote, SessionGoal
from toolkit.models import Assignment

Row = dict[str, object]

# What an export leaves out, as the exporting side reads it; shown wherever it applies.
NOT_IN_ANY = (
    _("notes that are not signed or not shared"),
    _("supervision comments"),
    _("drafts"),
    _("review answers that are not shared yet"),
    _("reasons for emergency access, which are under “Who looked”"),
    _("emails and sign-in details"),
)
NOT_IN_THE_CLIENTS = (
    _("the presenting concern as the therapist wrote it; ask your therapist for it"),
)
NOT_IN_THE_THERAPISTS = (_("who opened the record, which is in the client’s copy"),)

PERSON = (
    "preferred_name", "family_name", "pronouns", "email", "phone", "emergency_name",
    "emergency_phone", "state", "created_at", "discharged_at",
)  # fmt: skip
PREFERENCES = ("paused_until", "celebrates")
# Table, sort order, columns. `by` and similar columns are people, exported by name.
TABLES = (
    ("care", CareRole, "starts_at", "kind user starts_at ends_at given_by"),
    (
        "goals", Goal, "created_at",
        "id created_at in_force_id in_force_at latest_id differs_since review_on"
        " closed_at ended_as from_list",
    ),
    (
        "goal_versions", GoalVersion, "goal_id number",
        "id goal_id number proposed_by side proposed_at own_words clinical_words why"
        " knowing low_end high_end review_on attainment weight_importance"
        " weight_difficulty fingerprint",
    ),
    ("goal_keys", Agreement, "at", "id version_id side by at fingerprint"),
    (
        "goal_moves", GoalMove, "at",
        "goal_id version_id agreement_id kind choice words wording by side at",
    ),
    (
        "ratings", GoalRating, "at",
        "id goal_id at value word context together by side session_id withdraws_id"
        " from_list",
    ),
    (
        "scores", GoalScore, "at",
        "goal_id at kind value why_not_lower what_would_raise by side",
    ),
    (
        "steps", Step, "goal_id position",
        "goal_id position words cue plan added_by reached_at reached_by dropped_at",
    ),
    (
        "comments",
        Comment,
        "at",
        "goal_id at by side words discussed_on discussed_by changed",
    ),
    ("goal_links", GoalLink, "at", "goal_id other_id kind by side at ended_at"),
    (
        "reviews", Review, "opened_at",
        "id goal_id opened_by opened_at closed_at decision",
    ),
    (
        "review_answers", ReviewAnswer, "at",
        "review_id by side at goal_fits goal_words size_fits size_words way_fits"
        " way_words choice",
    ),
    (
        "sessions", TherapySession, "starts_at",
        "id starts_at ends_at state therapist place take_away video_link booked_at"
        " logged_at called_off_at from_list",
    ),
    ("session_goals", SessionGoal, "session_id goal_id", "session_id goal_id"),
    (
        "practice", Assignment, "set_at",
        "session_id goal_id words due_on set_by set_at answer answered_at answered_by",
    ),
    (
        "strengths", Strength, "at",
        "id name moment setting happened_on proposed_by side at state answered_at"
        " rewords_id",
    ),
    ("strength_links", StrengthLink, "at", "strength_id goal_id by side at ended_at"),
    ("wins", Win, "at", "words happened_on by side at withdrawn_at"),
    (
        "corrections", Correction, "at",
        "at about words answer answered_at answered_by id by",
    ),
)  # fmt: skip
PEOPLE = {
    "user", "given_by", "proposed_by", "by", "added_by", "reached_by", "discussed_by",
    "opened_by", "therapist", "set_by", "answered_by",
}  # fmt: skip


@dataclass
class Record:
    made_at: datetime
    made_by: str
    practice: str
    zone: str  # of the exporting user, for dates in the PDF
    person: Row
    preferences: Row
    tables: dict[str, list[Row]] = field(default_factory=dict)

    @property
    def not_in_it(self) -> list[str]:
        return not_in_copy(self.is_clients)

    @property
    def is_clients(self) -> bool:
        """Whether the client exports it, not a therapist."""
        return "presenting_concern" not in self.person

    def of(self, table: str, **wanted) -> list[Row]:
        """The rows of one table with these values."""
        return [
            row
            for row in self.tables[table]
            if all(row[name] == value for name, value in wanted.items())
        ]


def not_in_copy(is_clients: bool) -> list[str]:
    """What an export leaves out, one phrase each: a client's or a therapist's."""
    more = NOT_IN_THE_CLIENTS if is_clients else NOT_IN_THE_THERAPISTS
    return [str(words) for words in (*NOT_IN_ANY, *more)]


def read_record(client: Client, user: User) -> Record:
    """The whole record as `user` may read it; one statement per table."""
    encryption.expect(client.practice_id, [client.pk])
    rows = ContactPreferences.objects.visible_to(user).filter(client=client)
    preferences = rows.with_wishes().first()
    record = Record(
        made_at=timezone.now(),
        made_by=user.name,
        practice=user.practice.name,
        zone=user.zone.key,
        person={name: getattr(client, name) for name in PERSON},
        preferences={name: getattr(preferences, name) for name in PREFERENCES}
        if preferences
        else {},
    )
    # The account has it once they are invited; also if another account uses it.
    record.person["email"] = client.address
    if reach(user).own != client.pk:
        found = ClientBackground.objects.visible_to(user).filter(client=client)
        background = found.first()
        said = background.presenting_concern if background else ""
        record.person["presenting_concern"] = said
    for name, model, order, columns in TABLES:
        rows = model.objects.visible_to(user).filter(client=client)
        if model is ReviewAnswer and reach(user).own != client.pk:
            # The client can read the other side's answers only once both have answered.
            rows = rows.exclude(review__client_at=None)
            rows = rows.exclude(review__therapist_at=None)
        rows = rows.order_by(*order.split(), "pk")
        names = columns.split()
        people = [column for column in names if column in PEOPLE]
        rows = rows.select_related(*people) if people else rows
        record.tables[name] = [_row(row, names) for row in rows]
    _name_nobody_of_a_list(record)
    record.tables["ratings"] = _one_a_rating(record.tables["ratings"])
    record.tables["contact_wishes"] = _wishes(preferences)
    record.tables["notes"] = _notes(client, user)
    record.tables["note_additions"] = _additions(client, user)
    record.tables["who_looked"] = _looks(client, user)
    return record


def _row(row, names) -> Row:
    found = {}
    for name in names:
        value = getattr(row, name)
        found[name] = value.name if isinstance(value, User) else value
    return found


def is_listed(goal: Row, version: Row) -> bool:
    """Whether this wording was imported, which names nobody."""
    return bool(goal["from_list"] and version["number"] == 1)


def _name_nobody_of_a_list(record: Record) -> None:
    """The importing user is not the author of imported ratings, sessions and
    wordings."""
    goals = {goal["id"]: goal for goal in record.tables["goals"]}
    for name, who in (("ratings", "by"), ("sessions", "therapist")):
        for row in record.of(name, from_list=True):
            row[who] = ""
    for row in record.tables["goal_versions"]:
        if is_listed(goals[row["goal_id"]], row):
            row["proposed_by"] = ""


def _one_a_rating(rows: list[Row]) -> list[Row]:
    """Each rating once, as pages count them; with when and by whom it was withdrawn."""
    removals = {row.pop("withdraws_id"): row for row in rows}
    removals.pop(None, None)
    ids = {row["id"] for row in removals.values()}
    given = [row for row in rows if row["id"] not in ids]
    for row in given:
        removal = removals.get(row["id"], {})
        row["removed_at"] = removal.get("at")
        row["removed_by"] = removal.get("by", "")
    return given


def _wishes(preferences: ContactPreferences | None) -> list[Row]:
    """The choice for each kind of email, including defaults."""
    wishes = preferences.wishes if preferences else {}
    return [{"kind": kind, **wish._asdict()} for kind, wish in sorted(wishes.items())]


def _notes(client: Client, user: User) -> list[Row]:
    rows = ProgressNote.objects.visible_to(user).filter(client=client).shared()
    rows = rows.select_related("author", "begun_by").order_by("signed_at", "pk")
    return [
        {
            "session_id": note.session_id,
            "author": note.author.name,
            "begun_by": note.begun_by.name if note.begun_by else "",
            "signed_at": note.signed_at,
            "format": note.format,
            "text": "\n\n".join(_labelled(note)),
        }
        for note in rows
    ]


def _additions(client: Client, user: User) -> list[Row]:
    """Additions to those notes, oldest first."""
    rows = NoteAddition.objects.visible_to(user).filter(client=client).shared()
    return [
        {
            "session_id": addition.note_id,
            "kind": addition.kind,
            "by": addition.by.name,
            "at": addition.at,
            "text": addition.text,
            "reason": addition.stated_reason,
            "correction_id": addition.correction_id,
        }
        for addition in rows.select_related("by").order_by("at", "pk")
    ]


def _labelled(note: ProgressNote) -> list[str]:
    labels = PARTS[note.format]
    return [
        f"{labels[number]}\n{text}" if number < len(labels) and labels[number] else text
        for number, text in enumerate(note.parts)
        if text.strip()
    ]


def _looks(client: Client, user: User) -> list[Row]:
    """Who else opened it; only the client can read that, so only their export has
    it."""
    looks = looks_at(user).filter(client_id=client.pk).order_by("at", "pk")
    looks = list(looks.values("at", "actor_id", "role", "verb", "kind", "reason"))
    names = people.named_in_record(look["actor_id"] for look in looks)
    for look in looks:
        look["who"] = names.get(look.pop("actor_id"), "")
    return looks


def plain(value) -> str | int | float | bool | None:
    """A JSON value: ISO 8601 for datetimes, ids as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return (
        value if isinstance(value, bool | int | float) or value is None else str(value)
    )
