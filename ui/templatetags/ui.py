"""Template tags: icons, status, agreements, cairns, dates and initials."""

import json
from datetime import datetime
from functools import lru_cache

from crispy_forms.templatetags.crispy_forms_filters import as_crispy_field
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext
from django.utils.translation import gettext as _

from ui import dates, email_addresses, names, screen_privacy
from ui.charts.stones import cairn_svg, keys_svg, stone_svg

register = template.Library()

# name: class, shape in the sprite, label
STATUS = {
    "on_track": ("on", "s-on", gettext_lazy("On track")),
    "off_track": ("off", "s-off", gettext_lazy("Not on track")),
    "failed": ("off", "s-off", gettext_lazy("Failed")),
    "early": ("early", "s-early", gettext_lazy("Too early to say")),
    "differ": ("calm", "s-differ", gettext_lazy("Disagreement")),
    "risk": ("risk", "s-risk", gettext_lazy("Risk")),
    "paused": ("calm", "s-calm", gettext_lazy("Paused")),
    "discharged": ("calm", "s-calm", gettext_lazy("Discharged")),
    "no_contact": ("calm", "s-calm", gettext_lazy("No contact")),
}


@lru_cache(maxsize=256)
def use(symbol, css=""):
    """A symbol of the sprite, hidden from screen readers since a label is beside it.

    Cached, since the sprite's URL is looked up each time.
    """
    return format_html(
        '<svg{} aria-hidden="true"><use href="{}#{}"/></svg>',
        format_html(' class="{}"', css) if css else "",
        static("icons.svg"),
        symbol,
    )


@register.filter
def readable(address):
    """An email address with its domain in Unicode."""
    return email_addresses.readable(address or "")


@register.simple_tag
def icon(name):
    """{% icon "check" %}: i-check of static/icons.svg."""
    return use(f"i-{name}", "i")


@register.simple_tag
def mark():
    return use("mark")


@register.simple_tag
def status(name, words=""):
    """Shape, label and color together; `words` replaces the default label."""
    css, symbol, usual = STATUS[name]
    return format_html(
        '<span class="status {}">{}{}</span>', css, use(symbol), words or usual
    )


def _keys_label(left, right):
    if left and right:
        return _("Agreed by both")
    if left or right:
        return _("Agreed by one of two")
    return _("Not agreed yet")


@register.simple_tag
def keys(left, right, mini=False, label=""):
    """Both agreements: `left` is the client's, `right` the therapist's; true if
    given."""
    return keys_svg(
        bool(left), bool(right), mini=mini, label=label or _keys_label(left, right)
    )


def _cairn_label(reached, total):
    return ngettext(
        "A cairn: %(reached)s of %(total)s step reached",
        "A cairn: %(reached)s of %(total)s steps reached",
        total,
    ) % {"reached": reached, "total": total}


def _reached(step):
    return step.get("reached") if isinstance(step, dict) else step.reached


def _kinds(dates):
    """Reached, planned, and one new stone: the step reached last."""
    laid = [index for index, when in enumerate(dates) if when]
    newest = max(laid, key=lambda index: (dates[index], index), default=None)
    return [
        "new" if index == newest else "laid" if when else "to-come"
        for index, when in enumerate(dates)
    ]


@register.simple_tag
def cairn(steps, width=120, label=""):
    """A stone per step, bottom first; a step has `reached`, a date or a boolean."""
    dates = [_reached(step) for step in steps]
    words = label or _cairn_label(sum(map(bool, dates)), len(dates))
    return cairn_svg(_kinds(dates), label=words, width=width)


@register.simple_tag
def cairn_of(reached, total, width=120, label=""):
    """The same from two counts."""
    dates = [index < reached for index in range(total)]
    words = label or _cairn_label(reached, total)
    return cairn_svg(_kinds(dates), label=words, width=width)


@register.simple_tag
def stone(number, newest=False):
    """One small stone; the newest is teal."""
    return stone_svg(number, "new" if newest else "laid")


def _near(day, today, begin):
    """Today, yesterday or tomorrow; else ""."""
    days = (day - today).days
    if begin:
        near = {0: _("Today"), -1: _("Yesterday"), 1: _("Tomorrow")}
    else:
        near = {
            0: pgettext("within a sentence", "today"),
            -1: pgettext("within a sentence", "yesterday"),
            1: pgettext("within a sentence", "tomorrow"),
        }
    return near.get(days)


def day_words(day, begin=True):
    """Tue Nov 24, with the year if it is not the current one."""
    return _day_words(day, timezone.localdate(), begin, get_language())


@lru_cache(maxsize=4096)
def _day_words(day, today, begin, language):
    """Cached, since a page repeats a few days in many rows; `language` is a cache
    key."""
    near = _near(day, today, begin)
    if near:
        return near
    if day.year == today.year:
        return dates.weekday(day)
    return dates.weekday_with_year(day)


def moment_words(when, begin=True):
    """Tue Nov 24, 2:00 pm, of a datetime in the reader's time zone."""
    local = _local(when)
    said = {"day": day_words(local.date(), begin), "time": dates.clock(local)}
    return _("%(day)s, %(time)s") % said


def _local(when):
    return timezone.localtime(when) if timezone.is_aware(when) else when


def _short(day):
    return _short_words(day, day.year == timezone.localdate().year, get_language())


