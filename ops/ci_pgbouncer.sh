# Installs PgBouncer for tests/test_pgbouncer.py in CI.  Sourced by ./test.
# Elsewhere that test is skipped with a message.
if [ "${CI:-}" = true ] && [ ! -x /usr/sbin/pgbouncer ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing PgBouncer for its test (apt-get install pgbouncer)"
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer
  } >/dev/null 2>&1 </dev/null || echo "PgBouncer could not be installed" >&2
fi
