"""Responses that download a file."""

from __future__ import annotations

from django.http import HttpResponse

CSV = "text/csv; charset=utf-8"


def download(content: str | bytes, name: str, content_type: str) -> HttpResponse:
    """A response that downloads a file and is never displayed in the browser.

    accounts.middleware.PrivacyMiddleware adds the headers that enforce it.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=content_type, headers=headers)
