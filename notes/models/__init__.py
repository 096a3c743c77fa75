from notes.models.earlier_draft import EarlierDraft
from notes.models.note import NoteHold, ProgressNote
from notes.models.note_addition import NoteAddition
from notes.models.session_goal import SessionGoal

__all__ = [
    "EarlierDraft",
    "NoteAddition",
    "NoteHold",
    "ProgressNote",
    "SessionGoal",
]
