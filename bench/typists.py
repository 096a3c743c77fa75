"""Fifty therapists type at once; each note is saved when its author pauses.

The browser keeps it 0.7 seconds after the last key (static/js/draft.js); who writes
sentences pauses about every two seconds.
"""

from __future__ import annotations

import random
from itertools import count

from bench.crew import AUTOSAVE, Crew
from bench.flow import flow, percentile

PEOPLE, EVERY, SPREAD = 50, 2.0, 0.6  # seconds between, more or less
SECONDS, WARM = 60, 5
SLOWEST = 100  # ms at p95


def pauses(number: int):
    chance = random.Random(number)
    begin = EVERY * number / PEOPLE
    return (begin + EVERY * turn + chance.uniform(0, SPREAD) for turn in count())


def typing(world) -> None:
    crew = Crew(world)
    people = crew.typists(PEOPLE)
    flow(people, world.app, pauses, WARM)
    found = flow(people, world.app, pauses, SECONDS)
    crew.undo()
    times = found.of(AUTOSAVE)
    slow = [percentile(times, percent) for percent in (50, 95, 99)]
    fine = slow[1] < SLOWEST and not found.errors
    print(f"\n{PEOPLE} people typed for {SECONDS} s: {found.rate:.1f} notes of 4 KB ")
    print(f"saved a second, p50 {slow[0]:.0f} ms, **p95 {slow[1]:.0f}** of {SLOWEST}, ")
    print(f"p99 {slow[2]:.0f}, {len(found.errors)} errors: {'ok' if fine else 'over'}")
    print(f"(requests sent {percentile(found.late, 99):.0f} ms late at p99)")
    for error in sorted(set(found.errors)):
        print(f"{found.errors.count(error)} times: {error}")
