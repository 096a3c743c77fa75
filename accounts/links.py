"""The secret of a one-use link: out of the address, and kept by the browser alone.

A scanner that follows links keeps no cookie, so it leaves nothing behind here either.
"""

from __future__ import annotations

import re

from django.conf import settings

SECRET = re.compile(r"[0-9a-z-]{10,80}")
JOIN, ADDRESS, RESET = "join", "address", "reset"


def keep(response, kind: str, secret: str):
    """What cannot be a secret of ours is not kept."""
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
