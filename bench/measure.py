"""Measures floor and page in turns, and reports each page's cost in floors."""

from __future__ import annotations

import json
import logging
import os
import statistics
import subprocess
import time
from dataclasses import asdict, dataclass

import psycopg2

from bench.blocks import Reading, reading
from bench.load import ask
from bench.lock import compare
from bench.prepared_share import compare_prepared
from bench.storm import weather
from bench.world import World
from ops.place import BASE

CLOSE = 0.06  # the floor against itself may differ by so much
FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass
class Result:
    name: str
    queries: int | None
    queries_most: int | None
    sql_ms: float | None
    web_ms: float
    postgres_ms: float
    ratio: float
    ratio_most: float | None
    p50: float
    p95: float
    p50_of_eight: float
    p95_of_eight: float
    rate: float
    sent: int
    blocks: int | None = None  # of PostgreSQL's, read for one page
    scanned: str = ""  # large tables that it read from end to end

    @property
    def verdict(self) -> str:
        over = [
            self.queries_most is not None and (self.queries or 0) > self.queries_most,
            self.ratio_most is not None and self.ratio > self.ratio_most,
            bool(self.scanned),
        ]
        return "over" if any(over) else "ok"

    @property
    def _read(self) -> str:
        blocks = "-" if self.blocks is None else f"{self.blocks}"
        return f"{blocks}; all of {self.scanned}" if self.scanned else blocks

    def line(self) -> str:
        most = "-" if self.ratio_most is None else f"{self.ratio_most:g}"
        asked = (
            "-" if self.queries is None else f"{self.queries} of {self.queries_most}"
        )
        sql = "-" if self.sql_ms is None else f"{self.sql_ms:.1f}"
        cells = [
            self.name, asked, sql, f"{self.web_ms:.1f}", f"{self.postgres_ms:.1f}",
            f"**{self.ratio:.2f}** of {most}", f"{self.p50:.0f} / {self.p95:.0f}",
            f"{self.p50_of_eight:.0f} / {self.p95_of_eight:.0f}", f"{self.rate:.0f}",
            f"{self.sent / 1000:.1f}", self._read, self.verdict,
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"


HEAD = """
| case | SQL statements | SQL ms | web CPU ms | PostgreSQL CPU ms | times the floor \
| p50 / p95 ms, one | p50 / p95 ms, eight | requests/s | KB sent | blocks | |
|---|---|---|---|---|---|---|---|---|---|---|---|"""


def statements(case) -> tuple[int, float]:
    """How many a page takes, without its frame, as tests count; their least time."""
    case.renew()
    asked_once(case)  # warm
    return min(statements_once(case) for _try in range(9))


def statements_once(case) -> tuple[int, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    spent = 0.0

    def timed(execute, *arguments):  # the log's own times are whole milliseconds
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent += time.perf_counter() - began

    with CaptureQueriesContext(connection) as asked, connection.execute_wrapper(timed):
        asked_once(case)
    counted = [q for q in asked if not q["sql"].startswith(FRAME)]
    return len(counted), 1000 * spent


def what_is_read(world, case) -> Reading:
    """By a page that was asked before, with its plans kept."""
    for _time in range(8):
        case.renew()
        asked_once(case)
    case.renew()
    return reading(world, lambda: asked_once(case))


def asked_once(case) -> None:
    """In this process, as the browser does it."""
    from django.test import Client as Browser

    assert case.has_more(0)
    method, path, body, headers = case.request(0)
    kind = headers.get("Content-Type", "text/plain")
    answer = Browser().generic(method, path, body or b"", kind, headers=headers)
    assert answer.status_code == case.status, f"{path}: {answer.status_code}"
    case.answered(0, answer.content)


def measure(case, server, floor, floor_server, options, count=True) -> Result:
    queries, sql = statements(case) if count else (None, None)
    seconds = options.seconds
    for each, where in ((case, server), (floor, floor_server)):
        ask(each, where, seconds / 2)  # warm
    pairs = [
        (ask(floor, floor_server, seconds), ask(case, server, seconds))
        for _round in range(options.rounds)
    ]
    windows = [window for _floor, window in pairs]
    eight = [ask(case, server, seconds, 8) for _round in range(3)]

    def middle(of, name, *values):
        found = [getattr(window, name) for window in of]
        return statistics.median([f(*values) if callable(f) else f for f in found])

    return Result(
        case.name, queries, case.queries, sql,
        middle(windows, "web_ms"), middle(windows, "postgres_ms"),
        statistics.median(window.cpu / base.cpu for base, window in pairs),
        case.ratio, middle(windows, "slowest", 50), middle(windows, "slowest", 95),
        middle(eight, "slowest", 50), middle(eight, "slowest", 95),
        middle(eight, "rate"), windows[-1].sent,
    )  # fmt: skip


def limit(world) -> float:
    """Milliseconds of our CPU to fetch the floor's rows and join strings: no less."""
    connection = psycopg2.connect(world.env["DATABASE_URL"])
    cursor, many = connection.cursor(), 200
    began = time.process_time()
    for _ in range(many):
        cursor.execute("SELECT * FROM floor.floor_client WHERE therapist_id = 2")
        "".join(f"<tr><td>{'</td><td>'.join(map(str, row))}" for row in cursor)
    connection.close()
    return 1000 * (time.process_time() - began) / many


def machine() -> str:
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2] for line in file if line.startswith("model n")]
    model = names[0].strip() if names else "?"
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    said = subprocess.run(command, cwd=BASE, capture_output=True, text=True)
    return said.stdout.strip()


