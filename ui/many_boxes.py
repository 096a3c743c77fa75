"""Many checkboxes as one string: three thousand of them took a second in a template."""

from __future__ import annotations

from collections.abc import Container, Sequence

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

_CHECKED = SafeString(" checked")
_BOX = (
    '<div class="form-check"><input class="form-check-input" type="checkbox"'
    ' name="{0}" value="{1}" id="{2}-{3}"{4}><label class="form-check-label own"'
    ' for="{2}-{3}">{5}</label></div>'
)


def many_boxes(
    name: str, offered: Sequence[tuple], chosen: Container, *, prefix: str
) -> SafeString:
    """A checkbox for each (value, label) in `offered`, checked if in `chosen`.

    `prefix` makes their ids unique on the page. Each checked one is also sent as a
    hidden `was`, so that a save knows what the page showed.
    """
    shown = ((value,) for value, _words in offered if value in chosen)
    return format_html_join(
        "", '<input type="hidden" name="was" value="{}">', shown
    ) + format_html_join(
        "",
        _BOX,
        (
            (name, value, prefix, n, _CHECKED if value in chosen else "", words)
            for n, (value, words) in enumerate(offered, 1)
        ),
    )
