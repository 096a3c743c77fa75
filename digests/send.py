"""The one door out: claims what is due, asks the charter, sends, and keeps the result.

A letter is claimed and that is committed before the mail server hears of it.  No letter
is lost; a second copy is sent only where a process or connection dies between the
server's acceptance and our commit, and has the same Message-ID.
"""

from __future__ import annotations

import logging
import random
import select
import smtplib
import socket
import ssl
import time
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.models import UUIDField
from django.utils import timezone

from accounts.models import Message, User
from database.identity import acting_as
from database.prepared import PreparedSQL, prepared
from digests import crash, letters, may_send, refusals, restore_hold

logger = logging.getLogger(__name__)
State = Message.State
BATCH = 20
BUDGET = 45  # seconds; a tick leaves the rest to the next
SILENT = 2  # seconds until the mail server is asked whether it is still there
LEASE = 120  # seconds; longer than the slowest mail server that still answers
MARK_FOR = 150  # seconds, while the database is away
FIRST_WAIT, LONGEST_WAIT = 30, 3600  # seconds until a letter is tried again

# Leases run by the database's clock: a worker whose own is wrong steals nothing.
# By the moment alone, as the index stands: a whole practice's week is due at one.
CLAIM = """
UPDATE accounts_message SET state = 'sending', claim = %(claim)s,
  lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
  message_id = CASE message_id WHEN '' THEN '<' || id || '@' || %(host)s || '>'
    ELSE message_id END
WHERE id IN (
  SELECT id FROM accounts_message
  WHERE due_at <= %(now)s AND not_after > %(now)s AND (state = 'waiting'
    OR (state = 'sending' AND lease_until < clock_timestamp()))
  ORDER BY due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
# The claim was committed for good, and its lease is longer than a batch takes: should
# the server's power fail now, the letter is ours still.
RENEW = PreparedSQL("""
UPDATE accounts_message SET attempts = attempts + 1,
  lease_until = clock_timestamp() + make_interval(secs => $1)
WHERE id = $2 AND claim = $3 AND state = 'sending'
RETURNING attempts, set_config('synchronous_commit', 'off', true)
""")
MARK = """
UPDATE accounts_message SET state = %(state)s, reason = %(reason)s, claim = NULL,
  lease_until = NULL, sent_at = %(sent_at)s, due_at = coalesce(%(due_at)s, due_at)
WHERE id = %(id)s AND (claim = %(claim)s OR (%(state)s = 'sent' AND state <> 'sent'))
"""
PUT_BACK = """
UPDATE accounts_message SET state = 'waiting', claim = NULL, lease_until = NULL
WHERE claim = %s AND id = ANY(%s::uuid[]) AND state = 'sending'
"""
TOO_LATE = """
UPDATE accounts_message SET state = 'dropped', reason = 'too late', claim = NULL,
  lease_until = NULL
WHERE not_after <= %s AND (state = 'waiting'
  OR (state = 'sending' AND lease_until < clock_timestamp()))
"""


class NoServer(Exception):
    """The mail server cannot be reached, or does not want us: no letter's fault."""


def send_due(*, budget: float = BUDGET) -> Counter:
    """Send what is due now, oldest first; how many letters ended in which state."""
    told: Counter = Counter()
    if restore_hold.stands():
        logger.warning("a halt stands, nothing is sent: manage.py lift_halt ends it")
        return told
    until = time.monotonic() + budget
    told["dropped"] += _execute(TOO_LATE, [timezone.now()])
    with Door() as door:
        while time.monotonic() < until:
            claim = uuid4()
            batch = claim_due(claim, timezone.now())
            crash.here("after_claim")
            if not batch or not _send_batch(batch, door, told, until):
                break
    told = +told
    if told:
        logger.info("letters: %s", ", ".join(f"{told[k]} {k}" for k in sorted(told)))
    return told


def claim_due(claim: UUID, now: datetime, size: int = BATCH) -> list[Message]:
    """Make up to `size` due letters ours alone; committed when this returns."""
    values = {
        "claim": str(claim),
        "lease": LEASE,
        "host": letters.mail_host(),
        "now": now,
        "size": size,
    }
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            ids = [pk for (pk,) in cursor.fetchall()]
        return list(Message.objects.filter(pk__in=ids).order_by("due_at", "pk"))


def _send_batch(batch, door, told, until) -> bool:
    """False where there is no use in going on now; the rest is put back."""
    for index, letter in enumerate(batch):
        if time.monotonic() >= until:
            return _put_back(batch[index:])
        try:
            told[deliver(letter, door)] += 1
        except NoServer:
            return _put_back(batch[index + 1 :])
    return True


def _put_back(rest: list[Message]) -> bool:
    if rest:
        _persistently(PUT_BACK, [str(rest[0].claim), [str(one.pk) for one in rest]])
    return False


