"""Widgets: numbers from 0 to 10, options with reasons, short options, days, times."""

from django import forms
from django.forms.utils import flatatt
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _


class Choices(forms.RadioSelect):
    """Radio buttons rendered by our own template, which the attribute `house` names."""

    house = ""

    def _render(self, template_name, context, renderer=None):
        return mark_safe(render_to_string(template_name, context))


class Flat(Choices):
    """Many small options."""

    def create_option(self, name, value, *args, **kwargs):
        """With its attributes as one string: rendering each took a fifth of the session
        screen's time."""
        option = super().create_option(name, value, *args, **kwargs)
        named = {"name": name, "value": str(value)}
        return option | {"flat": flatatt(named | option["attrs"])}


class Stones(Flat):
    """0 to 10 in one row; `last` is marked by a small dot, nothing is preselected."""

    house = "stones"
    template_name = "widgets/stones.html"

    def __init__(self, attrs=None, choices=(), low="", high="", last=None):
        super().__init__(attrs, choices)
        self.low, self.high, self.last = low, high, last

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"].update(low=self.low, high=self.high)
        return context

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        place, end = f"n{value}", {0: self.low, 10: self.high}.get(value)
        said = f", {end}" if end else ""
        if value == self.last:
            place, said = f"{place} last", said + " " + _("(last time)")
        return option | {"place": place, "said": said}


class Pick(Choices):
    """One of two or three options, each with its reason."""

    house = "pick"
    template_name = "widgets/pick.html"

    def __init__(self, attrs=None, choices=(), reasons=None):
        super().__init__(attrs, choices)
        self.reasons = reasons or {}

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        return option | {"reason": self.reasons.get(value, "")}


class Segments(Flat):
    """One of a few short options, in one row."""

    house = "seg"
    template_name = "widgets/seg.html"


class WeekInput(Choices):
    """Days side by side, each with its free times; a full one is disabled.

    `days` is set by WeekField: value to (weekday, date, text, full).
    """

    house = "week"
    template_name = "widgets/week.html"

    def __init__(self, attrs=None, choices=(), days=None):
        super().__init__(attrs, choices)
        self.days = days or {}

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        weekday, day, words, full = self.days[value]
        option["attrs"] |= {"disabled": full}
        return option | {"weekday": weekday, "day": day, "words": words}


class Times(Choices):
    """Times of a day."""

    house = "times"
    template_name = "widgets/times.html"
