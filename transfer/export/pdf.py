"""A record on paper: what was agreed, what happened, in the order of time, to read.

Everything is in the files beside it; here stands what a person reads.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, gettext, ngettext

from appointments.models import TherapySession
from clients.models import CareRole
from goals.models import Goal
from goals.models.content import Side
from goals.voices import BOTH
from notes.models import NoteAddition
from toolkit.models import Assignment
from transfer.export.read import Record, Row
from ui import dates

FONTS = Path(__file__).parent / "fonts"
INK, MUTED, LINE, STONE = (33, 37, 41), (92, 99, 106), (206, 210, 214), (62, 99, 84)
MARGIN, FOOT = 20, 18  # millimetres
LOOKS = 200  # of who opened it; the rest stands in the files


# For what Inter and Literata lack.  Chinese, Japanese and Korean fonts would be 10 MB.
FALLBACK = {
    "DejaVu": "DejaVuSans.ttf",  # Arabic, Hebrew, Armenian, Georgian, symbols
    "Devanagari": "NotoSansDevanagari-Regular.ttf",
    "Thai": "NotoSansThai-Regular.ttf",
    "Ethiopic": "NotoSansEthiopic-Regular.ttf",
}
# Joiners and selectors between characters: nothing is missing without them.
INVISIBLE = frozenset(map(chr, (*range(0xFE00, 0xFE10), 0x034F)))
MARK = "▯"  # stands for a character that none of these fonts has


def draw(record: Record) -> bytes:
    """The PDF, in the language and the zone that are active."""
    paper = _paper(record)
    pdf = bytes(paper.output())  # which also closes its fonts
    if paper.marked:  # known only now; the reader is told at the beginning
        pdf = bytes(_paper(record, marked=True).output())
    return pdf


def is_right_to_left(words: str) -> bool:
    """By the first letter that has a direction."""
    strong = (unicodedata.bidirectional(sign) for sign in words)
    return next((kind for kind in strong if kind in ("L", "R", "AL")), "L") != "L"


def _paper(record: Record, *, marked: bool = False):
    # Takes a second to import (Pillow, fontTools): only a worker that draws does it.
    from fpdf import FPDF
    from fpdf.enums import XPos, YPos

    class Paper(FPDF):
        """Pages with a foot, and the few kinds of text that a record has."""

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
            """With a mark for each character that no font has.

            The library would leave it out, and write it to the log.
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
            """Somebody's own words, with a line beside them."""
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
            """Begin a page sooner than part what belongs together."""
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
    paper.set_text_shaping(True)  # joins Arabic letters, and puts lines in order
    paper.known = {code for font in paper.fonts.values() for code in font.cmap}
    paper.add_page()
    try:
        Drawing(paper, record, marked=marked).all()
    except BaseException:
        for font in paper.fonts.values():  # output() would have closed them
            font.close()
        raise
    return paper


