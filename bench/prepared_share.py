"""What prepared queries save of each page, compared with plain queries in turns.

A page keeps its prepared queries where they save at least a tenth of its CPU.
"""

from __future__ import annotations

import statistics

from bench.load import ask
from database.prepared import EVERY

LEAST = 0.10  # of the page with plain queries


def compare_prepared(world, cases, options, statements) -> None:
    plain = world.serve("bench.plain", "healthz")
    print("\n| prepared queries | CPU ms prepared | plain | saved of the page | |")
    print("|---|---|---|---|---|")
    for case in cases:
        if options.only not in case.name:
            continue
        found = {world.app: [], plain: []}
        for number in range(options.rounds):
            both = (world.app, plain) if number % 2 else (plain, world.app)
            for server in both:
                ask(case, server, options.seconds / 2)  # warm
                found[server].append(ask(case, server, options.seconds).cpu)
        kept, anew = (statistics.median(found[each]) for each in (world.app, plain))
        saved = (anew - kept) / anew
        verdict = "ok" if saved >= LEAST else "too little"
        cells = [case.name, f"{kept:.1f}", f"{anew:.1f}", f"**{saved:.0%}**", verdict]
        print(f"| {' | '.join(cells)} |", flush=True)
    for case in cases:  # in this process, which then knows what was asked
        statements(case)
    unasked = sorted(query.name for query in EVERY if not query.shapes)
    print(f"\nNot used by any measured page: {', '.join(unasked)}")
