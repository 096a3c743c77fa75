"""Forms that edit saved data, submitted from a stale page.

Another tab or person changed the same row after the page was opened. Fields that the
page left unchanged keep the newer value; a field that both changed is asked about.
Nothing is overwritten silently.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.forms.widgets import DateTimeBaseInput
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from ui import dates

FIELD = "shown"  # marks of the values that the page showed
LONGEST = 80  # characters of a value that an error message repeats


def mark(field: forms.Field, value) -> str:
    """Twelve hex digits, equal for equal values, whether shown or submitted.

    `value` is as a form takes it or as it is stored; "" and None are equal.
    """
    value = field.prepare_value(value)
    if isinstance(field.widget, DateTimeBaseInput):  # shown without its seconds
        value = field.widget.format_value(value)
    try:
        value = field.to_python(value)
    except ValidationError:
        return ""  # like nothing that was shown
    said = "" if value in (None, "") else str(value)
    return hashlib.sha256(said.encode()).hexdigest()[:12]


class NoOverwrite:
    """Mixin before `HouseForm`; the page's form must contain `{{ form.shown }}`.

    Only for fields whose `initial` is the saved value, read in this request.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.left_alone: set[str] = set()
        self.fields[FIELD] = forms.CharField(
            widget=forms.HiddenInput, required=False, initial=self._as_kept
        )

    @cached_property
    def changed_data(self):
        changed = super().changed_data
        return [n for n in changed if n != FIELD and n not in self.left_alone]

    @cached_property
    def outdated(self) -> dict[str, str]:
        """Fields saved since the page was opened: each field's current mark."""
        said = self._as_shown()
        now = json.loads(self._as_kept())
        return {n: now[n] for n in now if said.get(n, now[n]) != now[n]}

    def _as_kept(self) -> str:
        return json.dumps(
            {
                name: mark(field, self.get_initial_for_field(field, name))
                for name, field in self.fields.items()
                if name != FIELD
            }
        )

    def _as_shown(self) -> dict[str, str]:
        if FIELD not in self.fields:
            return {}
        try:
            said = json.loads(self[FIELD].data or "{}")
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _clean_fields(self):
        super()._clean_fields()
        for name in self.outdated:
            self._keep_up(name)

    def _keep_up(self, name: str) -> None:
        if not self._typed(name):
            self._leave(name)
        elif mark(self.fields[name], self[name].data) != self.outdated[name]:
            self.add_error(name, self._meanwhile(name))
            self._show_anew([name])

    def _typed(self, name: str) -> bool:
        """Whether the page changed it."""
        sent = mark(self.fields[name], self[name].data)
        return sent != self._as_shown().get(name)

    def _leave(self, name: str) -> None:
        """The page did not change it, so the newer value stays."""
        field = self.fields[name]
        kept = field.prepare_value(self.get_initial_for_field(field, name))
        self.cleaned_data[name] = field.clean(kept)
        self.left_alone.add(name)

    def _show_anew(self, names) -> None:
        """If submitted again, the user has seen the new values of `names` and means
        it."""
        now = json.loads(self._as_kept())
        said = self._as_shown() | {name: now[name] for name in names}
        self.data = self.data.copy()
        self.data[self.add_prefix(FIELD)] = json.dumps(said)

    def _meanwhile(self, name: str) -> str:
        field = self.fields[name]
        now = self.get_initial_for_field(field, name)
        if isinstance(now, date):
            now = dates.short(now)
        now = str(dict(getattr(field, "choices", ())).get(now, now or ""))
        if now and len(now) <= LONGEST:
            words = _(
                "This was changed to “%(now)s” in the meantime. Save again to keep "
                "yours."
            )
            return words % {"now": now}
        if now:
            return _("This was changed in the meantime. Save again to keep yours.")
        return _("This was cleared in the meantime. Save again to keep yours.")
