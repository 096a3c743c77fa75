"""What a load balancer and the operator's monitoring ask for; no name, no word.

Neither needs a sign-in.  /healthz tells anybody whether pages can be had; /metrics is
for the operator's network alone, and elsewhere an address like any that is not there.
"""

from __future__ import annotations

import platform
import shutil
from ipaddress import ip_address

import django
from django.conf import settings
from django.db import Error, connection, transaction
from django.http import Http404, HttpResponse, JsonResponse

from accounts import places
from accounts.decorators import ASKED, for_everyone
from accounts.errors import PAUSE
from therapy.monitoring.pulse import build, pulse, queue, rows

# Whoever was passed on by a proxy carries one of these.
PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP",
             "Forwarded", "Via")  # fmt: skip


@for_everyone
@transaction.non_atomic_requests  # without a database there is something to say too
@ASKED
def healthz(request):
    """200 where web and database work; the rest is told, and stops nobody."""
    length = queue.waiting()
    said = {"web": True, "database": True, "queue": length is not None}
    # What limits and audit would go by; the doctor looks whether it is true.
    said["visitor"] = request.META.get("REMOTE_ADDR", "")
    try:
        now = pulse()
    except Error:
        return JsonResponse(
            said | {"database": False}, status=503, headers={"Retry-After": PAUSE}
        )
    return JsonResponse(
        said
        | {
            "ticking": now.is_ticking,
            # ./start --check waits for a new one.
            "tick": now.tick and now.tick.timestamp(),
            "halted": now.halted,
            "oldest_unsent_seconds": now.age(now.oldest_unsent),
        }
    )


@for_everyone
@transaction.non_atomic_requests
@ASKED
def metrics(request):
    """Prometheus's text format, 0.0.4."""
    if not is_operator(request):
        raise Http404
    text = "".join(map(_gauge, gauges()))
    return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


def is_operator(request) -> bool:
    """From one of OPERATOR_NETWORKS, as far as we can know that.

    A proxy on this machine makes everybody come from 127.0.0.1.  So whoever was passed
    on is believed only where TRUST_PROXY=1 has put the address in place that the proxy
    saw; see accounts.middleware.ProxyMiddleware.
    """
    came_from = request.META.get("REMOTE_ADDR", "")
    if any(name in request.headers for name in PASSED_ON):
        said = places.read(
            request.headers.get("X-Forwarded-For", "").rpartition(",")[2]
        )
        if not settings.TRUST_PROXY or not said or said != came_from:
            return False
    try:
        address = ip_address(came_from)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in net for net in settings.OPERATOR_NETWORKS)


# -- the gauges -----------------------------------------------------------------------

FROM_THE_DATABASE = """
SELECT app.sign_ins_active(),
  (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
  current_setting('max_connections')::int, pg_database_size(current_database())
"""


def gauges():
    """Name, help and values of each; what cannot be known now is left out."""
    labels = f'build="{build()}",python="{platform.python_version()}"'
    labels += f',django="{django.__version__}"'
    yield "info", "What runs here.", {labels: 1}
    free = shutil.disk_usage(settings.BASE).free
    yield "disk_free_bytes", "Where the program lies.", {"": free}
    length = queue.waiting()
    yield "queue_up", "Whether Redis answers.", {"": length is not None}
    if length is not None:
        yield "queue_length", "Tasks that no worker has taken yet.", {"": length}
    try:
        found = [*from_the_database()]
    except Error:
        connection.close()
        yield "database_up", "Whether PostgreSQL answers.", {"": 0}
        return
    yield "database_up", "Whether PostgreSQL answers.", {"": 1}
    yield from found


def from_the_database():
    now = pulse()
    yield "database_answer_seconds", "How long one query took.", {"": now.seconds}
    age = now.age(now.tick)
    if age is not None:
        yield "tick_age_seconds", "Since the worker last ticked.", {"": age}
    oldest = now.age(now.oldest_unsent) or 0
    yield "oldest_unsent_seconds", "How long the latest email is late.", {"": oldest}
    [(refused,)] = rows("SELECT app.refused_by_relay()")
    yield (
        "refused_by_relay",
        "Emails that our mail server does not pass on.",
        {"": refused},
    )
    yield "halted", "Whether emails are held after a restore.", {"": now.halted}
    emails = {f'state="{state}"': n for state, n in rows(EMAILS)}
    yield "emails", "Emails in the outbox, by state.", emails
    [(signed_in, used, most, size)] = rows(FROM_THE_DATABASE)
    yield "sign_ins_active", "Sign-ins that have not ended.", {"": signed_in}
    yield "database_connections", "Open connections to it.", {"": used}
    yield "database_connections_max", "How many it allows.", {"": most}
    yield "database_size_bytes", "What it takes on its disk.", {"": size}


EMAILS = """
SELECT s, coalesce(number, 0) FROM unnest(
  ARRAY['waiting', 'sending', 'sent', 'held', 'dropped', 'failed']) s
LEFT JOIN app.emails() l ON l.state = s ORDER BY 1
"""


def _gauge(gauge) -> str:
    name, words, values = gauge
    lines = [f"# HELP cairn_{name} {words}", f"# TYPE cairn_{name} gauge"]
    for labels, value in values.items():
        sample = f"cairn_{name}{{{labels}}}" if labels else f"cairn_{name}"
        lines.append(f"{sample} {_number(value)}")
    return "\n".join(lines) + "\n"


def _number(value) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(int(value))
