"""Twenty sign-ins each second, and how much slower another page gets.

Pages are asked for at a steady rate, first alone and then beside the storm, in turns.
"""

from __future__ import annotations

import statistics
import threading
import time

from bench.load import connected

A_SECOND = 20  # sign-ins
PAGES_A_SECOND = 5
WINDOW = 5.0  # seconds


def paced(case, server, rate: float, seconds: float, times: list) -> None:
    """Ask `rate` times a second on a line of one's own each time; keep how long."""
    began = time.perf_counter()
    threads = []
    for number in range(int(rate * seconds)):
        time.sleep(max(0, began + number / rate - time.perf_counter()))
        thread = threading.Thread(target=_one, args=(case, server, times))
        thread.start()
        threads.append(thread)
    for thread in threads:
        thread.join()


def _one(case, server, times) -> None:
    line = connected(case, server)
    method, path, body, headers = case.request(0)
    began = time.perf_counter()
    line.request(method, path, body, headers)
    answer = line.getresponse()
    answer.read()
    line.close()
    if answer.status == case.status:
        times.append(1000 * (time.perf_counter() - began))


def weather(world, page, sign_in, options) -> None:
    alone, beside, storm = [], [], []
    paced(page, world.app, PAGES_A_SECOND, 2, [])  # warm
    for _round in range(options.rounds):
        paced(page, world.app, PAGES_A_SECOND, WINDOW, alone)
        other = threading.Thread(
            target=paced, args=(sign_in, world.app, A_SECOND, WINDOW, storm)
        )
        other.start()
        paced(page, world.app, PAGES_A_SECOND, WINDOW, beside)
        other.join()
    rate = len(storm) / (WINDOW * options.rounds)
    print(f"\n{A_SECOND} sign-ins a second requested, {rate:.1f} succeeded,")
    print(f"p50 {statistics.median(storm):.0f} ms, p95 {_p95(storm):.0f} ms")
    print(f"| {page.name} | p50 ms | p95 ms |\n|---|---|---|")
    for name, times in (("alone", alone), ("beside them", beside)):
        print(f"| {name} | {statistics.median(times):.0f} | {_p95(times):.0f} |")
    ratio = statistics.median(beside) / statistics.median(alone)
    print(f"p50 beside them is {ratio:.2f} times as long")


def _p95(times) -> float:
    return statistics.quantiles(times, n=100)[94]
