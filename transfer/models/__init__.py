from transfer.models.caseload_import import CaseloadImport, ImportSheet
from transfer.models.record_export import RecordExport

__all__ = ["CaseloadImport", "ImportSheet", "RecordExport"]
