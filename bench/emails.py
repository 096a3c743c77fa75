"""The weekly emails of many practices: planned, the planner killed, and sent.

In a database of its own, which is made anew each time, since emails are due by the
clock.  Sending is compared, in turns, with a loop that only renders and sends.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from smtplib import SMTP

import django

from bench.measure import commit, machine
from bench.world import OWNER, World
from ops import place
from ops.place import BASE, VAR

WORKER = "cairn_worker"
STATEMENTS = 0.05  # a recipient, at most
TICK = 270  # seconds, after which a tick is ended
SINKS = ((10, 0.80), (0, 0.50))  # milliseconds an email; our share of the bare loop
WINDOW, WARM = 5.0, 1.0  # seconds
EMPTY = "TRUNCATE digests_digest, accounts_outgoingemail"
KEPT = "SELECT count(*) FROM accounts_outgoingemail"
# For each kind and week, how many emails, to how many people who should get it, and
# how many of these lead to their own page.
WEEKLY = {"therapist-digest", "client-digest"}
PLANNED = """
SELECT m.kind, m.period, count(*), count(DISTINCT m.recipient_id) FILTER
    (WHERE u.is_therapist = (m.kind = 'therapist-digest')), count(d.id)
FROM accounts_outgoingemail m JOIN accounts_user u ON u.id = m.recipient_id
LEFT JOIN digests_digest d ON d.id = m.about AND d.recipient_id = m.recipient_id
  AND d.period = m.period
