"""What PostgreSQL's own catalogue says: who has power, and what guards the rows."""

from __future__ import annotations

from collections.abc import Iterator

from therapy.doctor import release
from therapy.doctor.finding import Finding, ok, unseen, wrong
from therapy.monitoring.pulse import rows

MOST_SHOWN = 20  # differences; a database that nobody migrated has a thousand
OLDEST = 150000  # security_invoker views, and CVE fixes for row security
LOGINS = {"cairn_owner", "cairn_web", "cairn_worker", "cairn_backup"}
ROLES = LOGINS | {"cairn_acl"}
AGAIN = "Run deploy/roles.sql again as PostgreSQL's superuser."
# Whoever may become somebody else: deploy/roles.sql.
MAY_BECOME = {
    ("cairn_owner", "cairn_web"),
    ("cairn_owner", "cairn_acl"),
    ("cairn_worker", "cairn_web"),
}
# A person belongs to a practice, and is looked up before anybody signed in.
OPEN_ALTHOUGH_OF_A_PRACTICE = {"accounts_user"}


def versions() -> Iterator[Finding]:
    [(number, text)] = rows(
        "SELECT current_setting('server_version_num')::int,"
        " current_setting('server_version')"
    )
    if number < OLDEST:
        yield wrong(
            "versions", f"PostgreSQL {text} is too old: Cairn needs 15 or newer."
        )
    else:
        yield ok("versions", f"PostgreSQL {text}")


def roles() -> Iterator[Finding]:
    faults = [*_faults_of_roles()]
    yield from (wrong("roles", words) for words in faults)
    if not faults:
        yield ok(
            "roles",
            ("no role has more rights than it should, and only one owns the tables"),
        )


def _faults_of_roles() -> Iterator[str]:
    found = {
        name: flags
        for name, *flags in rows(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole"
            " FROM pg_roles WHERE rolname LIKE 'cairn\\_%'"
        )
    }
    for name in sorted(ROLES - set(found)):
        yield f"{name} is missing. {AGAIN}"
    for name in sorted(ROLES & set(found)):
        logs_in, is_super, steps_over, makes_roles = found[name]
        if logs_in != (name in LOGINS):
            yield f"{name} may{' not' if not logs_in else ''} log in. {AGAIN}"
        if is_super or makes_roles:
            yield f"{name} is a superuser or can create roles. {AGAIN}"
        if steps_over != (name == "cairn_backup"):
            may = "bypasses row security" if steps_over else "cannot read all rows"
            yield f"{name} {may}. {AGAIN}"
    yield from _faults_of_membership()
    yield from _faults_of_ownership()


def _faults_of_membership() -> Iterator[str]:
    found = rows(
        "SELECT m.rolname, r.rolname FROM pg_auth_members a"
        " JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid"
        " WHERE m.rolname LIKE 'cairn\\_%' OR r.rolname LIKE 'cairn\\_%'"
        " ORDER BY 1, 2"
    )
    for member, role in found:
        # Since PostgreSQL 16 whoever made a role is a member of it, superusers too.
        if member in ROLES and (member, role) not in MAY_BECOME:
            yield f"{member} can switch to {role}: REVOKE {role} FROM {member};"


def _faults_of_ownership() -> Iterator[str]:
    owners = rows(
        "SELECT pg_get_userbyid(relowner), count(*), min(relname::text) FROM pg_class"
        " WHERE relkind IN ('r', 'p', 'v', 'm', 'S')"
        " AND relnamespace IN (SELECT oid FROM pg_namespace"
        "   WHERE nspname IN ('public', 'app'))"
        " GROUP BY 1 HAVING pg_get_userbyid(relowner) <> 'cairn_owner' ORDER BY 1"
    )
    for owner, number, example in owners:
        yield (
            f"{owner} owns {number} tables ({example}): migrate as cairn_owner alone, "
            "with MIGRATE_DATABASE_URL; ALTER TABLE ... OWNER TO cairn_owner fixes it."
        )


def row_security() -> Iterator[Finding]:
    guarded, faults = 0, []
    for table, enabled, forced, policies, of_a_practice in rows(GUARDS):
        wanted = of_a_practice and table not in OPEN_ALTHOUGH_OF_A_PRACTICE
        if not (wanted or enabled or forced or policies):
            continue
        guarded += 1
        if not (enabled and forced and policies):
            lacks = [
                word
                for word, there in (
                    ("is not enabled", enabled),
                    ("is not forced", forced),
                    ("has no policy", policies),
                )
                if not there
            ]
            faults.append(f"{table}: row security {' and '.join(lacks)}")
    if not guarded:
        faults.append("no table has row security: run manage.py migrate.")
    for words in faults:
        yield wrong("rows", f"{words}. Stop the web, and migrate or restore.")
    if not faults:
        yield ok("rows", f"{guarded} tables have row security, for their owner too")


GUARDS = """
SELECT c.relname::text, c.relrowsecurity, c.relforcerowsecurity,
  (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
  EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped
    AND a.attname IN ('practice_id', 'client_id'))
FROM pg_class c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1
"""


def triggers() -> Iterator[Finding]:
    asleep = rows(
        "SELECT tgname::text, tgrelid::regclass::text FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgenabled <> 'O' ORDER BY 2, 1"
    )
    for name, table in asleep:
        yield wrong(
            "triggers",
            f"{name} on {table} is disabled: ALTER TABLE {table} ENABLE TRIGGER "
            f"{name}; find out who did it, and why.",
        )
    [(number,)] = rows("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal")
    if not number:
        yield wrong("triggers", "there are none: run manage.py migrate.")
    elif not asleep:
        yield ok("triggers", f"all {number} are enabled")


def as_released() -> Iterator[Finding]:
    """Each policy, trigger, function, right and migration, compared with the release's.

    Says less than the checks above of what to do, and misses nothing.
    """
    found = [*release.differences()]
    for words in found[:MOST_SHOWN]:
        yield wrong(
            "release",
            f"{words}. Find out who changed it. See docs/operate.md, Health.",
        )
    if len(found) > MOST_SHOWN:
        yield wrong("release", f"and {len(found) - MOST_SHOWN} more differences.")
    if not found:
        yield ok("release", "roles, policies, triggers and rights match this release")


# Of other connections PostgreSQL tells the role, and not which program it is.
CONNECTED = """
SELECT a.usename::text, count(*), r.rolsuper FROM pg_stat_activity a
JOIN pg_roles r ON r.rolname = a.usename
WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  AND (r.rolsuper OR r.rolname = 'cairn_owner')
GROUP BY 1, 3 ORDER BY 1
"""


def connections() -> Iterator[Finding]:
    """As whom the others are connected: their settings may not be this shell's."""
    powerful = rows(CONNECTED)
    for role, number, is_super in powerful:
        words = f"{number} connections are by {role}, "
        if is_super:
            yield unseen(
                "connected",
                f"{words}whom row security does not stop: someone in psql, or a "
                "process with a wrong DATABASE_URL. See SELECT * FROM "
                "pg_stat_activity.",
            )
        else:
            yield wrong(
                "connected",
                f"{words}who owns everything: unless someone is migrating right now, "
                "web or worker has the owner's URL. Correct DATABASE_URL and restart "
                "it.",
            )
    if not powerful:
        yield ok("connected", "none is by the owner or a superuser")
