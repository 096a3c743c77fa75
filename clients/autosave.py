"""Autosave protocol: what a page sends while someone types, and what it gets back.

Used by form drafts (clients/drafts.py) and the session note (notes/autosave_views.py).
static/js/draft.js is the client side: it shows "Saved" only if the hash in the response
matches the text on the page.
"""

from __future__ import annotations

import hashlib
import json

from django.http import JsonResponse
from django.utils import timezone

from ui import dates

PART = "\x1e"  # ASCII record separator, between the values of a field
NAMED = "\x1f"  # ASCII unit separator, between a field's name and its value
# Fields that a page sends besides the text.
WORKINGS = {"csrfmiddlewaretoken", "once", "revision", "seen", "act"}


def saved(typed: list[tuple[str, str]], revision: int) -> JsonResponse:
    """All of `typed` was saved as `revision`; the time uses the user's clock format."""
    clock = dates.clock(timezone.localtime())
    return JsonResponse({"revision": revision, "sha256": proof(typed), "clock": clock})


def refused(why: str) -> JsonResponse:
    """It cannot be saved, because it is too long for example; with the reason."""
    return JsonResponse({"reason": why}, status=422)


def typed_in(post) -> list[tuple[str, str]]:
    """The submitted fields in order, with line breaks as LF.

    `post` is a QueryDict. A field may have several values (checkboxes, lists).
    """
    return [
        (name, text.replace("\r\n", "\n").replace("\r", "\n"))
        for name, texts in post.lists()
        if name not in WORKINGS
        for text in texts
    ]


def proof(typed: list[tuple[str, str]]) -> str:
    """SHA-256 of the text, so that the page can verify what was saved."""
    text = PART.join(NAMED.join(pair) for pair in typed)
    return hashlib.sha256(text.encode()).hexdigest()


def packed(typed: list[tuple[str, str]]) -> str:
    """The body of a draft: JSON of field name to its values."""
    fields: dict[str, list[str]] = {}
    for name, text in typed:
        fields.setdefault(name, []).append(text)
    return json.dumps(fields, ensure_ascii=False)


def unpacked(body: str) -> dict[str, list[str]]:
    """The reverse of `packed`; empty for a body that cannot be parsed."""
    try:
        fields = json.loads(body)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def revision_of(said: str | None) -> int:
    """The revision that a page started from; 0 if missing or invalid."""
    return int(said) if said and said.isdecimal() and len(said) < 10 else 0
