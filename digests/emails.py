"""Writes an email when it goes: in its reader's language and zone, and discreet.

What each kind says stands in its module of `digests/kinds/` and its two templates.

No name, no word about what this place is for, no secret but the one-use links, and
nothing that a mail program would fetch.
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
    """The finished mail.  Runs as `person`, who alone is its recipient."""
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
    mail.message()  # a line break in a header is refused now, not at the server
    return mail


def sender(person: User) -> str:
    """The deployment's address under the name that the person's practice chose.

    A name that cannot stand in a header stops no email: the deployment's own is used.
    """
    usual, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    chosen = person.practice.sender_name
    return formataddr((chosen if _fits_a_header(chosen) else usual, address))


def _fits_a_header(name: str) -> bool:
    """Whether the name arrives as it is, once Django has written and read it.

    Nothing in it may be taken for an encoded word (RFC 2047): Django and mail programs
    would decode that, and the result may hold a line break.
    """
    if not name.strip() or "=?" in name:
        return False
    try:
        sanitize_address(formataddr((name, "name@example.org")), "utf-8")
    except (ValueError, MessageError):
        return False
    return True


def mail_host() -> str:
    """What stands behind the @ of a Message-ID."""
    return urlsplit(settings.SITE_URL).hostname or "localhost"


def _site(path: str) -> str:
    return f"{settings.SITE_URL}{path}"
