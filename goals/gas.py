"""Goal attainment scaling (GAS): one T score over several goals of one client."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

RHO = 0.3  # assumed correlation between goals, as in Kiresuk and Sherman


def t_score(
    scores: Sequence[int | None],
    weights: Sequence[float | None] | None = None,
    rho: float = RHO,
) -> float | None:
    """The T score of goals scored -2 to +2; 50 is the expected outcome, SD about 10.

        T = 50 + 10 * sum(w*x) / sqrt((1-rho) * sum(w^2) + rho * sum(w)^2)

    `weights` are importance times difficulty, each 0 to 3 (so 0 to 9); None means equal
    weights. A goal without a score is left out with its weight. If a scored goal has no
    weight, or all weights are 0, all goals weigh the same. Returns None if nothing was
    scored. The scale is ordinal: do not average T over people with different numbers of
    goals without saying so.

    Raise ValueError for a score outside -2 to +2, a negative weight, unequal numbers of
    weights and scores, or a `rho` outside 0 to 1.

    Source: Kiresuk and Sherman 1968; weights as in the guide of King's College London.
    """
    if weights is None:
        weights = [None] * len(scores)
    if len(weights) != len(scores):
        raise ValueError("as many weights as scores")
    if not 0 <= rho <= 1:
        raise ValueError("rho is from 0 to 1")
    pairs = [
        (score, weight)
        for score, weight in zip(scores, weights, strict=True)
        if score is not None
    ]
    if any(not -2 <= score <= 2 for score, _weight in pairs):
        raise ValueError("a score is from -2 to +2")
    if any(weight is not None and weight < 0 for _score, weight in pairs):
        raise ValueError("a weight is not negative")
    if not pairs:
        return None
    weighed = _weights([weight for _score, weight in pairs])
    total = sum(w * x for w, (x, _weight) in zip(weighed, pairs, strict=True))
    spread = (1 - rho) * sum(w * w for w in weighed) + rho * sum(weighed) ** 2
    return 50 + 10 * total / sqrt(spread)


def _weights(weights: list[float | None]) -> list[float]:
    if any(weight is None for weight in weights) or not any(weights):
        return [1.0] * len(weights)
    # only their ratio matters, and the square of a tiny one would be 0
    largest = max(weights)
    return [weight / largest for weight in weights]
