"""A record as a PDF: what was agreed and what happened, in order of time.

The data files contain everything; this is the part that a person reads.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from appointments.models import TherapySession
from clients.models import CareRole
from goals.models.content import Side
from goals.status import ended
from notes.models import NoteAddition
from toolkit.models import Assignment
from transfer.export import agreements
from transfer.export.chart import draw_ratings
from transfer.export.goal_story import draw_story, draw_wordings
from transfer.export.paper import MARK, empty_paper
from transfer.export.read import Record, Row, is_listed
from ui import dates

LOOKS = 200  # of the access log; the rest is in the data files


def draw(record: Record) -> bytes:
    """The PDF, in the active language and time zone."""
    paper = _paper(record)
    pdf = bytes(paper.output())  # closes its fonts too
    if paper.marked:  # known only now; the first page tells the reader
        pdf = bytes(_paper(record, marked=True).output())
    return pdf


def _paper(record: Record, *, marked: bool = False):
    paper = empty_paper(record)
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
        self.exercises()
        self.strengths()
        self.corrections()
        self.looks()

    # -- wording -----------------------------------------------------------------

    def day(self, moment: datetime | date | None) -> str:
        if moment is None:
            return ""
        if isinstance(moment, datetime):
            moment = moment.astimezone(self.zone).date()
        return dates.with_year(moment)

    def last_day(self, end: datetime | None) -> str:
        """The day before a period that ends at midnight."""
        return self.day(end and end - timedelta(microseconds=1))

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
        paper.small(gettext("The other files contain the rest."))
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
            (gettext("Email"), person["email"]),
            (gettext("Phone"), person["phone"]),
            (gettext("Emergency contact"), emergency),
            (gettext("In care since"), self.day(person["created_at"])),
            (gettext("Discharged"), self.day(person["discharged_at"])),
        ):
            if value:
                paper.text_of(f"{label}: {value}", after=0)
        if person.get("presenting_concern"):
            paper.ln(2)
            paper.name(gettext("Presenting concern, in the therapist’s words"))
            paper.text_of(person["presenting_concern"])
        self.preferences()
        self.care()

    def preferences(self) -> None:
        if not (preferences := self.record.preferences):
            return
        words = {True: gettext("yes"), False: gettext("no")}
        wishes = {w["kind"]: w["allowed"] for w in self.record.of("contact_wishes")}
        self.paper.ln(2)
        self.paper.name(gettext("Contact preferences"))
        for label, value in {
            gettext("Reminders of sessions"): words[wishes["reminder"]],
            gettext("Weekly email"): words[wishes["client-digest"]],
            gettext("No messages until"): self.day(preferences["paused_until"]),
        }.items():
            if value:
                self.paper.text_of(f"{label}: {value}", after=0)

    def care(self) -> None:
        rows = self.record.tables["care"]
        if rows:
            self.paper.ln(2)
            self.paper.name(gettext("Care team"))
        for row in rows:
            kind = CareRole.Kind(row["kind"]).label
            until = self.last_day(row["ends_at"]) or gettext("today")
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
        shown = agreements.last_agreed(self.record, goal) or goal["latest_id"]
        version = next(one for one in versions if one["id"] == shown)
        paper.room(30)
        paper.own(self.called(goal, version), size=12)
        said = [*self.standing(goal), self.suggested_by(goal, version)]
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
        draw_ratings(self, goal, agreements.words_since(self.record, goal, version))
        self.steps(goal)
        self.said(goal)
        draw_wordings(self, goal, versions)
        draw_story(self, goal)
        paper.ln(3)

    def called(self, goal: Row, shown: Row) -> str:
        """Like Goal.called: while both differ and never agreed, the wording of the
        exporting side."""
        agreed = agreements.last_agreed(self.record, goal)
        if goal["closed_at"] or agreed or not goal["differs_since"]:
            return str(shown["own_words"])
        side = Side.CLIENT if self.record.is_clients else Side.THERAPIST
        own = self.record.of("goal_versions", goal_id=goal["id"], side=side)
        said = self.record.of("goal_moves", goal_id=goal["id"], side=side)
        said = [one for one in said if one["at"] >= goal["differs_since"]]
        words = [one["own_words"] for one in own]
        words += [one["wording"] for one in said if one["wording"]]
        return str(words[-1] if words else shown["own_words"])

    def suggested_by(self, goal: Row, version: Row) -> str:
        """Whose suggestion it is, if the client never agreed to this wording; nobody's
        if imported."""
        if is_listed(goal, version):
            return ""
        keys = self.record.of("goal_keys", version_id=version["id"])
        if any(key["side"] == Side.CLIENT for key in keys):
            return ""
        return gettext("%(name)s’s suggestion") % {"name": version["proposed_by"]}

    def standing(self, goal: Row) -> list[str]:
        """Like goals.status.stands, from the rows of the export."""
        if goal["closed_at"]:
            return [ended(goal["ended_as"]).format(day=self.day(goal["closed_at"]))]
        if goal["in_force_id"]:
            since = {"day": self.day(goal["in_force_at"])}
            said = [gettext("Agreed by both, in effect since %(day)s") % since]
            if goal["differs_since"]:
                said.append(gettext("Disagreement on the wording"))
            elif goal["latest_id"] != goal["in_force_id"]:
                said.append(gettext("A new wording is proposed"))
            return said
        before = gettext("The earlier agreement was withdrawn")
        earlier = [before] if agreements.was_agreed(self.record, goal) else []
        if goal["differs_since"]:
            said = gettext("Not in effect: disagreement on the wording")
            return [said, *earlier]
        if not earlier:
            said = gettext("Proposed, not agreed yet")
            listed = gettext("From an imported list, not agreed yet")
            return [listed if goal["from_list"] else said]
        if agreements.waits(self.record, goal):
            if agreements.last_agreed(self.record, goal) == goal["latest_id"]:
                return [gettext("Not in effect: one side agreed again"), *earlier]
            return [gettext("A new wording is proposed, not in effect"), *earlier]
        return [gettext("Not in effect: an agreement was withdrawn")]

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
            self.paper.name(gettext("Comments"))
        for row in comments:
            self.paper.text_of(f"{self.signed(row)}: {row['words']}", after=0)
            if row["changed"]:
                changed = gettext("Changed: %(what)s") % {"what": row["changed"]}
                self.paper.small(f"    {changed}", after=0)

    def sessions(self) -> None:
        record = self.record
        self.paper.heading(gettext("Sessions"))
        if not record.tables["sessions"]:
            self.paper.small(gettext("None yet."))
        for row in record.tables["sessions"]:
            state = TherapySession.State(row["state"])
            self.paper.ln(2)
            listed = row["from_list"]  # a date without time, and no author
            when = self.day if listed else self.moment
            who = gettext("From an imported list") if listed else row["therapist"]
            self.paper.name(f"{when(row['starts_at'])} · {state.label}")
            self.paper.small(", ".join(filter(None, [who, row["place"]])))
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
                self.paper.small(gettext("Takeaway"), after=0)
                self.paper.own(row["take_away"])
            for practice in record.of("practice", session_id=row["id"]):
                answer = practice["answer"]
                how = f" ({Assignment.Answer(answer).label})" if answer else ""
                words = f"{gettext('Practice')}: {practice['words']}{how}"
                self.paper.text_of(words)

    def exercises(self) -> None:
        """Those agreed outside a session."""
        rows = self.record.of("practice", session_id=None)
        if rows:
            self.paper.heading(gettext("Exercises"))
        for row in rows:
            answer = row["answer"]
            how = f" ({Assignment.Answer(answer).label})" if answer else ""
            line = f"{self.day(row['set_at'])}: {row['words']}{how}"
            self.paper.text_of(line, after=0)

    def addition(self, row: Row) -> None:
        """An addition to a signed note, below it."""
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
            who = gettext("added by the client")
            if row["side"] == Side.THERAPIST:
                who = row["by"]
            when = self.day(row["happened_on"])
            self.paper.text_of(f"{when}: {row['words']} ({who})", after=0.5)

    def corrections(self) -> None:
        rows = self.record.tables["corrections"]
        if not rows:
            return
        self.paper.heading(gettext("Correction requests"))
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
            self.paper.small(gettext("Older entries are in who_looked.csv."))