class Drawing:
    def __init__(self, paper, record: Record, *, marked: bool = False):
        self.paper, self.record, self.marked = paper, record, marked
        self.zone = ZoneInfo(record.zone)

    def all(self) -> None:
        self.head()
        self.goals()
        self.sessions()
        self.strengths()
        self.corrections()
        self.looks()

    # -- words -------------------------------------------------------------------

    def day(self, moment: datetime | date | None) -> str:
        if moment is None:
            return ""
        if isinstance(moment, datetime):
            moment = moment.astimezone(self.zone).date()
        return dates.with_year(moment)

    def moment(self, moment: datetime) -> str:
        return dates.moment_with_year(moment.astimezone(self.zone))

    def signed(self, row: Row) -> str:
        """Who said it and when."""
        return f"{row['by']}, {self.day(row['at'])}"

    # -- parts -------------------------------------------------------------------

    def head(self) -> None:
        paper, record = self.paper, self.record
        paper.headline(gettext("A copy of a record"))
        said = {
            "practice": record.practice,
            "when": self.moment(record.made_at),
            "who": record.made_by,
        }
        paper.small(gettext("From %(practice)s, made %(when)s by %(who)s.") % said)
        said = {"list": "; ".join(record.not_in_it)}
        paper.small(gettext("Not in this copy: %(list)s.") % said)
        paper.small(gettext("The files beside it hold all the rest."))
        if self.marked:
            said = gettext(
                "This PDF cannot show some scripts and emoji. Each missing "
                "character is shown as %(mark)s. record.json has the full text."
            )
            paper.small(said % {"mark": MARK})
        person = record.person
        paper.heading(gettext("The person"))
        full = f"{person['preferred_name']} {person['family_name']}".strip()
        emergency = f"{person['emergency_name']} {person['emergency_phone']}".strip()
        for label, value in (
            (gettext("Name"), full),
            (gettext("Pronouns"), person["pronouns"]),
            (gettext("E-mail"), person["email"]),
            (gettext("Phone"), person["phone"]),
            (gettext("In an emergency"), emergency),
            (gettext("In care since"), self.day(person["created_at"])),
            (gettext("Discharged"), self.day(person["discharged_at"])),
        ):
            if value:
                paper.text_of(f"{label}: {value}", after=0)
        if person.get("presenting_concern"):
            paper.ln(2)
            paper.name(gettext("What brought them, in the therapist’s words"))
            paper.text_of(person["presenting_concern"])
        self.care()

    def care(self) -> None:
        rows = self.record.tables["care"]
        if rows:
            self.paper.ln(2)
            self.paper.name(gettext("Who cared"))
        for row in rows:
            kind = CareRole.Kind(row["kind"]).label
            until = self.day(row["ends_at"]) or gettext("today")
            span = f"{self.day(row['starts_at'])} – {until}"
            self.paper.text_of(f"{row['user']}, {kind}: {span}", after=0)

    def goals(self) -> None:
        record = self.record
        self.paper.heading(gettext("Goals"))
        if not record.tables["goals"]:
            self.paper.small(gettext("None were proposed."))
        for goal in record.tables["goals"]:
            self.goal(goal)

    def goal(self, goal: Row) -> None:
        paper = self.paper
        versions = self.record.of("goal_versions", goal_id=goal["id"])
        shown = goal["in_force_id"] or goal["latest_id"]
        version = next(one for one in versions if one["id"] == shown)
        paper.room(30)
        paper.own(version["own_words"], size=12)
        said = [self.standing(goal), self.suggested_by(version)]
        paper.small(" · ".join(filter(None, said)), after=0.5)
        for label, name in (
            (gettext("In the therapist’s words"), "clinical_words"),
            (gettext("Why it matters"), "why"),
            (gettext("How we will know"), "knowing"),
            (gettext("What 0 means"), "low_end"),
            (gettext("What 10 means"), "high_end"),
        ):
            if version[name]:
                paper.text_of(f"{label}: {version[name]}", after=0)
        paper.ln(1)
        self.ratings(goal)
        self.steps(goal)
        self.said(goal)
        self.wordings(versions)
        paper.ln(3)

    def suggested_by(self, version: Row) -> str:
        """Whose suggestion it is, where the client never agreed to these words."""
        keys = self.record.of("goal_keys", version_id=version["id"])
        if any(key["side"] == Side.CLIENT for key in keys):
            return ""
        return gettext("%(name)s’s suggestion") % {"name": version["proposed_by"]}

    def standing(self, goal: Row) -> str:
        if goal["closed_at"]:
            how = Goal.Ended(goal["ended_as"]).label if goal["ended_as"] else ""
            return f"{how}, {self.day(goal['closed_at'])}"
        if goal["in_force_id"]:
            since = {"day": self.day(goal["in_force_at"])}
            return gettext("Agreed by both, in effect since %(day)s") % since
        if self.record.of(
            "goal_moves", kind="key_withdrawn", version_id=goal["latest_id"]
        ):
            return gettext("Not in effect: an agreement was withdrawn")
        if goal["differs_since"]:
            return gettext("Not in effect: each side sees it differently")
        return gettext("Proposed, not agreed yet")

    def ratings(self, goal: Row) -> None:
        rows = self.record.of("ratings", goal_id=goal["id"])
        back = {row["withdraws_id"] for row in rows}
        rows = [r for r in rows if r["withdraws_id"] is None and r["id"] not in back]
        if not rows:
            return
        given = [(side, [r for r in rows if r["side"] == side]) for side in BOTH]
        if any(len(some) > 1 for _side, some in given):
            self.chart(rows)
        for side, some in given:
            if some:
                self.paper.text_of(self.series(side, some))
        for row in rows:
            if row["word"] or row["context"]:
                words = " – ".join(filter(None, [row["word"], row["context"]]))
                said = f"{row['value']}: {words} ({self.signed(row)})"
                self.paper.text_of(said, size=8.5, after=0)

    def series(self, side: str, rows: list[Row]) -> str:
        """The ratings of one side in a line: how many, the first, the last."""
        many = ngettext("%(n)s rating", "%(n)s ratings", len(rows)) % {"n": len(rows)}
        first, last = rows[0], rows[-1]
        mark = {Side.CLIENT: "●", Side.THERAPIST: "■"}[side]
        line = f"{mark} {self.whose(side, rows)}, {many}: {first['value']}"
        line += f" ({self.day(first['at'])})"
        if len(rows) > 1:
            line += f" → {last['value']} ({self.day(last['at'])})"
        both = sum(row["together"] for row in rows)
        if both:
            said = ngettext(
                "%(n)s of them chosen together", "%(n)s of them chosen together", both
            )
            line += f". {said % {'n': both}}"
        return line

    def whose(self, side: str, rows: list[Row]) -> str:
        """The client's name; of therapists, everybody who rated."""
        if side == Side.CLIENT:
            return str(self.record.person["preferred_name"])
        return ", ".join(dict.fromkeys(str(row["by"]) for row in rows))

    def chart(self, rows: list[Row]) -> None:
        """0 to 10 over time, a line for each side: the client's with round points, the
        therapist's dashed with square ones."""
        paper, height = self.paper, 24
        paper.room(height + 6)
        left, top, width = paper.l_margin + 6, paper.get_y() + 2, paper.epw - 8
        begin, end = rows[0]["at"], rows[-1]["at"]
        whole = max((end - begin).total_seconds(), 1)

        def place(row):
            return (
                left + width * (row["at"] - begin).total_seconds() / whole,
                top + height * (1 - row["value"] / 10),
            )

        paper.set_font("Inter", size=7)
        paper.set_text_color(*MUTED)
        paper.set_draw_color(*LINE)
        paper.set_line_width(0.15)
        for value in (0, 5, 10):
            y = top + height * (1 - value / 10)
            paper.line(left, y, left + width, y)
            paper.text(paper.l_margin, y + 1, str(value))
        paper.set_draw_color(*STONE)
        paper.set_fill_color(*STONE)
        paper.set_line_width(0.4)
        for side in BOTH:
            points = [place(row) for row in rows if row["side"] == side]
            if side == Side.THERAPIST:
                paper.set_draw_color(*MUTED)
                paper.set_fill_color(*MUTED)
                paper.set_dash_pattern(1.2, 0.8)
            if len(points) > 1:
                paper.polyline(points)
            if len(points) <= 60:
                self.points(side, points)
        paper.set_dash_pattern()
        paper.set_y(top + height + 3)

    def points(self, side: str, points: list[tuple[float, float]]) -> None:
        for x, y in points:
            if side == Side.CLIENT:
                self.paper.circle(x, y, 0.6, style="F")
            else:
                self.paper.rect(x - 0.6, y - 0.6, 1.2, 1.2, style="F")

    def steps(self, goal: Row) -> None:
        steps = self.record.of("steps", goal_id=goal["id"], dropped_at=None)
        if steps:
            self.paper.name(gettext("Steps"))
        for step in steps:
            mark = "●" if step["reached_at"] else "○"
            when = self.day(step["reached_at"])
            self.paper.text_of(
                f"{mark} {step['words']}" + (f" ({when})" if when else ""), after=0
            )
            if step["cue"]:
                plan = {"cue": step["cue"], "plan": step["plan"]}
                said = gettext("If %(cue)s, then %(plan)s") % plan
                self.paper.small(f"    {said}", after=0)

    def said(self, goal: Row) -> None:
        comments = self.record.of("comments", goal_id=goal["id"])
        if comments:
            self.paper.ln(1)
            self.paper.name(gettext("Said about it"))
        for row in comments:
            self.paper.text_of(f"{self.signed(row)}: {row['words']}", after=0)
            if row["changed"]:
                changed = gettext("Changed: %(what)s") % {"what": row["changed"]}
                self.paper.small(f"    {changed}", after=0)

    def wordings(self, versions: list[Row]) -> None:
        """Every wording there was, with the keys that were turned on it."""
        self.paper.ln(1)
        self.paper.name(gettext("Its wordings"))
        for one in versions:
            keys = self.record.of("goal_keys", version_id=one["id"])
            turned = ", ".join(self.turned(key) for key in keys)
            line = gettext("Version %(n)s, by %(who)s, %(day)s: %(words)s") % {
                "n": one["number"],
                "who": one["proposed_by"],
                "day": self.day(one["proposed_at"]),
                "words": one["own_words"],
            }
            self.paper.text_of(line, size=8.5, after=0)
            if turned:
                said = gettext("Agreed to by %(who)s") % {"who": turned}
                self.paper.small(f"    {said}", after=0)

    def turned(self, key: Row) -> str:
        """Who turned it and when; and that it was taken back."""
        if self.record.of("goal_moves", agreement_id=key["id"]):
            return f"{self.signed(key)} ({gettext('taken back')})"
        return self.signed(key)

    def sessions(self) -> None:
        record = self.record
        self.paper.heading(gettext("Sessions"))
        if not record.tables["sessions"]:
            self.paper.small(gettext("None yet."))
        for row in record.tables["sessions"]:
            state = TherapySession.State(row["state"])
            self.paper.ln(2)
            self.paper.name(f"{self.moment(row['starts_at'])} · {state.label}")
            self.paper.small(", ".join(filter(None, [row["therapist"], row["place"]])))
            for note in record.of("notes", session_id=row["id"]):
                self.paper.text_of(note["text"])
                signed = {"who": note["author"], "when": self.moment(note["signed_at"])}
                self.paper.small(gettext("Signed by %(who)s, %(when)s") % signed)
                if note["begun_by"]:
                    began = {"who": note["begun_by"]}
                    self.paper.small(gettext("Started by %(who)s.") % began)
            for added in record.of("note_additions", session_id=row["id"]):
                self.addition(added)
            if row["take_away"]:
                self.paper.room(16)
                self.paper.small(gettext("What to take away"), after=0)
                self.paper.own(row["take_away"])
            for practice in record.of("practice", session_id=row["id"]):
                answer = practice["answer"]
                how = f" ({Assignment.Answer(answer).label})" if answer else ""
                words = f"{gettext('Practice')}: {practice['words']}{how}"
                self.paper.text_of(words)

    def addition(self, row: Row) -> None:
        """What was added to a signed note, below it."""
        self.paper.name(NoteAddition.Kind(row["kind"]).label)
        self.paper.text_of(row["text"])
        if row["reason"]:
            self.paper.small(gettext("Reason: %(reason)s") % {"reason": row["reason"]})
        signed = {"who": row["by"], "when": self.moment(row["at"])}
        self.paper.small(gettext("Signed by %(who)s, %(when)s") % signed)

    def strengths(self) -> None:
        record = self.record
        accepted = [r for r in record.tables["strengths"] if r["state"] == "accepted"]
        wins = record.of("wins", withdrawn_at=None)
        if not accepted and not wins:
            return
        self.paper.heading(gettext("Strengths and wins"))
        for row in accepted:
            self.paper.name(row["name"])
            self.paper.own(row["moment"])
        for row in wins:
            who = gettext("noted by the client")
            if row["side"] == Side.THERAPIST:
                who = row["by"]
            when = self.day(row["happened_on"])
            self.paper.text_of(f"{when}: {row['words']} ({who})", after=0.5)

    def corrections(self) -> None:
        rows = self.record.tables["corrections"]
        if not rows:
            return
        self.paper.heading(gettext("Corrections that were asked for"))
        for row in rows:
            self.paper.name(f"{self.day(row['at'])} · {row['about']}")
            self.paper.own(row["words"])
            if row["answer"]:
                answered = f"{row['answered_by']}, {self.day(row['answered_at'])}"
                self.paper.text_of(f"{answered}: {row['answer']}")

    def looks(self) -> None:
        rows = self.record.tables["who_looked"]
        if not rows:
            return
        self.paper.heading(gettext("Who opened it"))
        days: dict[tuple, int] = {}
        for row in rows:
            key = (row["at"].astimezone(self.zone).date(), row["who"], row["role"])
            days[key] = days.get(key, 0) + 1
        newest = sorted(days.items(), reverse=True)
        for (day, who, _role), times in newest[:LOOKS]:
            many = ngettext("%(n)s time", "%(n)s times", times) % {"n": times}
            self.paper.text_of(f"{self.day(day)}: {who}, {many}", size=8.5, after=0)
        if len(newest) > LOOKS:
            self.paper.small(gettext("What lies further back is in who_looked.csv."))