@lru_cache(maxsize=4096)
def _short_words(day, this_year, language):
    """Like above; `language` is a cache key."""
    return dates.short(day) if this_year else dates.with_year(day)


@register.filter(is_safe=True)
def moment(when, place="begin"):
    """Tue Nov 24, 2:00 pm; |moment:"within" for the middle of a sentence."""
    if not when:
        return ""
    local = _local(when)
    words = moment_words(local, place == "begin")
    stamp = local.isoformat(timespec="minutes")
    return format_html('<time datetime="{}">{}</time>', stamp, words)


@register.filter(is_safe=True)
def day(when, place="begin"):
    """Tue Nov 24, of a date or of a datetime in the reader's time zone.

    |day:"within" for the middle of a sentence, |day:"short" for Nov 24.
    """
    if not when:
        return ""
    date_ = _local(when).date() if isinstance(when, datetime) else when
    words = _short(date_) if place == "short" else day_words(date_, place == "begin")
    return format_html('<time datetime="{}">{}</time>', date_.isoformat(), words)


@register.simple_tag
def hour_cycle() -> str:
    """The clock format for scripts: h12 or h23."""
    return "h23" if dates.clock_hours() == 24 else "h12"


@register.simple_tag
def today_in_words() -> str:
    """Nov 24, 2026: today's date in the reader's time zone, for a printed sheet."""
    return dates.with_year(timezone.localdate())


@register.filter(is_safe=False)
def day_in_full(day):
    """Tuesday, November 24: the heading of a day."""
    return dates.weekday_in_full(day)


@register.filter(is_safe=True)
def moment_with_year(when):
    """Tue Nov 24, 2026, 2:00 pm: with the year, for print."""
    if not when:
        return ""
    local = _local(when)
    stamp = local.isoformat(timespec="minutes")
    return format_html(
        '<time datetime="{}">{}</time>', stamp, dates.moment_with_year(local)
    )


def day_with_year(when):
    """Tue Nov 24, 2026, like above without a time."""
    local = _local(when).date()
    words = dates.weekday_with_year(local)
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), words)


@register.filter(is_safe=True)
def clock(when):
    """2:00 pm, in the reader's time zone."""
    if not when:
        return ""
    local = _local(when)
    stamp, words = local.isoformat(timespec="minutes"), dates.clock(local)
    return format_html('<time datetime="{}">{}</time>', stamp, words)


@register.filter(is_safe=False)
def called(name):
    """A client's name, or the initials while the screen is shared."""
    return isolated(screen_privacy.plainly_called(name))


@register.filter(is_safe=False)
def isolated(name):
    """A name in a sentence: a right-to-left one gets its own direction."""
    text = str(name or "")
    return format_html("<bdi>{}</bdi>", text) if names.turns_round(text) else text


@register.filter(is_safe=False)
def isolated_text(name):
    """The same for an attribute, which cannot contain a tag."""
    return names.isolated(str(name or ""))


@register.simple_tag
def shows_initials():
    return screen_privacy.shows_initials()


@register.filter
def initials(name):
    """TL for Thea Lindqvist: the first letters of the first and last word."""
    words = str(name or "").split()
    ends = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in ends).upper()


@register.filter
def fingerprint(digest):
    """9b7e 44d1: the start of a hash, to compare by eye."""
    start = bytes(digest).hex()[:8]
    return f"{start[:4]} {start[4:]}"


@register.filter
def undo_url(message):
    """The URL of a toast's undo button; see ui.toasts."""
    tags = (message.extra_tags or "").split()
    return next((tag[5:] for tag in tags if tag.startswith("undo:")), "")


@register.filter
def undo_seconds(message):
    """Seconds during which it can be undone; 0 for as long as the toast is shown."""
    tags = (message.extra_tags or "").split()
    return next((int(tag[8:]) for tag in tags if tag.startswith("seconds:")), 0)


@register.simple_tag
def new_fields(form, *names):
    """Fields that look the same on every page until someone types into them.

    {% new_fields form "word" "context" %}: rendered once per language, like crispy
    does, if the form is neither submitted nor filled.
    """
    if form.is_bound or any(form[name].initial for name in names):
        return _drawn(form, names)
    key = (type(form), form.auto_id, form.prefix, names, get_language())
    found = _new_fields.get(key)
    if found is None:
        found = _new_fields[key] = _drawn(form, names)
    return found


_new_fields: dict[tuple, SafeString] = {}


def _drawn(form, names) -> SafeString:
    return SafeString("".join(as_crispy_field(form[name]) for name in names))


@register.inclusion_tag("parts/stones.html")
def stones(field, legend="", hide_legend=False):
    """A StonesField as a fieldset: legend, help, eleven radio buttons, ends, error."""
    return {"field": field, "legend": legend, "hide_legend": hide_legend}


@register.simple_tag
def draft_words():
    """The texts of draft.js about the save state, as JSON for an attribute."""
    words = {
        "saving": _("Saving…"),
        "saved": _("Saved {time}"),
        "offline": _("Not saved: offline, stored on this device"),
        "signedOut": _("Not saved: sign in again"),
        "signIn": _("Sign in"),
        "conflict": _("Not saved: this was changed elsewhere"),
        "held": _("Not saved: choose which text to keep, then save"),
        "seeBoth": _("See both"),
        "failed": _("Not saved: the server had a problem, trying again"),
        "refused": _(
            "Not saved: the server rejected it. Copy your text before you leave"
        ),
    }
    return conditional_escape(json.dumps(words))
