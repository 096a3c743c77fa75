"""Whether the web knows where its visitors come from, asked through the proxy."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings

from therapy.doctor.finding import Finding, ok, unseen, wrong

PATIENCE = 5  # seconds
# An address for documentation (RFC 5737): no visitor has it.
CLAIMED = "203.0.113.77"
RIGHT = "proxy_set_header X-Forwarded-For $remote_addr; see deploy/nginx.conf."


def visitor_address() -> Iterator[Finding]:
    """Limits and audit go by a visitor's address: a proxy must say it, and it alone."""
    if not settings.TRUST_PROXY:
        yield ok(
            "proxy", ("no proxy is trusted; the connecting address is the visitor's")
        )
        return
    try:
        seen, from_here = _ask()
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        yield unseen(
            "proxy",
            f"{settings.SITE_URL} could not be reached from here ({error}), so it is "
            "not known whether the proxy passes on visitors' addresses.",
        )
        return
    yield _judged(seen, from_here)


def _ask() -> tuple[str, str]:
    """The address the web saw, and the one that was used here."""
    url = urlsplit(settings.SITE_URL)
    secure = url.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    more = {"context": ssl.create_default_context()} if secure else {}
    asked = kind(url.hostname, url.port, timeout=PATIENCE, **more)
    try:
        asked.connect()
        from_here = asked.sock.getsockname()[0]
        asked.request("GET", "/healthz", headers={"X-Forwarded-For": CLAIMED})
        answer = json.loads(asked.getresponse().read(10_000))
        return str(answer["visitor"]), from_here
    finally:
        asked.close()


def _judged(seen: str, from_here: str) -> Finding:
    if seen == CLAIMED:
        return wrong(
            "proxy",
            "visitors can forge their address: the proxy passes on their own "
            f"X-Forwarded-For. Set {RIGHT}",
        )
    try:
        address = ip_address(seen)
    except ValueError:
        return wrong("proxy", f"visitors' addresses do not arrive: set {RIGHT}")
    if address.is_loopback and not ip_address(from_here.partition("%")[0]).is_loopback:
        return wrong(
            "proxy",
            "every visitor seems to come from this machine, so they all share one "
            f"limit: set {RIGHT}",
        )
    return ok("proxy", "visitors' addresses arrive and cannot be forged")
