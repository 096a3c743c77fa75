"""Text typed on the session screen that is not saved in the note, and why."""

from __future__ import annotations

from django.db.models import UUIDField
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from appointments.models import TherapySession
from clients import access
from clients.autosave import PART, packed, unpacked
from clients.drafts import too_long
from clients.models import Draft
from clients.models.draft import replace
from clients.prepared import prepared_for_user
from database.prepared import first
from notes.conflict import joined, within
from notes.formats import PARTS
from notes.models import EarlierDraft, ProgressNote
from notes.models.note import LIMITS, MOST, MOST_PRESSED, PRESSED, TYPED, pressed_in
from notes.session_form import SessionForm
from notes.session_page import SessionPage, answer_name, rating_name
from toolkit.models import Assignment
from ui import dates

KIND = "note"  # of the draft that stores it
BESIDE = TYPED[1 + MOST :]  # the texts that are not parts of the note
MOST_ASIDE = 3 * LIMITS["part0"]  # characters set aside per field
STONES = {str(number) for number in range(11)}


def refuses(typed: list[tuple[str, str]]) -> str:
    """Why autosave rejects this, or "": the limits are the form's."""
    pressed = [pair for pair in typed if PRESSED.fullmatch(pair[0])]
    for name, text in typed:
        if name in LIMITS and len(text) > LIMITS[name]:
            return too_long(len(text) - LIMITS[name])
        if not (name in LIMITS or _can_be(name, text)):
            return _("Not saved: this page is out of date. Open it again.")
    if len(pressed) > MOST_PRESSED:
        return _("Not saved: this page is out of date. Open it again.")
    return ""


def _can_be(name: str, text: str) -> bool:
    if name == "format":
        return text in ProgressNote.Format.values
    allowed = STONES if name.startswith("rating-") else Assignment.Answer.values
    return bool(PRESSED.fullmatch(name)) and text in allowed


def why_not(screen: SessionPage, user: User) -> str:
    """What happened to the session or its note since the page was opened."""
    note, state = screen.note, screen.session.state
    if state == TherapySession.State.MISSED:
        return _("This session was marked missed.")
    if state == TherapySession.State.CANCELLED:
        return _("This session was canceled.")
    if note is None or screen.session.client_id not in access.reach(user).writes:
        return _("You can no longer write this note.")
    at = timezone.localtime(note.signed_at or note.saved_at)
    said = {"name": note.author.name, "time": dates.clock(at)}
    if note.author_id == user.pk:
        if note.signed_at:
            return _("You signed this note in another tab at %(time)s.") % said
        return _("You saved this note in another tab at %(time)s.") % said
    if note.signed_at:
        return _("%(name)s signed this note at %(time)s.") % said
    return _("%(name)s saved this note at %(time)s.") % said


def lost(typed, screen: SessionPage) -> list[tuple[str, str]]:
    """The submitted text that is not in the session's record yet."""
    there = screen.initial()
    return [
        (name, text)
        for name, text in typed
        if name != "format" and text.strip() != str(there.get(name, "")).strip()
    ]


def missing(typed, screen: SessionPage) -> list[tuple[str, str]]:
    """The submitted text that is not even contained in the record's longer text."""
    there = screen.initial()
    return [
        (name, text)
        for name, text in lost(typed, screen)
        if not (name in LIMITS and within(text, str(there.get(name, ""))))
    ]


def beside(typed, screen: SessionPage) -> list[tuple[str, str, str]]:
    """Recorded text outside the note's parts that is missing here, with labels."""
    said, there = dict(typed), screen.initial()
    names = [*BESIDE, *sorted(filter(PRESSED.fullmatch, there))]
    rest = [(name, str(there[name])) for name in names]
    lacking = [row for row in rest if row[1].strip() != said.get(row[0], "").strip()]
    return labelled(lacking, screen)


def note_texts(note: ProgressNote, screen) -> list[tuple[str, str, str]]:
    """The parts of a note that have text, labeled in its own format."""
    return labelled(
        [("format", note.format), *zip(TYPED[1:], note.parts[:MOST], strict=False)],
        screen,
    )


def labelled(typed, screen: SessionPage) -> list[tuple[str, str, str]]:
    """Each text with its label and field name, without empty ones."""
    fields = dict(typed)
    labels = _labels(fields.get("format", ""), screen)
    return [
        (str(labels.get(name, "")), _said(name, text), name)
        for name, text in typed
        if text.strip() and (name in LIMITS or PRESSED.fullmatch(name))
    ]


