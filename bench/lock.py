"""What the second lock costs: pages with and without row security, in turns.

Only in the bench's own database.  Off means that nothing is asked of PostgreSQL: no
login call worth the name, no policy.
"""

from __future__ import annotations

import statistics

from bench.load import ask

MOST = 0.20  # of a page's CPU
PAGES = ("caseload", "today", "client with journey", "session screen", "portal home")
TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND {column}
  AND relnamespace = 'public'::regnamespace
"""
KEEP = "ALTER FUNCTION app.login(uuid) RENAME TO login_kept"
STUB = """
CREATE FUNCTION app.login(who uuid) RETURNS void LANGUAGE sql AS 'SELECT';
GRANT EXECUTE ON FUNCTION app.login(uuid) TO cairn_web, cairn_worker, cairn_owner
"""
BACK = """
DROP FUNCTION app.login(uuid);
ALTER FUNCTION app.login_kept(uuid) RENAME TO login
"""


class SecondLock:
    def __init__(self, world):
        self.world = world
        rows = world.as_superuser(TABLES.format(column="relrowsecurity"))
        self.tables = [name for (name,) in rows]

    def off(self) -> None:
        for table in self.tables:
            self.world.as_superuser(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        self.world.as_superuser(KEEP)
        self.world.as_superuser(STUB)

    def on(self) -> None:
        self.world.as_superuser(BACK)
        for table in self.tables:
            self.world.as_superuser(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def compare(world, cases, options) -> None:
    print("\n| page | CPU ms with | without | share of the page | |")
    print("|---|---|---|---|---|")
    lock = SecondLock(world)
    chosen = [case for case in cases if case.name in PAGES]
    for case in chosen:
        with_it, without = [], []
        for _round in range(options.rounds):
            ask(case, world.app, options.seconds / 2)
            with_it.append(ask(case, world.app, options.seconds).cpu)
            lock.off()
            try:
                ask(case, world.app, options.seconds / 2)
                without.append(ask(case, world.app, options.seconds).cpu)
            finally:
                lock.on()
        on, off = statistics.median(with_it), statistics.median(without)
        share = (on - off) / on
        verdict = "ok" if share <= MOST else "over"
        cells = [case.name, f"{on:.1f}", f"{off:.1f}", f"**{share:.0%}**", verdict]
        print(f"| {' | '.join(cells)} |", flush=True)
