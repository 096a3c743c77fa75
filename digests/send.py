"""The only sender: claims due emails, checks may_send, sends, saves the result.

A claim is committed before the mail server is contacted. No email is lost; a second
copy is sent only if a process or connection dies between the server's acceptance and
our commit, and it has the same Message-ID.
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

from accounts.models import OutgoingEmail, User
from database.identity import acting_as
from database.prepared import PreparedSQL, prepared
from digests import crash, emails, may_send, refusals, restore_hold

logger = logging.getLogger(__name__)
State = OutgoingEmail.State
BATCH = 20
BUDGET = 45  # seconds; the next run continues
SILENT = 2  # seconds of idle time after which the connection is checked
LEASE = 120  # seconds; longer than the slowest response of a mail server
MARK_FOR = 150  # seconds, while the database is unreachable
FIRST_WAIT, LONGEST_WAIT = 30, 3600  # seconds until a retry

# Leases use the database clock, so a worker with a wrong clock steals nothing. Sorted
# by time only, as the index is: a whole practice's week is due at the same time.
CLAIM = """
UPDATE accounts_outgoingemail SET state = 'sending', claim = %(claim)s,
  lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
  message_id = CASE message_id WHEN '' THEN '<' || id || '@' || %(host)s || '>'
    ELSE message_id END
WHERE id IN (
  SELECT id FROM accounts_outgoingemail
  WHERE due_at <= %(now)s AND not_after > %(now)s AND (state = 'waiting'
    OR (state = 'sending' AND lease_until < clock_timestamp()))
  ORDER BY due_at LIMIT %(size)s FOR UPDATE SKIP LOCKED)
RETURNING id
"""
# The claim is durably committed, and its lease is longer than a batch takes: it
# survives a power failure.
RENEW = PreparedSQL("""
UPDATE accounts_outgoingemail SET attempts = attempts + 1,
  lease_until = clock_timestamp() + make_interval(secs => $1)
WHERE id = $2 AND claim = $3 AND state = 'sending'
RETURNING attempts, set_config('synchronous_commit', 'off', true)
""")
MARK = """
UPDATE accounts_outgoingemail SET state = %(state)s, reason = %(reason)s, claim = NULL,
  lease_until = NULL, sent_at = %(sent_at)s, due_at = coalesce(%(due_at)s, due_at)
WHERE id = %(id)s AND (claim = %(claim)s OR (%(state)s = 'sent' AND state <> 'sent'))
"""
PUT_BACK = """
UPDATE accounts_outgoingemail SET state = 'waiting', claim = NULL, lease_until = NULL
WHERE claim = %s AND id = ANY(%s::uuid[]) AND state = 'sending'
"""
TOO_LATE = """
UPDATE accounts_outgoingemail SET state = 'dropped', reason = 'too late', claim = NULL,
  lease_until = NULL
WHERE not_after <= %s AND (state = 'waiting'
  OR (state = 'sending' AND lease_until < clock_timestamp()))
"""


class NoServer(Exception):
    """The mail server is unreachable or rejects us: no email's fault."""


def send_due(*, budget: float = BUDGET) -> Counter:
    """Send what is due, oldest first; return counts by final status."""
    told: Counter = Counter()
    if restore_hold.stands():
        logger.warning("sending is halted: run manage.py lift_halt to resume")
        return told
    until = time.monotonic() + budget
    told["dropped"] += _execute(TOO_LATE, [timezone.now()])
    with MailConnection() as mail_server:
        while time.monotonic() < until:
            claim = uuid4()
            batch = claim_due(claim, timezone.now())
            crash.here("after_claim")
            if not batch or not _send_batch(batch, mail_server, told, until):
                break
    told = +told
    if told:
        logger.info("emails: %s", ", ".join(f"{told[k]} {k}" for k in sorted(told)))
    return told


def claim_due(claim: UUID, now: datetime, size: int = BATCH) -> list[OutgoingEmail]:
    """Claim up to `size` due emails; committed on return."""
    values = {
        "claim": str(claim),
        "lease": LEASE,
        "host": emails.mail_host(),
        "now": now,
        "size": size,
    }
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            ids = [pk for (pk,) in cursor.fetchall()]
        return list(OutgoingEmail.objects.filter(pk__in=ids).order_by("due_at", "pk"))


def _send_batch(batch, mail_server, told, until) -> bool:
    """False if continuing is pointless; the rest is released."""
    for index, email in enumerate(batch):
        if time.monotonic() >= until:
            return _put_back(batch[index:])
        try:
            told[deliver(email, mail_server)] += 1
        except NoServer:
            return _put_back(batch[index + 1 :])
    return True


