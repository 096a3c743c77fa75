"""Logs without secrets and names: what is masked here is masked in every process."""

from __future__ import annotations

import logging
import re
import time

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
MASKS = [
    # The part after these is a one-use or secret link.
    (re.compile(r"(/(?:join|reset|feed|confirm-email)/)[^?\s\"']+"), r"\1***"),
    # So is any other long part of a path with a digit in it that is not a row's UUID.
    (
        re.compile(
            rf"/(?!{UUID}(?:[/?\s\"']|$))(?=[A-Za-z_:=-]*\d)[A-Za-z0-9_:=-]{{24,}}"
        ),
        "/***",
    ),
    (re.compile(r"(\s/[^\s?\"']*)\?[^\s\"']*"), r"\1"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "***@***"),
    # PostgreSQL repeats the row that broke a constraint.
    (re.compile(r"(?m)^(DETAIL:\s).*$"), r"\1***"),
]


# What somebody typed may not begin a line of its own.
ONE_LINE = {code: f"\\x{code:02x}" for code in (*range(32), 127, 0x85)} | {
    0x2028: "\\u2028", 0x2029: "\\u2029", 9: " "
}  # fmt: skip


def mask(text: str) -> str:
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


class MaskingFormatter(logging.Formatter):
    """Masks the finished line, hence arguments and tracebacks too; in UTC."""

    converter = time.gmtime
    default_msec_format = "%s.%03dZ"
    default_format = "%(asctime)s %(levelname)s %(name)s %(message)s"

    def __init__(self, fmt=None, *args, **kwargs):
        super().__init__(fmt or self.default_format, *args, **kwargs)

    def formatMessage(self, record):
        record.message = mask(record.message).translate(ONE_LINE)
        return super().formatMessage(record)

    def format(self, record):
        return mask(super().format(record))
