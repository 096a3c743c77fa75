"""Agreements from the rows of an export, worded as on the goal's page."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

from goals.models.content import Side
from goals.voices import BOTH
from transfer.export.read import Record, Row


def was_agreed(record: Record, goal: Row) -> bool:
    """Whether both ever agreed to one of its wordings."""
    versions = record.of("goal_versions", goal_id=goal["id"])
    keys = [record.of("goal_keys", version_id=one["id"]) for one in versions]
    return any(len({key["side"] for key in given}) == len(BOTH) for given in keys)


def last_agreed(record: Record, goal: Row) -> object | None:
    """The version in effect, else the last one in effect, like Goal.last_agreed."""
    versions = record.of("goal_versions", goal_id=goal["id"])
    keys = [
        key for one in versions for key in record.of("goal_keys", version_id=one["id"])
    ]
    found, standing = None, {}
    for key in sorted(keys, key=lambda key: key["at"]):
        standing[key["version_id"], key["side"]] = key
        other = standing.get((key["version_id"], Side(key["side"]).other))
        if other and not _was_taken_back_before(record, other, key["at"]):
            found = key["version_id"]
    return goal["in_force_id"] or found


def _was_taken_back_before(record: Record, key: Row, when) -> bool:
    back = record.of("goal_moves", agreement_id=key["id"])
    return any(move["at"] < when for move in back)


def waits(record: Record, goal: Row) -> bool:
    """Whether a side is asked to agree to its newest wording, like `Goal._asked`."""
    keys = record.of("goal_keys", version_id=goal["latest_id"])
    back = {
        key["id"]: move["at"]
        for key in keys
        for move in record.of("goal_moves", agreement_id=key["id"])
    }
    standing = [key for key in keys if key["id"] not in back]
    if len({key["side"] for key in standing}) != 1:
        return False
    side, since = standing[-1]["side"], standing[-1]["at"]
    theirs = [back[key["id"]] for key in keys if key["side"] != side]
    noes = record.of("goal_moves", version_id=goal["latest_id"], kind="declined")
    theirs += [move["at"] for move in noes if move["side"] != side]
    return not any(at > since for at in theirs)


def words_since(record: Record, goal: Row, shown: Row) -> datetime | None:
    """Since when it has the wording of `shown`; None if it always had it, or if only
    proposals changed before anything was agreed."""
    versions = record.of("goal_versions", goal_id=goal["id"])
    agreed = [(at, one) for one in versions if (at := _agreed_at(record, one))]
    first = min((at for at, _one in agreed), default=None)
    moments = agreed + [
        (one["proposed_at"], one)
        for one in versions
        if first is None or one["proposed_at"] < first
    ]
    moments.sort(key=lambda moment: moment[0])
    if moments[-1][1]["own_words"] != shown["own_words"]:
        return None
    for (_at, before), (at, now) in reversed([*pairwise(moments)]):
        if before["own_words"] != now["own_words"]:
            return at
    return None


def _agreed_at(record: Record, version: Row) -> datetime | None:
    """When both sides first agreed to it."""
    first: dict[str, datetime] = {}
    for key in record.of("goal_keys", version_id=version["id"]):
        first[key["side"]] = min(key["at"], first.get(key["side"], key["at"]))
    return max(first.values()) if len(first) == len(BOTH) else None
