"""Texts of goal signals for the client (see goals.signal_words)."""

from django.utils.translation import gettext_lazy as _

WATCHED = {
    "strength": _("A strength was noticed in you"),
    "correction": _("Your correction request was answered"),
    "comment": _("Your therapist commented on this goal"),
    "talk": _("You both want to talk about this at your next session"),
    "talk-client": _("You want to talk about this at your next session"),
    "talk-therapist": _("Your therapist wants to talk about this at your next session"),
    "agreed": _("Your therapist agreed to this wording. It is in effect"),
    "withdrawn": _(
        "Your therapist withdrew the agreement to this goal. It is not in effect"
    ),
    "withdrawn-too": _(
        "Your therapist also withdrew the agreement to this goal. It is set aside"
    ),
    "taken-back": _("Your therapist withdrew a proposal for this goal"),
    "declined": _(
        "Your therapist declined your new wording. The agreed one stays in effect"
    ),
    "declined-back": _(
        "Your therapist declined your new wording. The earlier one is proposed again"
    ),
    "declined-rests": _(
        "Your therapist declined your new wording. No wording of this goal is in effect"
    ),
    "declined-closed": _("Your therapist declined this goal. It is closed"),
    "declined-aside": _("Your therapist did not agree again. The goal is set aside"),
    "suggests-try": _("Your therapist suggests trying both wordings for two weeks"),
    "suggests-third": _("Your therapist suggests finding a wording that combines both"),
    "suggests-leave": _("Your therapist suggests keeping both versions"),
    "chosen-try": _("You both chose to try both wordings for two weeks"),
    "chosen-leave": _("You both chose to keep both versions"),
    "combine": _("You both chose a combined wording: propose one"),
    "differs": _("Your therapist sees this goal differently"),
    "taken-up": _("Your therapist resumed this goal"),
    "reached": _("Goal reached: to talk about at your next session"),
    "answer": _("Your therapist started a goal review: add your answers"),
    "answer-own": _("You started a goal review: add your answers"),
    "decide": _("Goal review: your turn to choose what happens"),
    "decided-keep": _("Goal review decided: keep it as it is"),
    "decided-change": _("Goal review decided: change it"),
    "decided-aside": _("Goal review decided: set it aside"),
    "decided-reached": _("Goal review decided: reached"),
    "review": _("Goal review due"),
    "said": _("Comment not discussed for two sessions"),
    "flat": _("Your last five ratings are the same. Is it still the right goal?"),
    "flat-therapist": _(
        "Your therapist’s last five ratings are the same. Is it still the right goal?"
    ),
    "still": _("No activity for a while. Is it still the right goal?"),
}
# What else a decided review asks of the client.
DECIDED = {
    "change": _("Goal review decided: propose new wording"),
    "ritual": _("Goal reached: add a closing sentence"),
}
