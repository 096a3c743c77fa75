from progress.models.earlier_draft import EarlierDraft
from progress.models.note import NoteHold, ProgressNote
from progress.models.note_addition import NoteAddition
from progress.models.session_goal import SessionGoal

__all__ = [
    "EarlierDraft",
    "NoteAddition",
    "NoteHold",
    "ProgressNote",
    "SessionGoal",
]
