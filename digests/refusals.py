"""Whether a mail server's rejection is the address's fault or ours.

By the enhanced status code (RFC 3463, RFC 7505) if there is one, else by the reply code
and text. In doubt it is ours: the email waits and the operator is notified, since a
wrong address has to be asked for again.
"""

from __future__ import annotations

import re
from typing import NamedTuple

ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
# No such mailbox or domain, mailbox closed or full. Not 5.1.7 and 5.1.8, which are
# about the sender.
MAILBOX_SUBJECTS = {"1", "2"}
SENDER = {("1", "7"), ("1", "8")}
# Exchange answers this for an unknown recipient, others for an unknown domain.
UNKNOWN_THERE = {("4", "1"), ("4", "4")}
# Without an enhanced code: mailbox unavailable, not local, full, invalid name, or a
# host that accepts no mail.
MAILBOX_CODES = {550, 551, 552, 553, 521, 556}
# Texts of servers that reject the sender.
ABOUT_US = re.compile(
    r"relay|polic|spam|block|black|denylist|reputation|authenticat|spf|dkim|dmarc"
    r"|not permitted|not allowed to send|sender|too many|rate|quota exceeded for sen",
    re.I,
)


class Refusal(NamedTuple):
    is_final: bool  # the address's fault: do not retry
    reason: str  # stored in the email's reason; codes only, since the text is not ours


def read(code: int, said: bytes | str) -> Refusal:
    """Classify a reply to RCPT or to the data."""
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
