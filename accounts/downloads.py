"""What is given out as a file, to be saved and never shown."""

from __future__ import annotations

from django.http import HttpResponse

CSV = "text/csv; charset=utf-8"


def download(content: str | bytes, name: str, content_type: str) -> HttpResponse:
    """Saved, never shown; accounts.middleware.PrivacyMiddleware locks what it is."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
