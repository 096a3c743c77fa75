"""The stones and the agreement symbol as SVG: pure functions, used by tags and
charts."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from ui.charts.svg import number

# Outlines: start and four curves, relative to width and height, around the center.
_STONES = (
    "-.483 .15 -.482 -.239 -.315 -.423 -.022 -.481 .302 -.5 .489 -.186 .5 .092 "
    ".422 .411 .248 .5 -.034 .481 -.295 .469 -.5 .404 -.483 .15",
    "-.482 .177 -.481 -.352 -.314 -.448 -.016 -.498 .311 -.5 .5 -.3 .421 .121 "
    ".432 .448 .256 .5 -.029 .483 -.384 .495 -.5 .441 -.482 .177",
    "-.411 .057 -.5 -.344 -.243 -.475 .053 -.498 .38 -.5 .478 -.29 .49 .131 "
    ".5 .463 .325 .478 -.049 .483 -.313 .5 -.429 .453 -.411 .057",
    "-.5 .08 -.499 -.312 -.241 -.454 .054 -.476 .289 -.5 .477 -.259 .489 .156 "
    ".5 .48 .325 .473 -.048 .49 -.312 .5 -.427 .473 -.5 .08",
    "-.483 .14 -.483 -.244 -.226 -.404 -.022 -.461 .303 -.5 .489 -.194 .5 .212 "
    ".421 .399 .247 .5 -.033 .492 -.296 .474 -.5 .391 -.483 .14",
)
_OUTLINES = tuple(tuple(map(float, numbers.split())) for numbers in _STONES)
_ROCKS = ("s2", "s4", "s1", "s3", "s5")
_LEAN = (2.5, 4, -3, 1.5, -2)  # a cairn looks stacked by hand

CELL = 44  # px; each step's line beside the cairn is as high as its stone
WIDE, NARROW = 113, 46

HERS = "M62 3C40-1 13 6 5 26-2 45 18 61 57 61.5 44 44 75 23 62 3Z"
THEIRS = "M66.5 3C93 1.5 114 14 117 33 119 52 96 62 61.5 61.5 49 44.5 79 23 66.5 3Z"


def rock(index: int) -> str:
    return _ROCKS[index % len(_ROCKS)]


def stone_path(index: int, x: float, y: float, width: float, height: float) -> str:
    """The outline of stone number `index` around (x, y)."""
    outline = _OUTLINES[index % len(_OUTLINES)]
    pairs = zip(outline[::2], outline[1::2], strict=True)
    at = [f"{number(x + dx * width)} {number(y + dy * height)}" for dx, dy in pairs]
    curves = "".join("C" + " ".join(at[i : i + 3]) for i in range(1, len(at), 3))
    return f"M{at[0]}{curves}Z"


def _stone(index: int, count: int, kind: str) -> str:
    share = index / (count - 1) if count > 1 else 0
    width = WIDE - (WIDE - NARROW) * share * min(1, (count + 2) / 8)
    middle = CELL * (count - 1 - index) + 23.5
    lean = 60 + _LEAN[index % len(_LEAN)]
    return f'<path class="{kind}" d="{stone_path(index, lean, middle, width, 40)}"/>'


def cairn_svg(kinds: list[str], *, label: str, width: float = 120) -> SafeString:
    """One stone for each kind ("laid", "new" or "to-come"), the first at the bottom."""
    count = max(len(kinds), 1)
    height = CELL * count + 4
    stones = "".join(
        _stone(index, count, rock(index) if kind == "laid" else kind)
        for index, kind in enumerate(kinds)
    )
    return format_html(
        '<svg class="cairn" width="{}" height="{}" viewBox="0 0 120 {}" role="img"'
        ' aria-label="{}"><path class="ground" fill="none"'
        ' d="M2 {}q29 -1.6 58 0t58 0"/>{}</svg>',
        number(width),
        number(height * width / 120),
        height,
        label,
        number(height - 3.5),
        mark_safe(stones),
    )


def stone_svg(index: int, kind: str = "laid") -> SafeString:
    """One small stone, as a symbol beside a line of text."""
    path = stone_path(index, 20, 15, 36, 22)
    return format_html(
        '<svg class="cairn" width="40" height="28" aria-hidden="true">'
        '<path class="{}" d="{}"/></svg>',
        rock(index) if kind == "laid" else kind,
        path,
    )


def _half(outline: str, kind: str, home: bool, shift: int) -> str:
    if home:
        return f'<path class="{kind}" d="{outline}"/>'
    return f'<path class="open" d="{outline}" transform="translate({shift} 0)"/>'


def keys_svg(hers: bool, theirs: bool, *, label: str, mini: bool = False) -> SafeString:
    """Two halves of one stone; the half of a side that has not agreed is apart."""
    shift = 11 if mini else 9
    halves = _half(HERS, "hers", hers, -shift) + _half(THEIRS, "theirs", theirs, shift)
    return format_html(
        '<svg class="{}" viewBox="-11 -1 144 66" role="img" aria-label="{}">{}</svg>',
        "keys mini" if mini else "keys",
        label,
        mark_safe(halves),
    )