def deliver(letter: Message, door: Door) -> str:
    """Send one claimed letter, or say why not; the state it is in now."""
    try:
        mail = write(letter, timezone.now())
    except may_send.Stopped as stopped:
        return mark(letter, stopped.state, stopped.reason, due_at=stopped.until)
    except Exception:
        logger.exception("letter %s cannot be written", letter.pk)
        return again(letter, "cannot be written")
    crash.here("after_render")
    if not _renew(letter):
        return "taken over"
    crash.here("after_fence")
    try:
        door.send(mail)
    except NoServer:
        again(letter, "no mail server")
        raise
    except smtplib.SMTPRecipientsRefused as refusal:
        [(code, said)] = refusal.recipients.values()
        return _refused(letter, code, said)
    except smtplib.SMTPDataError as refusal:
        return _refused(letter, refusal.smtp_code, refusal.smtp_error)
    except OSError as error:  # every other smtplib error is one
        return again(letter, f"mail server: {type(error).__name__}"[:40])
    except Exception:
        logger.exception("letter %s cannot be sent", letter.pk)
        return again(letter, "cannot be sent")
    crash.here("after_smtp")
    return mark(letter, State.SENT, sent_at=timezone.now())


def write(letter: Message, now: datetime) -> EmailMultiAlternatives:
    """Ask and write as the recipient, in a transaction of their own."""
    with acting_as(letter.recipient_id), transaction.atomic():
        [person] = _recipient(who=letter.recipient_id)
        about = may_send.may_go(letter, person, now)
        return letters.compose(letter, person, about)


@prepared(who=UUIDField())
def _recipient(who):
    return User.objects.select_related("practice").filter(pk=who)


# -- what became of it -----------------------------------------------------------------


def _refused(letter: Message, code: int, said: bytes | str) -> str:
    refusal = refusals.read(code, said)
    if refusal.is_final:
        return mark(letter, State.FAILED, refusal.reason)
    if refusal.reason.startswith("relay"):
        logger.error("the mail server does not pass on our email (%s)", refusal.reason)
    return again(letter, refusal.reason)


def again(letter: Message, reason: str) -> str:
    """Later, each time about twice as much later."""
    wait = min(FIRST_WAIT * 2 ** min(letter.attempts, 10), LONGEST_WAIT)
    wait *= random.uniform(0.75, 1.25)  # so that not everything comes back at once
    due_at = timezone.now() + timedelta(seconds=wait)
    return mark(letter, State.WAITING, reason, due_at=due_at)


def mark(
    letter: Message,
    state: str,
    reason: str = "",
    *,
    due_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> str:
    values = {
        "id": str(letter.pk),
        "claim": str(letter.claim),
        "state": str(state),
        "reason": reason,
        "due_at": due_at,
        "sent_at": sent_at,
    }
    _persistently(MARK, values)
    crash.here("after_mark")
    return str(state)


def _renew(letter: Message) -> bool:
    """Still ours?  Asked right before sending: a worker may have slept meanwhile."""
    with transaction.atomic(durable=True):
        return bool(RENEW.rows(LEASE, letter.pk, letter.claim))


def _persistently(sql: str, values) -> None:
    """What is known only here is written down, however long the database is away."""
    until = time.monotonic() + MARK_FOR
    pause = 0.1
    while True:
        try:
            _execute(sql, values, crash_at="in_mark")
            return
        except (DatabaseError, InterfaceError):
            if time.monotonic() > until or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(pause)
            pause = min(2 * pause, 2)


def _execute(sql: str, values, crash_at: str = "") -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(sql, values)
        if crash_at:
            crash.here(crash_at)
        return cursor.rowcount


def _is_quiet(line: socket.socket | None) -> bool:
    """Whether a line just used says nothing unasked: no good-bye, no hanging up.

    Of an encrypted one that cannot be told, so it is asked.
    """
    if line is None or line.fileno() < 0 or isinstance(line, ssl.SSLSocket):
        return False
    readable, _, _ = select.select([line], [], [], 0)
    return not readable


class Door:
    """One connection to the mail server, kept open for a batch of single letters."""

    def __init__(self):
        self.backend, self.spoke_at = None, 0.0

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def send(self, mail: EmailMultiAlternatives) -> None:
        if len(mail.recipients()) != 1 or mail.cc or mail.bcc or len(mail.to) != 1:
            raise RuntimeError("a letter has exactly one recipient")
        self._open()
        try:
            self.backend.send_messages([mail])
        except Exception:
            self.close()
            raise
        self.spoke_at = time.monotonic()

    def _open(self) -> None:
        if self.backend and self._answers():
            return
        self.close()
        self.backend = get_connection()  # every step within EMAIL_TIMEOUT
        try:
            self.backend.open()
        except OSError as error:
            self.close()
            raise NoServer(type(error).__name__) from error

    def _answers(self) -> bool:
        """A server hangs up on who is silent for long."""
        smtp = getattr(self.backend, "connection", None)
        if smtp is None:
            return True  # a backend that keeps no connection
        if time.monotonic() - self.spoke_at < SILENT and _is_quiet(smtp.sock):
            return True
        try:
            return smtp.noop()[0] == 250
        except OSError:
            return False

    def close(self) -> None:
        if self.backend:
            try:
                self.backend.close()
            except OSError:
                logger.debug("the mail server was gone already")
        self.backend = None