def _labels(format: str, screen: SessionPage) -> dict[str, str]:
    parts = PARTS.get(format, PARTS["dap"])
    labels = {f"part{number}": label for number, label in enumerate(parts)}
    for name in ("practice", "take_away"):
        labels[name] = SessionForm.base_fields[name].label
    labels |= {rating_name(goal.pk): screen.words_of(goal) for goal in screen.goals}
    return labels | {answer_name(row): row.words for row in screen.open_practice}


def _said(name: str, text: str) -> str:
    if name.startswith("answer-") and text in Assignment.Answer.values:
        return str(Assignment.Answer(text).label)
    return text


def earlier_drafts(screen: SessionPage, user: User) -> list[tuple]:
    """Drafts that colleagues left, with their content as (label, text, field)."""
    if screen.note is None or not screen.note.has_earlier:
        return []
    rows = EarlierDraft.objects.visible_to(user).filter(note=screen.note)
    rows = rows.select_related("author").order_by("at", "pk")
    return [(draft, labelled(_typed_by(draft), screen)) for draft in rows]


def _typed_by(draft: EarlierDraft) -> list[tuple[str, str]]:
    texts = zip(TYPED[1:], draft.body.split(PART), strict=False)
    return [("format", draft.format), *texts, *pressed_in(draft.body).items()]


# -- stored until the note is saved, it is discarded, or 30 days have passed ----------


def aside(session: TherapySession, user: User):
    rows = Draft.objects.visible_to(user).filter(client=session.client_id)
    return rows.filter(kind=KIND, target=session.pk)


@prepared_for_user(client=UUIDField(), session=UUIDField())
def _aside(user, client, session):
    """Like `aside`, for each time the screen is shown or saved."""
    rows = Draft.objects.visible_to(user).filter(client_id=client)
    return rows.filter(kind=KIND, target=session)


def set_aside(session: TherapySession, user: User, typed) -> None:
    """Store it beside the note, visible to its author only, if they may still write."""
    said = any(text.strip() for name, text in typed if name in LIMITS)
    pressed = any(PRESSED.fullmatch(name) for name, _text in typed)
    if session.client_id not in access.reach(user).writes or not (said or pressed):
        return
    before = aside(session, user).first()
    both = _with_earlier(typed, _fields(before) if before else [])
    replace(user, session.client, KIND, session.pk, packed(both))


def _with_earlier(typed, before) -> list[tuple[str, str]]:
    """What is set aside now together with what was before: neither replaces the
    other."""
    found = dict(typed)
    texts = {name: text for name, text in before if name in LIMITS}
    for name, text in texts.items():
        found[name] = joined(found.get(name, ""), text, MOST_ASIDE)
    others = [pair for pair in before if PRESSED.fullmatch(pair[0])]
    rows = [*found.items(), *(pair for pair in others if pair[1])]
    return list(dict.fromkeys(rows))[: len(LIMITS) + MOST_PRESSED]


def forget_saved(session: TherapySession, user: User) -> None:
    """After a save: delete what was set aside if none of it is missing."""
    draft = first(_aside(user, client=session.client_id, session=session.pk))
    if draft is None:
        return
    typed = _fields(draft)
    screen = SessionPage(session, user, dict(typed))
    if not any(text.strip() for _name, text in missing(typed, screen)):
        aside(session, user).delete()


def _fields(draft: Draft) -> list[tuple[str, str]]:
    fields = unpacked(draft.body).items()
    return [(name, text) for name, texts in fields for text in texts]


def aside_of(screen: SessionPage, user: User) -> list[tuple[str, str, str]]:
    """What this user typed that is not in the note."""
    session = screen.session
    draft = first(_aside(user, client=session.client_id, session=session.pk))
    if draft is None:
        return []
    return labelled(missing(_fields(draft), screen), screen)


def beside_the_parts(screen: SessionPage) -> list[tuple[str, str, str]]:
    """Exercise, takeaway and ratings of an unsigned note whose session was missed or
    canceled: the note's page is not shown."""
    note = screen.note
    if not screen.session.is_off or note is None or not screen.is_mine:
        return []
    if note.signed_at:
        return []
    typed = list(zip(TYPED[1:], note.parts, strict=False))[MOST:]
    return labelled([*typed, *note.pressed.items()], screen)
