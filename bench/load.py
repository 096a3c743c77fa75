"""Requests pages over open connections and times the answers."""

from __future__ import annotations

import statistics
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import product

from bench.cpu import between

TRIES = 5
# Of this machine; those who sign in from one address too often are refused.
ADDRESSES = (f"127.{a}.{b}.{c}" for a, b, c in product(range(1, 250), repeat=3))


@dataclass
class Window:
    """What one stretch of asking took."""

    times: list[float] = field(default_factory=list)
    web: float | None = 0.0
    postgres: float | None = 0.0
    wall: float = 0.0
    sent: int = 0

    @property
    def cpu(self) -> float:
        """Milliseconds a request, of web server and PostgreSQL."""
        return self.web_ms + self.postgres_ms

    @property
    def web_ms(self) -> float:
        return 1000 * self.web / len(self.times)

    @property
    def postgres_ms(self) -> float:
        return 1000 * self.postgres / len(self.times)

    @property
    def rate(self) -> float:
        return len(self.times) / self.wall

    def slowest(self, percent: int) -> float:
        """The percentile in milliseconds."""
        if len(self.times) < 2:
            return 1000 * self.times[0]
        return 1000 * statistics.quantiles(self.times, n=100)[percent - 1]


def ask(case, server, seconds: float, connections: int = 1) -> Window:
    """A window that could be read: where a process ended in it, ask again."""
    for _try in range(TRIES):
        window = _ask(case, server, seconds, connections)
        if window.web is not None and window.postgres is not None:
            return window
    raise RuntimeError(f"{case.name}: a process ended in each of {TRIES} windows")


def _ask(case, server, seconds: float, connections: int) -> Window:
    window, errors = Window(), []
    case.renew()
    until = time.perf_counter() + seconds

    def one(number: int) -> None:
        line = connected(case, server)
        try:
            while time.perf_counter() < until and case.has_more(number):
                if case.from_anywhere:
                    line.close()
                    line = connected(case, server)
                window.times.append(ask_once(case, line, number, window))
        except Exception as error:
            errors.append(error)
        finally:
            line.close()

    web, postgres = server.cpu()
    began = time.perf_counter()
    threads = [threading.Thread(target=one, args=[n]) for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    window.wall = time.perf_counter() - began
    if errors:
        raise errors[0]
    web_after, postgres_after = server.cpu()
    window.web = between(web, web_after)
    window.postgres = between(postgres, postgres_after)
    return window


def connected(case, server) -> HTTPConnection:
    """From an address that was not used before, where addresses are counted."""
    source = (next(ADDRESSES), 0) if case.from_anywhere else None
    line = HTTPConnection("127.0.0.1", server.port, 30, source)
    line.connect()
    return line


def ask_once(case, line, number: int, window: Window) -> float:
    method, path, body, headers = case.request(number)
    began = time.perf_counter()
    line.request(method, path, body, headers)
    answer = line.getresponse()
    text = answer.read()
    took = time.perf_counter() - began
    if answer.status != case.status:
        raise ValueError(f"{case.name}: {path} returned {answer.status}")
    window.sent = len(text)
    case.answered(number, text)
    return took
