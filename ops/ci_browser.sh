# Installs Chromium for the browser tests, if permitted.  Sourced by ./test.
# Without Chromium those tests are skipped with a message; with CI=true they fail.
have_chromium() {
  [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v google-chrome >/dev/null
}
if ! have_chromium && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium for the browser tests (apt-get install chromium)"
  {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium
  } >/dev/null 2>&1 </dev/null || echo "Chromium could not be installed" >&2
fi