GROUP BY 1, 2 ORDER BY 1, 2
"""
# One kind of email is compared with the bare loop: the clients'.
ONLY_CLIENTS = """
UPDATE accounts_outgoingemail SET state = 'held' WHERE kind <> 'client-digest'
"""


class Emails(World):
    """Runs workers only, no web server."""

    def __init__(self, therapists: int, recipients: int):
        super().__init__(recipients)
        self.therapists = therapists

    def open(self) -> None:
        self.env["DATABASE_URL"] = self.cluster.url(WORKER)

    def prepare(self) -> None:
        self.run("-m", "ops.prepare", DATABASE_URL=self.cluster.url(OWNER))
        os.environ.update(self.env)
        django.setup()
        from bench.recipients import everybody

        for statement in everybody(self.therapists, self.clients):
            self.as_superuser("SET session_replication_role = replica; " + statement)
        self.as_superuser("VACUUM ANALYZE")

    def spawn(self, *command: str, **env: str) -> subprocess.Popen:
        with place.open_log(VAR / "log" / "emails.log") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=BASE, env=self.env | env,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
                preexec_fn=place.die_with_parent(),
            )  # fmt: skip
        self.servers.append(process)
        return process

    def sender(self, work: str, **env: str) -> Sender:
        return Sender(self.spawn("bench.sender", work, **env))

    @contextmanager
    def sink(self, milliseconds: int):
        port = place.free_port(2600)
        process = self.spawn("bench.sink", str(port), str(milliseconds))
        place.wait_until(lambda: taken(port) is not None, 20, "the sink", process)
        yield port
        place.end(process)


class Sender:
    def __init__(self, process: subprocess.Popen):
        self.process = process
        assert self.said() == "ready", "see log/emails.log"

    def said(self) -> str:
        return self.process.stdout.readline().strip()

    def begin(self, seconds: float = 0) -> None:
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def done(self) -> dict:
        return json.loads(self.said())

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


# -- planned --------------------------------------------------------------------------


def plan_all(world: Emails) -> None:
    sender = world.sender("plan")
    sender.begin()
    took = sender.done()
    sender.kill()
    *ticks, idle = took["ticks"]
    each = took["statements"] / (world.therapists + world.clients)
    verdict = "ok" if each <= STATEMENTS and max(ticks) < TICK else "over"
    print(f"\n{took['emails']:,} emails planned in {sum(ticks):.1f} s, ", end="")
    print(f"{len(ticks)} ticks of at most {max(ticks):.1f} s; ", end="")
    print(f"a tick with nothing to plan: {idle:.1f} s")
    print(f"{took['statements']} statements, **{each:.4f}** of {STATEMENTS} ", end="")
    print(f"per recipient: {verdict}; memory grew by {took['grown']:.0f} MB at most")
    killed(world, sum(ticks) / 2, planned(world))


def planned(world: Emails) -> list:
    """The planned emails; fails unless there is exactly one for each recipient."""
    found = world.as_superuser(PLANNED)
    assert {kind for kind, *_rest in found} == WEEKLY, found
    for kind, _period, *counts in found:
        wanted = world.therapists if kind == "therapist-digest" else world.clients
        assert set(counts) == {wanted}, found
    return found


def killed(world: Emails, after: float, whole: list) -> None:
    world.as_superuser(EMPTY)
    sender = world.sender("plan")
    sender.begin()
    time.sleep(after)
    sender.kill()
    [(kept,)] = world.as_superuser(KEPT)
    sender = world.sender("plan")
    sender.begin()
    more = sender.done()["emails"]
    sender.kill()
    assert planned(world) == whole
    print(
        f"Killed after {after:.1f} s: {kept:,} emails were planned. Planning again "
        f"added {more:,}:",
    )
    print("one for each recipient, kind and week, none missing and none twice.")


# -- sent -----------------------------------------------------------------------------

HEAD = """
| sink | emails/s: bare loop | one process | of the loop | two loops | two processes \
| of two loops | |
|---|---|---|---|---|---|---|---|"""


def taken(port: int) -> int | None:
    """The number of emails that the sink received."""
    try:
        with SMTP("127.0.0.1", port, timeout=2) as line:
            return int(line.help())
    except OSError:
        return None


def rate_of(senders: list[Sender], seconds: float) -> float:
    """Emails a second of all processes together."""
    for sender in senders:
        sender.begin(seconds)
    answers = [sender.done() for sender in senders]
    if min(answer["seconds"] for answer in answers) < seconds:
        raise SystemExit("No emails are left to send. Use more --recipients.")
    return sum(answer["sent"] / answer["seconds"] for answer in answers)


def send_all(world: Emails, options) -> None:
    world.as_superuser(ONLY_CLIENTS)
    print(HEAD)
    for milliseconds, wanted in SINKS:
        with world.sink(milliseconds) as port, ExitStack() as after:
            env = {"EMAIL_URL": f"smtp://127.0.0.1:{port}"}
            there = [world.sender(work, **env) for work in ["bare", "send"] * 2]
            for sender in there:
                after.callback(sender.kill)
            loops, workers = there[::2], there[1::2]
            turns = (loops[:1], workers[:1], loops, workers)
            rate_of(loops, WARM), rate_of(workers, WARM)
            rounds = [
                [rate_of(senders, options.seconds * WINDOW) for senders in turns]
                for _round in range(options.rounds)
            ]
            show(milliseconds, wanted, rounds)


def show(milliseconds: int, wanted: float, rounds: list) -> None:
    bare, one, two_bare, two = map(statistics.median, zip(*rounds, strict=True))
    share = statistics.median(row[1] / row[0] for row in rounds)
    of_two = statistics.median(row[3] / row[2] for row in rounds)
    cells = [
        f"{milliseconds} ms a mail", f"{bare:.0f}", f"{one:.0f}",
        f"**{share:.0%}** of {wanted:.0%}", f"{two_bare:.0f}", f"{two:.0f}",
        f"{of_two:.0%}", "ok" if share >= wanted else "under",
    ]  # fmt: skip
    print(f"| {' | '.join(cells)} |", flush=True)


def run(options) -> None:
    began = time.monotonic()
    with Emails(options.therapists, options.recipients) as world:
        spent = time.monotonic() - began
        print(f"{world.therapists:,} therapists and {world.clients:,} clients", end="")
        print(f" (made in {spent:.0f} s); {machine()}; {commit()}")
        plan_all(world)
        send_all(world, options)
