"""The history of a goal in the PDF: wordings, decisions and comments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext

from goals.history import NEXT, SAID, removed_rating
from goals.models import Review, ReviewAnswer
from goals.voices import BOTH
from transfer.export.read import Record, Row, is_listed


class StoryLine(NamedTuple):
    at: datetime
    title: str
    words: list[str]  # people's own words, each with what it answers


def _declined(record: Record, version: Row) -> Row | None:
    """The move that declined a version."""
    found = record.of("goal_moves", version_id=version["id"], kind="declined")
    return found[0] if found else None


def story_of(record: Record, goal: Row) -> list[StoryLine]:
    """Everything except wordings, agreements and valid ratings, oldest first."""
    lines = [*_moves(record, goal), *_reviews(record, goal), *_removed(record, goal)]
    return sorted(lines, key=lambda line: line.at)


def _removed(record: Record, goal: Row) -> Iterator[StoryLine]:
    """Withdrawn ratings."""
    for row in record.of("ratings", goal_id=goal["id"]):
        if row["removed_at"]:
            said = (row["removed_by"], row["value"], row["from_list"])
            yield StoryLine(row["removed_at"], removed_rating(*said), [])


def _moves(record: Record, goal: Row) -> Iterator[StoryLine]:
    numbers = {
        one["id"]: one["number"]
        for one in record.of("goal_versions", goal_id=goal["id"])
    }
    for move in record.of("goal_moves", goal_id=goal["id"]):
        said = {"who": move["by"], "number": numbers.get(move["version_id"], "")}
        if move["kind"] == "decided":  # its review says so
            continue
        title = NEXT[move["choice"]] if move["kind"] == "next" else SAID[move["kind"]]
        words = [move["words"], move["wording"]]
        yield StoryLine(move["at"], title % said, [one for one in words if one])


def _reviews(record: Record, goal: Row) -> Iterator[StoryLine]:
    for review in record.of("reviews", goal_id=goal["id"]):
        if review["decision"]:
            choice = {"choice": Review.Choice(review["decision"]).label}
            title = gettext("Review decided: %(choice)s") % choice
        elif review["closed_at"]:
            title = gettext("A review ended without a decision")
        else:
            who = {"who": review["opened_by"]}
            title = gettext("Review started by %(who)s, not decided yet") % who
        rows = record.of("review_answers", review_id=review["id"])
        newest = {row["side"]: row for row in rows}
        words = [_answered(newest[side]) for side in BOTH if side in newest]
        yield StoryLine(review["closed_at"] or review["opened_at"], title, words)


def _answered(row: Row) -> str:
    """One side's answers and choice, as one line."""
    said = []
    for name, question in ReviewAnswer.QUESTIONS.items():
        fits, words = row[f"{name}_fits"], row[f"{name}_words"]
        answer = [ReviewAnswer.Fits(fits).label] if fits else []
        answer += [words] if words else []
        if answer:
            said.append(f"{question} {'. '.join(map(str, answer))}")
    if row["choice"]:
        chosen = {"choice": Review.Choice(row["choice"]).label}
        said.append(gettext("Chose: %(choice)s") % chosen)
    return f"{row['by']}: {'; '.join(said)}"


def draw_wordings(drawing, goal: Row, versions: list[Row]) -> None:
    """Every wording, with its agreements, and a refusal if any."""
    paper, record = drawing.paper, drawing.record
    paper.ln(1)
    paper.name(gettext("Wording history"))
    for one in versions:
        keys = record.of("goal_keys", version_id=one["id"])
        turned = ", ".join(_turned(drawing, key) for key in keys)
        said = gettext("Version %(n)s, by %(who)s, %(day)s: %(words)s")
        if is_listed(goal, one):
            said = gettext("Version %(n)s, from an imported list, %(day)s: %(words)s")
        line = said % {
            "n": one["number"],
            "who": one["proposed_by"],
            "day": drawing.day(one["proposed_at"]),
            "words": one["own_words"],
        }
        paper.text_of(line, size=8.5, after=0)
        if turned:
            said = gettext("Agreed to by %(who)s") % {"who": turned}
            paper.small(f"    {said}", after=0)
        if no := _declined(record, one):
            said = gettext("Declined by %(who)s") % {"who": drawing.signed(no)}
            paper.small(f"    {said}", after=0)


def _turned(drawing, key: Row) -> str:
    """Who agreed and when; and when it was withdrawn."""
    if back := drawing.record.of("goal_moves", agreement_id=key["id"]):
        when = {"day": drawing.day(back[0]["at"])}
        return f"{drawing.signed(key)} ({gettext('withdrawn %(day)s') % when})"
    return drawing.signed(key)


def draw_story(drawing, goal: Row) -> None:
    """Reviews, withdrawals and differences, with their comments."""
    lines = story_of(drawing.record, goal)
    if lines:
        drawing.paper.ln(1)
        drawing.paper.name(gettext("Decisions and comments"))
    for line in lines:
        said = f"{drawing.day(line.at)}: {line.title}"
        drawing.paper.text_of(said, size=8.5, after=0)
        for words in line.words:
            drawing.paper.small(f"    {words}", after=0)
