"""Whose fault it is that a mail server refuses an email: the address's, or ours.

By the enhanced status code (RFC 3463, RFC 7505) where the server gives one, else by the
reply code and what it says.  In doubt it is ours: the email waits and the operator is
told, since an address that is called wrong is asked for again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
# No such mailbox or domain, a mailbox that is closed or full.  Not 5.1.7 and 5.1.8,
# which are about the sender.
MAILBOX_SUBJECTS = {"1", "2"}
SENDER = {("1", "7"), ("1", "8")}
# Exchange answers so for an unknown person, and others for an unknown domain.
UNKNOWN_THERE = {("4", "1"), ("4", "4")}
# Without an enhanced code: mailbox unavailable, not local, full, its name not allowed,
# a host that takes no mail.
MAILBOX_CODES = {550, 551, 552, 553, 521, 556}
# What servers say when they mean us.
ABOUT_US = re.compile(
    r"relay|polic|spam|block|black|denylist|reputation|authenticat|spf|dkim|dmarc"
    r"|not permitted|not allowed to send|sender|too many|rate|quota exceeded for sen",
    re.I,
)


class Refusal(NamedTuple):
    is_final: bool  # the address's own fault: asking again is of no use
    reason: str  # as Message.reason keeps it; codes alone, since the rest is theirs


def read(code: int, said: bytes | str) -> Refusal:
    """What a reply at RCPT or after the data means."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    found = ENHANCED.match(text)
    codes = " ".join([str(code), *([found[0].strip()] if found else [])])
    if code < 500:
        return Refusal(False, f"put off: {codes}")
    if _is_of_address(code, found, text):
        return Refusal(True, f"refused: {codes}")
    return Refusal(False, f"relay: {codes}")


def _is_of_address(code: int, found: re.Match | None, text: str) -> bool:
    if found:
        detail = (found[2], found[3])
        if detail in SENDER:
            return False
        return found[2] in MAILBOX_SUBJECTS or detail in UNKNOWN_THERE
    return code in MAILBOX_CODES and not ABOUT_US.search(text)
