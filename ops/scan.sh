#!/bin/sh
# Scans a running demo on this machine with wapiti, signed in as one of its people, gently.
#   ops/scan.sh http://127.0.0.1:8200 ada      (WAPITI=/tmp/wapiti/bin by default)
# Never against anything but a demo: forms are sent.  What would end its own sign-in is left
# out, since all that follows would be seen as a stranger.
set -eu
url="${1:?http://127.0.0.1:PORT}" who="${2:?ada, thea or cleo}"
case "$url" in
  http://127.0.0.1:*|http://localhost:*) ;;
  *) echo "Only a demo on this machine is scanned." >&2; exit 1 ;;
esac
bin="${WAPITI:-/tmp/wapiti/bin}"
exec "$bin/wapiti" -u "$url/" --scope folder \
  --form-url "$url/sign-in/" --form-user "$who@cairn.example" --form-password demo-demo-demo \
  -x "$url/sign-out/" -x "$url/sign-in/*" -x "$url/portal/leave/" -x "$url/portal/close/" \
  -x "$url/settings/sign-ins/*" -x "$url/settings/password/" \
  -m "${MODULES:-common,csp,cookieflags,http_headers,methods,file,crlf,csrf,redirect,ssrf,sql,xss,permanentxss,backup,htaccess}" \
  --tasks 2 --max-links-per-page 40 --max-files-per-dir 30 -d 6 \
  --max-scan-time "${SECONDS_TO_CRAWL:-90}" --max-attack-time "${SECONDS_EACH:-40}" \
  --flush-session --no-bugreport -v 1 -f json -o "${REPORT:-wapiti-$who.json}"
