"""The cost of row-level security: pages with and without it, in turns.

Once all of it, and once what guards people alone (accounts, sign-ins, second steps).
Only in the bench's own database.  Without all of it nothing is asked of PostgreSQL: no
login call worth the name, no policy.  Without that of people the functions through
which sessions are read stay: what they cost is not in the share.
"""

from __future__ import annotations

import statistics

from bench.load import ask

MOST, MOST_FOR_PEOPLE = 0.20, 0.05  # of a page's CPU
PAGES = ("caseload", "today", "client with timeline", "session screen", "portal home")
TABLES = """
SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relrowsecurity
  AND relnamespace = 'public'::regnamespace
"""
OF_PEOPLE = ("accounts_", "account_", "mfa_")  # how their tables' names begin
LOGIN = "app.login(uuid, uuid)"
KEEP = f"ALTER FUNCTION {LOGIN} RENAME TO login_kept"
STUB = f"""
CREATE FUNCTION app.login(who uuid, coming uuid DEFAULT NULL) RETURNS void
  LANGUAGE sql AS 'SELECT';
GRANT EXECUTE ON FUNCTION {LOGIN} TO cairn_web, cairn_worker, cairn_owner
"""
BACK = f"""
DROP FUNCTION {LOGIN};
ALTER FUNCTION app.login_kept(uuid, uuid) RENAME TO login
"""


class PeopleLock:
    """The policies on tables of people; the others stay."""

    def __init__(self, world):
        self.world = world
        names = [name for (name,) in world.as_superuser(TABLES)]
        self.tables = [name for name in names if self.is_in_it(name)]

    def is_in_it(self, name: str) -> bool:
        return name.startswith(OF_PEOPLE)

    def off(self) -> None:
        self._each("DISABLE")

    def on(self) -> None:
        self._each("ENABLE")

    def _each(self, what: str) -> None:
        for table in self.tables:
            self.world.as_superuser(f"ALTER TABLE {table} {what} ROW LEVEL SECURITY")


class SecondLock(PeopleLock):
    """All policies, and who is asking."""

    def is_in_it(self, name: str) -> bool:
        return True

    def off(self) -> None:
        super().off()
        self.world.as_superuser(KEEP)
        self.world.as_superuser(STUB)

    def on(self) -> None:
        self.world.as_superuser(BACK)
        super().on()


def compare(world, cases, options) -> None:
    chosen = [case for case in cases if case.name in PAGES]
    _compare(world, chosen, options, SecondLock(world), "row security", MOST)
    _compare(world, chosen, options, PeopleLock(world), "of people", MOST_FOR_PEOPLE)


def _compare(world, cases, options, lock, name: str, most: float) -> None:
    """Windows with it and without in turns, which of the two comes first as well."""
    print(f"\n| {name} | CPU ms with | without | share of the page | |")
    print("|---|---|---|---|---|")
    for case in cases:
        found = {True: [], False: []}
        for number in range(options.rounds):
            for with_it in (True, False) if number % 2 else (False, True):
                found[with_it].append(_window(world, case, options, lock, with_it))
        on, off = (statistics.median(found[with_it]) for with_it in (True, False))
        share = (on - off) / on
        verdict = "ok" if share <= most else "over"
        cells = [case.name, f"{on:.1f}", f"{off:.1f}", f"**{share:.1%}**", verdict]
        print(f"| {' | '.join(cells)} |", flush=True)


def _window(world, case, options, lock, with_it: bool) -> float:
    """CPU ms a request, web and PostgreSQL."""
    if not with_it:
        lock.off()
    try:
        ask(case, world.app, options.seconds / 2)
        return ask(case, world.app, options.seconds).cpu
    finally:
        if not with_it:
            lock.on()
