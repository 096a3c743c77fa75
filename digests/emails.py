"""Render an email when it is sent: in its reader's language and time zone, and
discreet.

The text of each kind is in its module of `digests/kinds/` and two templates.

No name, no hint of what this site is for, no secret except one-use links, and nothing
that a mail program would load.
"""

from __future__ import annotations

from email.errors import MessageError
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.template.loader import render_to_string

from accounts.models import OutgoingEmail, User
from digests import kinds
from digests.kinds.base import moment


def compose(email: OutgoingEmail, person: User, about) -> EmailMultiAlternatives:
    """The complete message. Runs as `person`, the only recipient."""
    kind = kinds.BY_NAME[email.kind].said_as(email, person)
    with person.reading():
        words = {
            "link": _site(kind.link(email, person, about)),
            "home": _site("/"),
            "then": moment(email.created_at),
            **kind.words(email, person, about),
        }
        words["subject"] = str(kind.subject) % words
        text = render_to_string(f"emails/{kind.name}.txt", words)
        html = render_to_string(f"emails/{kind.name}.html", words)
    mail = EmailMultiAlternatives(
        subject=words["subject"],
        body=text,
        from_email=sender(person),
        to=[email.address or person.email],
        headers={
            "Message-ID": email.message_id,
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(html, "text/html")
    validate_email(mail.to[0])  # exactly one address
    mail.message()  # reject a line break in a header now, not at the server
    return mail


def sender(person: User) -> str:
    """The deployment's address, with the sender name that the practice chose.

    A name that is invalid in a header stops no email: the default is used.
    """
    usual, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    chosen = person.practice.sender_name
    return formataddr((chosen if _fits_a_header(chosen) else usual, address))


def _fits_a_header(name: str) -> bool:
    """Whether Django writes and reads the name unchanged in a header.

    Nothing in it may look like an encoded word (RFC 2047): Django and mail programs
    would decode it, and the result may contain a line break.
    """
    if not name.strip() or "=?" in name:
        return False
    try:
        sanitize_address(formataddr((name, "name@example.org")), "utf-8")
    except (ValueError, MessageError):
        return False
    return True


def mail_host() -> str:
    """The domain of a Message-ID."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
