"""Many people at once, each at their own times, however long the answers take.

A request is late from the moment at which it should have been asked: a server that is
slow is not spared what would have come meanwhile.
"""

from __future__ import annotations

import select
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from http.client import HTTPConnection

from bench.cpu import between
from bench.load import Window, ask_once

SOON = 0.2  # seconds, in which all threads have begun


class Flow:
    """What became of the requests of a while."""

    def __init__(self):
        self.times: dict[str, list[float]] = defaultdict(list)  # ms, by case
        self.late: list[float] = []  # ms, until we asked at all
        self.errors: list[str] = []
        self.cpu: float | None = None  # ms a request, of web server and PostgreSQL
        self.own = 0.0  # CPU of this process, by wall time
        self.wall = 0.0

    @property
    def all(self) -> list[float]:
        return [time for times in self.times.values() for time in times]

    @property
    def rate(self) -> float:
        return len(self.all) / self.wall

    def of(self, *names: str) -> list[float]:
        return [time for name in names for time in self.times[name]]


def percentile(times: list[float], percent: int) -> float:
    if len(times) < 2:
        return sum(times)
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]


def flow(people, server, times: Callable[[int], Iterable[float]], seconds) -> Flow:
    """`times(number)`: when that person asks, in seconds from the beginning."""
    found = Flow()
    web, postgres = server.cpu()
    own, began = time.process_time(), time.perf_counter() + SOON
    threads = [
        threading.Thread(target=_work, args=(one, server, began, when, found))
        for one, when in ((one, _until(times(one.number), seconds)) for one in people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.wall = time.perf_counter() - began
    found.own = (time.process_time() - own) / found.wall
    used = [between(*pair) for pair in zip((web, postgres), server.cpu(), strict=True)]
    if None not in used and found.all:
        found.cpu = 1000 * sum(used) / len(found.all)
    return found


def _until(times: Iterable[float], seconds: float):
    for at in times:
        if at >= seconds:
            return
        yield at


def _work(person, server, began: float, times: Iterable[float], found: Flow) -> None:
    line = HTTPConnection("127.0.0.1", server.port, 30)
    for at in times:
        time.sleep(max(0, began + at - time.perf_counter()))
        found.late.append(1000 * (time.perf_counter() - began - at))
        case = person.next()
        try:
            _ask(case, line)
        except Exception as error:
            line.close()
            found.errors.append(f"{case.name}: {error!r}")
        else:
            found.times[case.name].append(1000 * (time.perf_counter() - began - at))
    line.close()


def _ask(case, line: HTTPConnection) -> None:
    """On a line that the server has hung up, after two silent seconds, anew."""
    if not case.has_more(0):
        raise ValueError("No requests are planned.")
    kept = line.sock is not None and not select.select([line.sock], [], [], 0)[0]
    if not kept:
        line.close()
    try:
        ask_once(case, line, 0, Window())
    except ConnectionError:
        if not kept:
            raise
        line.close()  # it hung up just then
        ask_once(case, line, 0, Window())
