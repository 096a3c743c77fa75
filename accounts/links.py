"""Secrets of one-use links: moved from the URL to a cookie.

A scanner that follows links stores no cookie, so it leaves no session row behind.
"""

from __future__ import annotations

import re

from django.conf import settings

SECRET = re.compile(r"[0-9a-z-]{10,80}")
JOIN, ADDRESS, RESET = "join", "address", "reset"


def keep(response, kind: str, secret: str):
    """Store the secret in the cookie; ignores values that cannot be one."""
    if SECRET.fullmatch(secret):
        response.set_cookie(
            _name(kind),
            secret,
            secure=settings.SECURE_COOKIES,
            httponly=True,
            samesite="Lax",
        )
    return response


def kept(request, kind: str) -> str:
    said = request.COOKIES.get(_name(kind), "")
    return said if SECRET.fullmatch(said) else ""


def forget(response, kind: str):
    response.delete_cookie(_name(kind), samesite="Lax")
    return response


def _name(kind: str) -> str:
    return f"{settings.COOKIE_PREFIX}{kind}"
