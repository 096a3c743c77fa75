"""The demo's test mailbox: accepts every email, delivers none, shows them on a page.

python -m ops.mail FOLDER SMTP_PORT WEB_PORT

In tests: `with Sink(tmp_path) as sink:` on free ports, then sink.messages.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import mailbox
import re
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

from aiosmtpd.controller import Controller

from ops import mail_page
from ops.place import free_port

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Mail:
    id: str
    to: str
    received: datetime
    raw: bytes
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"] or "").strip()

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        try:
            return part.get_content() if part else ""
        except (LookupError, ValueError):  # an unknown character set
            return part.get_payload(decode=True).decode("utf-8", "replace")

    def as_json(self) -> dict:
        names = ("id", "to", "subject", "text", "html", "message_id")
        return {
            "date": self.received.isoformat(),
            **{name: getattr(self, name) for name in names},
        }


class Box:
    """A Maildir, one file per email and recipient, so emails survive a restart."""

    def __init__(self, folder: Path):
        Path(folder).parent.mkdir(parents=True, exist_ok=True)
        self.folder = mailbox.Maildir(folder, create=True)
        self.lock = threading.Lock()

    def add(self, to: str, content: bytes) -> None:
        head = f"Delivered-To: {to}\r\nX-Received: {format_datetime(datetime.now(UTC))}"
        with self.lock:
            self.folder.add(head.encode() + b"\r\n" + content)

    def all(self) -> list[Mail]:
        """Oldest first."""
        with self.lock:
            keys = sorted(self.folder.keys(), key=self._age)
            return [self._mail(key) for key in keys]

    def get(self, key: str) -> Mail | None:
        with self.lock:
            return self._mail(key) if key in self.folder else None

    def empty(self) -> None:
        with self.lock:
            self.folder.clear()

    def _mail(self, key: str) -> Mail:
        raw = self.folder.get_bytes(key)
        message = email.message_from_bytes(raw, policy=email.policy.default)
        seconds, microseconds, _ = self._age(key)
        received = datetime.fromtimestamp(seconds, UTC).replace(
            microsecond=microseconds
        )
        return Mail(key, str(message["Delivered-To"]), received, raw, message)

    @staticmethod
    def _age(key: str) -> tuple[int, ...]:
        """Maildir names a file SECONDS.M<microseconds>P<pid>Q<count>.<host>."""
        found = re.match(r"(\d+)\.M(\d+)P\d+Q(\d+)", key)
        return tuple(map(int, found.groups())) if found else (0, 0, 0)


class Sink:
    """An SMTP server and its page, in threads.

    Faults for tests: `answer` ("451 try later") is returned instead of accepting the
    email, `at_recipient` as the answer to RCPT; `delay_after_data` accepts the email
    and delays the answer by so many seconds.
    """

    def __init__(self, folder, smtp_port: int = 0, web_port: int = 0):
        self.box = Box(Path(folder))
        self.smtp_port = smtp_port or free_port(0)
        self.web_port = web_port or free_port(0)
        self.answer: str | None = None
        self.at_recipient: str | None = None
        self.delay_after_data = 0.0

    @property
    def url(self) -> str:
        """For EMAIL_URL."""
        return f"smtp://{HOST}:{self.smtp_port}"

    @property
    def page(self) -> str:
        return f"http://localhost:{self.web_port}"

    @property
    def messages(self) -> list[Mail]:
        return self.box.all()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.at_recipient:
            return self.at_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer:
            return self.answer
        for to in envelope.rcpt_tos:
            self.box.add(to, envelope.content)
        await asyncio.sleep(self.delay_after_data)
        return "250 Message accepted for delivery"

    def start(self) -> Sink:
        self.smtp = Controller(self, hostname=HOST, port=self.smtp_port)
        self.smtp.start()
        self.web = mail_page.serve(self.box, HOST, self.web_port)
        return self

    def stop(self) -> None:
        self.web.shutdown()
        self.web.server_close()
        self.smtp.stop()

    def __enter__(self) -> Sink:
        return self.start()

    def __exit__(self, *error) -> None:
        self.stop()


def main(folder: str, smtp_port: str, web_port: str) -> None:
    stopping = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stopping)
    with Sink(folder, int(smtp_port), int(web_port)):
        signal.sigwait(stopping)


if __name__ == "__main__":
    main(*sys.argv[1:4])
