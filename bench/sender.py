"""A worker that plans or sends on command and reports the cost.

python -m bench.sender plan|send|bare

Says "ready", then answers each line on standard input, a number of seconds, with one
of JSON.  A process of its own: its memory is looked at, and it is killed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import django


def memory(what: str) -> float:
    """VmRSS, or VmHWM, the most that it ever was; in MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{what}:")]
    return int(line.split()[1]) / 1024


def plan(_seconds: float) -> dict:
    """Tick by tick until there is nothing more to plan."""
    from django.db import connection

    from digests import plan

    statements = 0

    def counted(execute, *arguments):
        nonlocal statements
        statements += 1
        return execute(*arguments)

    before, ticks, emails = memory("VmRSS"), [], [1]
    with connection.execute_wrapper(counted):
        while emails[-1]:
            began = time.monotonic()
            emails.append(plan.plan())
            ticks.append(time.monotonic() - began)
    return {
        "emails": sum(emails[1:]), "statements": statements, "ticks": ticks,
        "grown": memory("VmHWM") - before,
    }  # fmt: skip


def send(seconds: float) -> dict:
    from digests import send

    return {"sent": send.send_due(budget=seconds)["sent"]}


def bare(seconds: float) -> dict:
    """What any Django program pays: the same words in the same two templates, and one
    connection to the mail server that stays open."""
    from django.core.mail import EmailMultiAlternatives, get_connection
    from django.template.loader import render_to_string

    sent, until = 0, time.monotonic() + seconds
    with get_connection() as door:
        while time.monotonic() < until:
            words = {"link": f"http://localhost/portal/digest/{sent}/"}
            words |= {"home": "http://localhost/", "subject": "Your week is ready"}
            mail = EmailMultiAlternatives(
                words["subject"],
                render_to_string("emails/client-digest.txt", words),
                to=[f"c{sent}@emails.test"],
                connection=door,
            )
            html = render_to_string("emails/client-digest.html", words)
            mail.attach_alternative(html, "text/html")
            sent += mail.send()
    return {"sent": sent}


def main(work) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "therapy.settings"
    django.setup()
    from django.db import connection

    connection.ensure_connection()
    print("ready", flush=True)
    for line in sys.stdin:
        began = time.monotonic()
        found = work(float(line))
        found["seconds"] = time.monotonic() - began
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main({"plan": plan, "send": send, "bare": bare}[sys.argv[1]])
