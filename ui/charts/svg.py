"""SVG elements as text, from plain numbers and text."""

from __future__ import annotations

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

LETTER = 6.4  # px, width of one 12 px Inter character, rounded up


def number(value: float) -> str:
    """At most one decimal, without trailing zeros."""
    return f"{value:.1f}".removesuffix(".0")


n = number  # it occurs in every line of a drawing


def svg_text(x: float, y: float, words: object, css: str = "", anchor: str = "") -> str:
    css = f' class="{css}"' if css else ""
    anchor = f' text-anchor="{anchor}"' if anchor else ""
    words = conditional_escape(words)
    return f'<text{css} x="{n(x)}" y="{n(y)}"{anchor}>{words}</text>'


def svg_path(css: str, d: str) -> str:
    return f'<path class="{css}" d="{d}"/>' if d else ""


def svg_circle(css: str, x: float, y: float, radius: float) -> str:
    return f'<circle class="{css}" cx="{n(x)}" cy="{n(y)}" r="{radius}"/>'


def svg_line(places: list[tuple[float, float]], css: str = "line") -> str:
    return svg_path(css, "M" + " L".join(f"{n(x)} {n(y)}" for x, y in places))


def svg_squares(
    css: str, places: list[tuple[float, float]], radius: float = 2.6
) -> str:
    """As one path: the other side's marks differ in shape, not only in color."""
    side = n(radius * 2)
    squares = (
        f"M{n(x - radius)} {n(y - radius)}h{side}v{side}h-{side}z" for x, y in places
    )
    return svg_path(css, "".join(squares))


def svg_dots(places: list[tuple[float, float]], radius: float = 2.6) -> str:
    """Every dot except the last, as one path of small circles."""
    across = n(radius * 2)
    circles = (
        f"M{n(x - radius)} {n(y)}a{radius} {radius} 0 1 0 {across} 0"
        f"a{radius} {radius} 0 1 0 -{across} 0"
        for x, y in places
    )
    return svg_path("dot", "".join(circles))


def svg_picture(
    css: str, width: int, height: float, label: str, body: str
) -> SafeString:
    return format_html(
        '<svg class="{}" width="{}" height="{}" viewBox="0 0 {} {}" role="img"'
        ' aria-label="{}">{}</svg>',
        css,
        width,
        n(height),
        width,
        n(height),
        label,
        mark_safe(body),
    )
