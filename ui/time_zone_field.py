"""Choose a time zone by city and its current time, the browser's zone first."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _

from ui import dates, time_zones
from ui.names import name_key

# What the page's script does with the browser's time zone.
FIRST = "first"  # lists it first
ASK = "ask"  # and selects it


def _words(name: str) -> str:
    now = datetime.now(UTC).astimezone(ZoneInfo(name))
    said = {"city": time_zones.city(name), "time": dates.clock(now)}
    return _("%(city)s (%(time)s)") % said


def _offered() -> list[tuple[str, str]]:
    by_city = sorted(
        time_zones.CITIES, key=lambda name: name_key(time_zones.city(name))
    )
    return [(name, _words(name)) for name in by_city]


class ZoneSelect(forms.Select):
    def optgroups(self, name, value, attrs=None):
        """Including the saved zone, if it is none of the cities."""
        chosen = [one for one in value if one and one not in time_zones.CITIES]
        more = [(one, _words(one)) for one in chosen if one in time_zones.ZONES]
        offered = self.choices
        self.choices = more + list(offered)
        try:
            return super().optgroups(name, value, attrs)
        finally:
            self.choices = offered

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        if other := time_zones.also(str(value)):
            option["attrs"]["data-also"] = " ".join(other)
        return option


class ZoneField(forms.ChoiceField):
    """Accepts every name that a browser knows; returns the current one."""

    widget = ZoneSelect

    def __init__(self, *, script=FIRST, **kwargs):
        super().__init__(choices=_offered, **kwargs)
        self.widget.attrs["data-time-zone"] = script

    def prepare_value(self, value):
        return time_zones.canonical(value or "") or value

    def to_python(self, value):
        value = super().to_python(value)
        return time_zones.canonical(value) or value

    def valid_value(self, value):
        return value in time_zones.ZONES

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), self.to_python(data))
