"""What a client reads of what the two of a goal watch over (goals.attention)."""

from django.utils.translation import gettext_lazy as _

WATCHED = {
    "strength": _("A strength was noticed in you"),
    "talk": _("You both want to talk about this at your next session"),
    "talk-client": _("You want to talk about this at your next session"),
    "talk-therapist": _("Your therapist wants to talk about this at your next session"),
    "withdrawn": _(
        "Your therapist withdrew from this goal or a proposal, and said why"
    ),
    "declined": _("Your therapist declined the words you proposed"),
    "differs": _("Your therapist sees this goal differently"),
    "taken-up": _("Your therapist took up this goal again"),
    "reached": _("Goal reached: to talk about at your next session"),
    "answer": _("Goal review started: add your answers"),
    "decide": _("Goal review: your turn to choose what happens"),
    "decided-keep": _("Goal review decided: keep it as it is"),
    "decided-change": _("Goal review decided: change it"),
    "decided-aside": _("Goal review decided: set it aside"),
    "decided-reached": _("Goal review decided: reached"),
    "review": _("Goal review due"),
    "said": _("Said, and not talked about for two sessions"),
    "flat": _("Your last five ratings are the same. Is it still the right goal?"),
    "flat-therapist": _(
        "Your therapist’s last five ratings are the same. Is it still the right goal?"
    ),
    "still": _("This has been still for a while. Is it the right goal?"),
}
# What a decided review asks of the client besides.
DECIDED = {
    "change": _("Goal review decided: propose new wording"),
    "ritual": _("Goal reached: lay the last stone"),
}
