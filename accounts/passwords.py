"""Password rules: length (less with a second step), and nothing easy to guess.

No composition rules and no expiry (NIST SP 800-63B-4).
"""

from __future__ import annotations

import re

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    UserAttributeSimilarityValidator,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import factors

ALONE, WITH_SECOND_STEP = 15, 8  # characters
ENOUGH = 6  # characters beyond what anyone would guess
SIGNS = 5  # distinct characters
KNOWN = (
    "correcthorsebatterystaple", "correcthorsebattery", "correct horse battery staple",
    "passwordpassword", "password", "passwort", "qwertyuiop", "asdfghjkl", "zxcvbnm",
    "qwertz", "iloveyou", "letmein", "welcome", "1234567890", "0123456789", "123456789",
    "12345678", "987654321", "cairn", "therapy", "therapist", "demo",
)  # fmt: skip


class Hasher(Argon2PasswordHasher):
    """Argon2id at the OWASP minimum: 19 MiB, two iterations, one lane.

    Django's default uses 100 MiB and eight lanes: ten times the work, so that twenty
    sign-ins a second would take both cores. Hashes with other parameters are still
    accepted and upgraded at the next sign-in.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1


class LengthValidator:
    """At least 15 characters, or 8 with two-step verification."""

    def validate(self, password, user=None):
        second = bool(user and user.pk and factors.has_second_step(user))
        least = WITH_SECOND_STEP if second else ALONE
        if len(password) < least:
            raise ValidationError(
                _("Use at least %(least)s characters.") % {"least": least},
                code="password_too_short",
            )

    def get_help_text(self):
        return _("At least 15 characters, or 8 with two-step verification.")


class GuessableValidator:
    """Reject what a stranger would try: our name, theirs, or one repeated character."""

    words = gettext_lazy("Too easy to guess. Add words of your own.")

    def validate(self, password, user=None):
        left = password.lower()
        if len(set(left)) < SIGNS:
            raise ValidationError(self.words, code="password_guessable")
        for known in (*KNOWN, *_of(user)):
            left = left.replace(known, "")
        letters = re.sub(r"[\W\d_]", "", left)
        if len(letters) + len(set(re.findall(r"\d", left))) < ENOUGH:
            raise ValidationError(self.words, code="password_guessable")

    def get_help_text(self):
        return self.words


class SimilarValidator(UserAttributeSimilarityValidator):
    def get_error_message(self):
        return _("Too similar to your name or email address.")


class CommonValidator(CommonPasswordValidator):
    def get_error_message(self):
        return _("Too common: many people use it. Add words of your own.")


def _of(user) -> list[str]:
    """What is known about the user: address, name, practice."""
    if user is None or not user.email:
        return []
    address, _at, host = user.email.lower().partition("@")
    said = [user.email.lower(), address, host.partition(".")[0], user.name.lower()]
    said += user.name.lower().split()
    if user.practice_id:
        said += user.practice.name.lower().split()
    return sorted((word for word in said if len(word) > 2), key=len, reverse=True)
