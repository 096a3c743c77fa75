"""A page that saves itself while it is typed: what it sends, and what it is answered.

Drafts of forms (clients/drafts.py) and the note of a session (notes/autosave_views.py)
use the same.  static/js/draft.js is the page's side: it says "Saved" only where the
answer's hash is that of what stands on it.
"""

from __future__ import annotations

import hashlib
import json

from django.http import JsonResponse
from django.utils import timezone

from ui import dates

PART = "\x1e"  # the record separator of ASCII stands between the parts of a text
NAMED = "\x1f"  # and the unit separator between a field's name and its text
# What a page sends besides what was typed.
WORKINGS = {"csrfmiddlewaretoken", "once", "revision", "seen", "act"}


def saved(typed: list[tuple[str, str]], revision: int) -> JsonResponse:
    """All of `typed` is kept, as `revision`; the time is that of the user's clock."""
    clock = dates.clock(timezone.localtime())
    return JsonResponse({"revision": revision, "sha256": proof(typed), "clock": clock})


def refused(why: str) -> JsonResponse:
    """It can't be kept as it is, too long for example; the page says why."""
    return JsonResponse({"reason": why}, status=422)


def typed_in(post) -> list[tuple[str, str]]:
    """What a page sent, field by field in its order; a line ends with LF alone.

    `post` is a QueryDict.  A field may come several times (checkboxes, lists).
    """
    return [
        (name, text.replace("\r\n", "\n").replace("\r", "\n"))
        for name, texts in post.lists()
        if name not in WORKINGS
        for text in texts
    ]


def proof(typed: list[tuple[str, str]]) -> str:
    """SHA-256 of what was typed, so that the page can check what "saved" means."""
    text = PART.join(NAMED.join(pair) for pair in typed)
    return hashlib.sha256(text.encode()).hexdigest()


def packed(typed: list[tuple[str, str]]) -> str:
    """The body of a draft: JSON of field name to its texts."""
    fields: dict[str, list[str]] = {}
    for name, text in typed:
        fields.setdefault(name, []).append(text)
    return json.dumps(fields, ensure_ascii=False)


def unpacked(body: str) -> dict[str, list[str]]:
    """The reverse of `packed`; nothing for a body that cannot be read."""
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def revision_of(said: str | None) -> int:
    """The revision that a page began with; 0 for none, and for nonsense."""
    return int(said) if said and said.isdecimal() and len(said) < 10 else 0
