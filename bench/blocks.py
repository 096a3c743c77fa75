"""What PostgreSQL reads for a page: blocks, and large tables read completely."""

from __future__ import annotations

from dataclasses import dataclass, field

LARGE = 2000  # rows; a smaller table is read whole, and rightly so
TABLES = """
SELECT relname, n_live_tup, coalesce(seq_scan, 0),
  coalesce(heap_blks_hit, 0) + coalesce(heap_blks_read, 0)
  + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0)
FROM pg_stat_user_tables JOIN pg_statio_user_tables USING (relid, relname)
"""


@dataclass
class Reading:
    blocks: int = 0
    scanned: list[str] = field(default_factory=list)  # large tables read whole


def reading(world, ask) -> Reading:
    """Of one page, whose connection is this process's own."""
    before = _counted(world)
    ask()
    after = _counted(world)
    found = Reading()
    for table, (rows, scans, blocks) in after.items():
        _rows, scans_before, blocks_before = before.get(table, (0, 0, 0))
        found.blocks += blocks - blocks_before
        if rows >= LARGE and scans > scans_before:
            found.scanned.append(table)
    return found


def _counted(world) -> dict[str, tuple[int, int, int]]:
    from django.db import connection

    with connection.cursor() as cursor:  # else up to a second later
        cursor.execute("SELECT pg_stat_force_next_flush()")
    return {name: rest for name, *rest in world.as_superuser(TABLES)}
