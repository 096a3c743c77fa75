"""What guards the rows, as PostgreSQL's catalogue says it: lines of text.

Read by backups (a restored database has the same lines) and by the doctor (a database
has the lines of its release).
"""

from __future__ import annotations

import re

NOISE = re.compile(r"::[a-z ]+(?:\[\])?|[()]")
# A row as text, the same wherever it is read.
PLAIN = """
SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD';
SET LOCAL IntervalStyle = 'postgres'; SET LOCAL bytea_output = 'hex';
SET LOCAL extra_float_digits = 1; SET LOCAL search_path = pg_catalog;
"""
# Each kind as lines of text.  Who granted what does not matter, only what was granted.
CATALOGUE = {
    "row security": """
      SELECT format('%s %s %s', c.oid::regclass, relrowsecurity, relforcerowsecurity)
      FROM pg_class c WHERE relkind = 'r'
        AND relnamespace IN ('public'::regnamespace, 'app'::regnamespace)""",
    "policies": """
      SELECT format('%s.%s %s %s %s %s %s %s', schemaname, tablename, policyname,
        permissive, roles, cmd, qual, with_check) FROM pg_policies""",
    "triggers": """
      SELECT format('%s %s', tgenabled, pg_get_triggerdef(oid)) FROM pg_trigger
      WHERE NOT tgisinternal""",
    "functions": """
      SELECT format('%s %s %s', proowner::regrole, array_to_string(proconfig, ','),
        pg_get_functiondef(oid)) FROM pg_proc
      WHERE pronamespace IN ('public'::regnamespace, 'app'::regnamespace)
        AND prokind = 'f' AND NOT EXISTS (SELECT FROM pg_depend d
          WHERE d.objid = pg_proc.oid AND d.deptype = 'e')""",
    "constraints": """
      SELECT format('%s %s %s', conrelid::regclass, conname,
        pg_get_constraintdef(oid)) FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype <> 'n'""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "rights": """
      SELECT format('%s %s %s %s', relkind, c.oid::regclass, a.grantee::regrole,
        a.privilege_type) FROM pg_class c, aclexplode(c.relacl) a
      WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT format('column %s.%s %s %s', attrelid::regclass, attname,
        a.grantee::regrole, a.privilege_type)
      FROM pg_attribute, aclexplode(attacl) a WHERE attacl IS NOT NULL
        AND attrelid >= 16384
      UNION ALL SELECT format('function %s %s', p.oid::regprocedure, a.grantee::regrole)
      FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
      WHERE pronamespace = 'app'::regnamespace
      UNION ALL SELECT format('schema %s %s %s', nspname, a.grantee::regrole,
        a.privilege_type) FROM pg_namespace, aclexplode(nspacl) a
      WHERE nspname = 'app'""",
    "owners": """
      SELECT format('%s %s', c.oid::regclass, relowner::regrole) FROM pg_class c
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')""",
}


def lines(cursor, kind: str) -> list[str]:
    """Sorted; within a transaction in which PLAIN was executed."""
    cursor.execute(CATALOGUE[kind])
    return sorted(line for (line,) in cursor.fetchall())


def comparable(kind: str, found: list[str]) -> set[str]:
    """Lines without what depends on who wrote them.

    PostgreSQL writes an expression that it read from its own writing with casts in
    other places; a function's text it keeps as it is.
    """
    if kind not in ("policies", "constraints", "indexes"):
        return set(found)
    return {NOISE.sub("", line) for line in found}
