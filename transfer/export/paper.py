"""The PDF document: fonts, footer, and text styles."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext

from transfer.export.read import Record
from ui import dates

FONTS = Path(__file__).parent / "fonts"
INK, MUTED, LINE, STONE = (33, 37, 41), (92, 99, 106), (206, 210, 214), (62, 99, 84)
MARGIN, FOOT = 20, 18  # millimeters

# For characters that Inter and Literata lack. Chinese, Japanese and Korean fonts would
# add 10 MB.
FALLBACK = {
    "DejaVu": "DejaVuSans.ttf",  # Arabic, Hebrew, Armenian, Georgian, symbols
    "Devanagari": "NotoSansDevanagari-Regular.ttf",
    "Thai": "NotoSansThai-Regular.ttf",
    "Ethiopic": "NotoSansEthiopic-Regular.ttf",
}
# Joiners and variation selectors: nothing is missing without them.
INVISIBLE = frozenset(map(chr, (*range(0xFE00, 0xFE10), 0x034F)))
MARK = "▯"  # replaces a character that none of the fonts has


def is_right_to_left(words: str) -> bool:
    """By the first letter with a direction."""
    strong = (unicodedata.bidirectional(sign) for sign in words)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"


def empty_paper(record: Record):
    """The document with an empty first page."""
    # Takes a second to import (Pillow, fontTools), so only the worker does.
    from fpdf import FPDF
    from fpdf.enums import XPos, YPos

    class Paper(FPDF):
        """Pages with a footer, and the few text styles of a record."""

        def footer(self):
            self.set_y(-FOOT + 4)
            self.set_font("Inter", size=8)
            self.set_text_color(*MUTED)
            number = gettext("Page %(page)s of {nb}") % {"page": self.page_no()}
            self.cell(0, 4, self.drawable(self.foot))
            self.cell(0, 4, number, align="R")

        def text_of(
            self, words, *, font="Inter", style="", size=9.5, color=INK, after=1.0
        ):
            self.set_font(font, style, size)
            self.set_text_color(*color)
            for line in self.drawable(str(words)).split("\n"):
                self.set_x(self.l_margin)
                self.multi_cell(
                    0, size * 0.5, line, align="R" if is_right_to_left(line) else "L",
                    new_x=XPos.LMARGIN, new_y=YPos.NEXT,
                )  # fmt: skip
            self.ln(after)

        def drawable(self, words):
            """Replace each character that no font has by a mark.

            The library would drop it, and log it.
            """
            words = unicodedata.normalize("NFC", words).replace("\t", "    ")
            return "".join(map(self._or_mark, words))

        def _or_mark(self, sign):
            if sign == "\n" or ord(sign) in self.known:
                return sign
            if sign in INVISIBLE or unicodedata.category(sign) in ("Cf", "Cc"):
                return ""
            self.marked = True
            return MARK

        def headline(self, words):
            self.text_of(words, style="B", size=18, after=2)

        def heading(self, words):
            self.room(30)
            self.ln(5)
            self.start_section(words)
            self.text_of(words, style="B", size=13, after=0.5)
            self.rule()

        def name(self, words):
            self.room(16)
            self.text_of(words, style="B", after=0.5)

        def small(self, words, after=1.0):
            self.text_of(words, size=8.5, color=MUTED, after=after)

        def own(self, words, size=11):
            """A person's own words, with a line beside them."""
            self.room(12)
            top, page = self.get_y(), self.page_no()
            self.set_left_margin(MARGIN + 4)
            self.text_of(words, font="Literata", size=size, after=0)
            self.set_left_margin(MARGIN)
            if page == self.page_no():
                self.set_draw_color(*STONE)
                self.set_line_width(0.6)
                self.line(MARGIN + 0.5, top + 0.3, MARGIN + 0.5, self.get_y() - 0.3)
            self.ln(1.2)

        def rule(self):
            self.set_draw_color(*LINE)
            self.set_line_width(0.2)
            left, right = self.l_margin + self.c_margin, self.w - self.r_margin
            self.line(left, self.get_y(), right, self.get_y())
            self.ln(2)

        def room(self, height):
            """Start a new page rather than split what belongs together."""
            if self.will_page_break(height):
                self.add_page()

    paper = Paper(format="A4")
    paper.marked = False
    made = dates.with_year(record.made_at.astimezone(ZoneInfo(record.zone)).date())
    paper.foot = gettext("%(practice)s, %(day)s. A copy of a record. Confidential.") % {
        "practice": record.practice,
        "day": made,
    }
    paper.set_lang(get_language() or "en")
    paper.set_title(gettext("A copy of a record"))
    paper.set_creator("Cairn")
    paper.set_creation_date(record.made_at)
    paper.set_margins(MARGIN, MARGIN)
    paper.set_auto_page_break(True, FOOT)
    paper.add_font("Inter", "", FONTS / "Inter-Regular.ttf")
    paper.add_font("Inter", "B", FONTS / "Inter-SemiBold.ttf")
    paper.add_font("Literata", "", FONTS / "Literata-Regular.ttf")
    for name, file in FALLBACK.items():
        paper.add_font(name, "", FONTS / file)
    paper.set_fallback_fonts([*FALLBACK], exact_match=False)
    paper.set_text_shaping(True)  # joins Arabic letters and orders bidirectional text
    paper.known = {code for font in paper.fonts.values() for code in font.cmap}
    paper.add_page()
    return paper
