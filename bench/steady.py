"""A hundred people at a steady rate that this machine should handle all day.

The rate is 60 % of what the floor does when it is full, divided by what the mix of
pages costs in floors; so of any machine as much is asked as it can do.
"""

from __future__ import annotations

import statistics
import threading
from itertools import count

from bench.crew import AUTOSAVE, EVERYBODY, SIGN, Crew
from bench.flow import Flow, flow, percentile
from bench.load import TRIES, ask
from bench.memory import Memory, of_all

SHARE = 0.60  # of the saturated rate
SLOWEST, GROWTH = 150, 0.05  # ms at p95; of memory
FULL = 8  # connections
SLOW = 12  # how much slower than the full floor the mix is asked while it is weighed
WEIGH, WARM = 5.0, 60.0  # seconds
LOOK = 2.0  # seconds between looks at memory and at what is left to sign


class Traffic:
    """Everybody at their turn: each request is the next person's."""

    def __init__(self, world, options):
        self.world, self.options = world, options
        self.crew = Crew(world)
        self.people = self.crew.everybody()
        self.sizes: list[dict[str, Memory]] = []

    def run(self, rate: float, seconds: float) -> Flow:
        def times(number: int):
            return ((number + EVERYBODY * turn) / rate for turn in count())

        enough = threading.Event()
        self.sizes = []
        beside = threading.Thread(target=self._look, args=[enough])
        beside.start()
        try:
            return flow(self.people, self.world.app, times, seconds)
        finally:
            enough.set()
            beside.join()

    def _look(self, enough) -> None:
        while not enough.wait(LOOK):
            self.crew.refill()
            self.sizes.append(
                {
                    "web server": of_all(self.world.app.process.pid),
                    "PostgreSQL": of_all(self.world.cluster.server.pid),
                }
            )

    def rate(self, floor) -> float:
        """What is aimed at; says where it comes from."""
        ask(floor, self.world.floor, 1)  # warm
        seconds, rounds = self.options.seconds, self.options.rounds
        full = statistics.median(
            ask(floor, self.world.floor, seconds, FULL).rate for _round in range(rounds)
        )
        self.run(full / SLOW, WEIGH)  # warm
        ratio = statistics.median(self._weigh(floor, full) for _round in range(rounds))
        print(f"The floor reaches {full:.0f} requests a second; ", end="")
        print(f"the mix costs {ratio:.2f} floors", flush=True)
        return SHARE * full / ratio

    def _weigh(self, floor, full: float) -> float:
        base = ask(floor, self.world.floor, self.options.seconds)
        for _try in range(TRIES):
            found = self.run(full / SLOW, WEIGH)
            if found.errors:
                raise SystemExit(f"A request of the mix failed: {found.errors[0]}")
            if found.cpu is not None:
                return found.cpu / base.cpu
        raise RuntimeError(f"A process ended in each of {TRIES} windows.")


def steady(world, floor, options) -> None:
    traffic = Traffic(world, options)
    aim, seconds = traffic.rate(floor), options.minutes * 60
    traffic.run(aim, min(WARM, seconds))
    found = traffic.run(aim, seconds)
    traffic.crew.undo()
    print(f"{EVERYBODY} people for {options.minutes:g} minutes: target {aim:.1f} ")
    print(f"requests a second, **{found.rate:.1f}** reached, ", end="")
    print(f"{len(found.all)} answers; sent {percentile(found.late, 99):.0f} ms late ")
    print(f"at p99; the load generator used {found.own:.0%} of a core")
    show(found)
    grown = show_memory(traffic.sizes)
    slow = percentile(found.all, 95)
    fine = slow < SLOWEST and not found.errors and grown < GROWTH
    print(f"\n**p95 {slow:.0f}** of {SLOWEST} ms, {len(found.errors)} errors, ", end="")
    print(f"memory grew by {grown:.1%} of {GROWTH:.0%}: {'ok' if fine else 'over'}")


def show(found: Flow) -> None:
    reads = found.times.keys() - {AUTOSAVE, SIGN}
    groups = {"all": found.times, "reading": reads, AUTOSAVE: [AUTOSAVE], SIGN: [SIGN]}
    print("\n| | requests | p50 ms | p95 | p99 |\n|---|---|---|---|---|")
    for name, cases in groups.items():
        times = found.of(*cases)
        slow = [f"{percentile(times, percent):.0f}" for percent in (50, 95, 99)]
        print(f"| {name} | {len(times)} | {' | '.join(slow)} |")
    for error in sorted(set(found.errors)):
        print(f"{found.errors.count(error)} times: {error}")


def show_memory(sizes: list[dict[str, Memory]]) -> float:
    """From the first sixth of the time to the last, since backends come and go; the
    growth of all processes' own together."""
    sixth = max(1, len(sizes) // 6)
    before, after = middle(sizes[:sixth]), middle(sizes[-sixth:])
    head = " | ".join(f"{name}, MB | grew by" for name in ("RSS", "PSS", "own"))
    print(f"\n| | {head} |\n|---|---|---|---|---|---|---|")
    for name in before:
        cells = [
            f"{now:.0f} | {now / was - 1:+.1%}"
            for was, now in zip(before[name], after[name], strict=True)
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    was, now = (sum(one.own for one in each.values()) for each in (before, after))
    return now / was - 1


def middle(sizes: list[dict[str, Memory]]) -> dict[str, Memory]:
    return {
        name: Memory(
            *map(statistics.median, zip(*(one[name] for one in sizes), strict=True))
        )
        for name in sizes[0]
    }
