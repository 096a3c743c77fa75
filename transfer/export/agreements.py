"""Who agreed to what, from the rows of a copy: as the goal's page says it."""

from __future__ import annotations

from goals.voices import BOTH
from transfer.export.read import Record, Row


def was_agreed(record: Record, goal: Row) -> bool:
    """Whether both ever agreed to one of its wordings."""
    versions = record.of("goal_versions", goal_id=goal["id"])
    keys = [record.of("goal_keys", version_id=one["id"]) for one in versions]
    return any(len({key["side"] for key in given}) == len(BOTH) for given in keys)


def waits(record: Record, goal: Row) -> bool:
    """Whether a side is asked to agree to its newest wording, as `Goal._asked`."""
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
    return not any(at > since for at in theirs)