def run(options) -> None:
    team = options.load or options.typing
    with World(options.scale * 100, team=team) as world:
        os.environ.update(world.env)
        import django

        django.setup()
        logging.disable(logging.WARNING)
        from bench.cases import Cast

        if team:
            return at_once(world, Cast(world).floor_cases()[0], options)
        cast = Cast(world)
        floor, note = cast.floor_cases()
        every = cast.cases()
        cases = [case for case in every if options.only in case.name]
        if options.lock or options.storm or options.prepared:
            return beside(world, every, options)
        print(f"{options.scale * 100} clients; {machine()}; {commit()}")
        print(f"physical limit: {limit(world):.2f} ms")
        print(HEAD, flush=True)
        null = measure(floor, world.floor, floor, world.floor, options, count=False)
        null.queries = 3
        show(null, options)
        if abs(null.ratio - 1) > CLOSE:
            print("Two measurements of the floor differ: this machine is too busy.")
        show(measure(note, world.floor, floor, world.floor, options, False), options)
        for case in cases:
            read = what_is_read(world, case)
            result = measure(case, world.app, floor, world.floor, options)
            result.blocks, result.scanned = read.blocks, ", ".join(read.scanned)
            show(result, options)


def at_once(world, floor, options) -> None:
    """Many people: the day's usual load, and fifty who type."""
    from bench.steady import steady
    from bench.typists import typing

    print(f"{options.scale * 100} clients and the team's; {machine()}; {commit()}")
    if options.load:
        steady(world, floor, options)
    if options.typing:
        typing(world)


def beside(world, cases, options) -> None:
    """What is not measured in floors: row security's share, what prepared queries save,
    and a storm of sign-ins."""
    print(f"{options.scale * 100} clients; {machine()}; {commit()}")
    named = {case.name: case for case in cases}
    if options.lock:
        compare(world, cases, options)
    if options.prepared:
        compare_prepared(world, cases, options, statements)
    if options.storm:
        weather(world, named["today"], named["sign-in"], options)


def show(result: Result, options) -> None:
    print(result.line(), flush=True)
    if options.json:
        line = {"commit": commit(), "scale": options.scale, "at": time.time()}
        with open(options.json, "a") as file:
            file.write(json.dumps(line | asdict(result)) + "\n")
