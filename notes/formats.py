"""The formats of a note, and the label of each of its parts."""

from django.utils.translation import gettext_lazy as _

# The parts of each note format, in order.
PARTS = {
    "dap": [_("Data"), _("Assessment"), _("Plan")],
    "soap": [
        _("Subjective"),
        _("Objective"),
        _("Assessment"),
        _("Plan"),
    ],
    "birp": [
        _("Behavior"),
        _("Intervention"),
        _("Response"),
        _("Plan"),
    ],
    "girp": [
        _("Goals"),
        _("Intervention"),
        _("Response"),
        _("Plan"),
    ],
    "free": [_("Note")],
}
