"""A sparkline beside a number."""

from __future__ import annotations

from django.utils.safestring import SafeString, mark_safe

from ui.charts.svg import number as n
from ui.charts.svg import svg_circle
from ui.charts.words import ENOUGH


def sparkline(
    values: list[int], *, low: int = 0, high: int = 10, early: bool | None = None
) -> SafeString:
    """92 by 30 px with a fixed range of 0 to 10; separate dots while it is too `early`
    for a trend (by default, fewer than three values)."""
    if not values:
        return mark_safe("")
    places = [3 + (high - v) / (high - low) * 24 for v in values]
    if len(values) < ENOUGH if early is None else early:
        ys = places + places[-1:] * (ENOUGH - len(places))
        body = "".join(
            svg_circle("open" if i < len(values) else "want", 5 + 20 * i, y, 2.7)
            for i, y in enumerate(ys)
        )
    else:
        gap = 86 / max(len(values) - 1, 1)
        points = [f"{n(3 + gap * i)} {n(y)}" for i, y in enumerate(places)]
        body = f'<path d="M{" L".join(points)}"/>'
        body += f'<circle cx="89" cy="{n(places[-1])}" r="2.8"/>'
    return mark_safe(
        '<svg class="spark" width="92" height="30" viewBox="0 0 92 30"'
        f' aria-hidden="true">{body}</svg>'
    )
