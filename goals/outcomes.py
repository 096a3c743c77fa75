"""Goal-based outcomes: mean progress over all goals of a client."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# The threshold was described for a youth sample rated by parents (Edbrooke-Childs et
# al. 2015), and we found no source that confirms it. It is therefore a setting, and
# shown with that sentence.
THRESHOLD = 2.45
IMPROVED = "reliable improvement"
WORSE = "reliable deterioration"
NEITHER = "no reliable change"


class GoalProgress(NamedTuple):
    """`n` goals with two ratings, their mean change (-10 to 10), and its category.

    `mean` and `category` are None if no goal has two ratings: no result, not zero.
    """

    n: int
    mean: float | None
    category: str | None


def mean_progress(
    pairs: Iterable[tuple[float | None, float | None]], threshold: float = THRESHOLD
) -> GoalProgress:
    """Mean over goals of the latest minus the first rating, both 0 to 10.

    A goal without both ratings is left out. `threshold` is in points; a change of
    exactly that much counts.

    Raise ValueError for a rating outside 0 to 10 or a threshold that is not positive.

    Source: Law, Goal-based outcomes (CORC).
    """
    if threshold <= 0:
        raise ValueError("the threshold is positive")
    changes = []
    for first, latest in pairs:
        for rating in (first, latest):
            if rating is not None and not 0 <= rating <= 10:
                raise ValueError("a rating is from 0 to 10")
        if first is not None and latest is not None:
            changes.append(latest - first)
    if not changes:
        return GoalProgress(0, None, None)
    mean = sum(changes) / len(changes)
    return GoalProgress(len(changes), mean, _category(mean, threshold))


def _category(mean: float, threshold: float) -> str:
    if mean >= threshold:
        return IMPROVED
    return WORSE if mean <= -threshold else NEITHER
