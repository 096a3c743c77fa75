#!/bin/sh
# Scans a running demo on this machine with wapiti, signed in as one of its users, at a low rate.
#   ops/scan.sh http://127.0.0.1:8200 ada      (WAPITI=/tmp/wapiti/bin by default)
# Run it only against a demo: it sends forms.  URLs that would end its own sign-in are
# excluded, since it would continue as a visitor.
set -eu
url="${1:?http://127.0.0.1:PORT}" who="${2:?ada, thea or cleo}"
case "$url" in
  http://127.0.0.1:*|http://localhost:*) ;;
  *) echo "This script scans only a demo on this machine (http://127.0.0.1:PORT)." >&2; exit 1 ;;
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