def _put_back(rest: list[OutgoingEmail]) -> bool:
    if rest:
        _persistently(PUT_BACK, [str(rest[0].claim), [str(one.pk) for one in rest]])
    return False


def deliver(email: OutgoingEmail, mail_server: MailConnection) -> str:
    """Send one claimed email or give the reason not to; return its status."""
    try:
        mail = write(email, timezone.now())
    except may_send.Stopped as stopped:
        return mark(email, stopped.state, stopped.reason, due_at=stopped.until)
    except Exception:
        logger.exception("email %s cannot be written", email.pk)
        return again(email, "cannot be written")
    crash.here("after_render")
    if not _renew(email):
        return "taken over"
    crash.here("after_fence")
    try:
        mail_server.send(mail)
    except NoServer:
        again(email, "no mail server")
        raise
    except smtplib.SMTPRecipientsRefused as refusal:
        [(code, said)] = refusal.recipients.values()
        return _refused(email, code, said)
    except smtplib.SMTPDataError as refusal:
        return _refused(email, refusal.smtp_code, refusal.smtp_error)
    except OSError as error:  # every other smtplib error is an OSError
        return again(email, f"mail server: {type(error).__name__}"[:40])
    except Exception:
        logger.exception("email %s cannot be sent", email.pk)
        return again(email, "cannot be sent")
    crash.here("after_smtp")
    return mark(email, State.SENT, sent_at=timezone.now())


def write(email: OutgoingEmail, now: datetime) -> EmailMultiAlternatives:
    """Check and render as the recipient, in its own transaction."""
    with acting_as(email.recipient_id), transaction.atomic():
        [person] = _recipient(who=email.recipient_id)
        about = may_send.may_go(email, person, now)
        return emails.compose(email, person, about)


@prepared(who=UUIDField())
def _recipient(who):
    return User.objects.select_related("practice").filter(pk=who)


# -- results ---------------------------------------------------------------------------


def _refused(email: OutgoingEmail, code: int, said: bytes | str) -> str:
    refusal = refusals.read(code, said)
    if refusal.is_final:
        return mark(email, State.FAILED, refusal.reason)
    if refusal.reason.startswith("relay"):
        logger.error("the mail server does not pass on our email (%s)", refusal.reason)
    return again(email, refusal.reason)


def again(email: OutgoingEmail, reason: str) -> str:
    """Retry later, doubling the wait each time."""
    wait = min(FIRST_WAIT * 2 ** min(email.attempts, 10), LONGEST_WAIT)
    wait *= random.uniform(0.75, 1.25)  # jitter
    due_at = timezone.now() + timedelta(seconds=wait)
    return mark(email, State.WAITING, reason, due_at=due_at)


def mark(
    email: OutgoingEmail,
    state: str,
    reason: str = "",
    *,
    due_at: datetime | None = None,
    sent_at: datetime | None = None,
) -> str:
    values = {
        "id": str(email.pk),
        "claim": str(email.claim),
        "state": str(state),
        "reason": reason,
        "due_at": due_at,
        "sent_at": sent_at,
    }
    _persistently(MARK, values)
    crash.here("after_mark")
    return str(state)


def _renew(email: OutgoingEmail) -> bool:
    """Whether the lease is still ours; checked right before sending, since a worker may
    be suspended."""
    with transaction.atomic(durable=True):
        return bool(RENEW.rows(LEASE, email.pk, email.claim))


def _persistently(sql: str, values) -> None:
    """Save a result that is known only here, however long the database is away."""
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
    """Whether an idle connection has no unsolicited data: no goodbye, no hang-up.

    With TLS this cannot be told, so the server is asked.
    """
    if line is None or line.fileno() < 0 or isinstance(line, ssl.SSLSocket):
        return False
    readable, _, _ = select.select([line], [], [], 0)
    return not readable


class MailConnection:
    """One mail server connection for a batch of single emails."""

    def __init__(self):
        self.backend, self.spoke_at = None, 0.0

    def __enter__(self) -> MailConnection:
        return self

    def __exit__(self, *error) -> None:
        self.close()

    def send(self, mail: EmailMultiAlternatives) -> None:
        if len(mail.recipients()) != 1 or mail.cc or mail.bcc or len(mail.to) != 1:
            raise RuntimeError("an email has exactly one recipient")
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
        """Servers hang up on idle clients."""
        smtp = getattr(self.backend, "connection", None)
        if smtp is None:
            return True  # a backend without a persistent connection
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
