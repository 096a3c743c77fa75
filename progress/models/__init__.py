from progress.models.caseload_import import CaseloadImport, ImportSheet
from progress.models.earlier_draft import EarlierDraft
from progress.models.note import NoteHold, ProgressNote
from progress.models.note_addition import NoteAddition
from progress.models.record_export import RecordExport
from progress.models.session_goal import SessionGoal
from progress.models.win import Win

__all__ = [
    "CaseloadImport",
    "EarlierDraft",
    "ImportSheet",
    "NoteAddition",
    "NoteHold",
    "ProgressNote",
    "RecordExport",
    "SessionGoal",
    "Win",
]
