"""No page speaks in a library's words: Django's and allauth's messages are ours.

Django and allauth speak German, Cairn does not.  So every page is asked for in German,
and a German sentence on it is a library's.
"""

import gettext
import re
from html import unescape
from pathlib import Path

import allauth
import django
import pytest
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.html import strip_tags

from accounts import passwords
from accounts.factors import FactorAdapter
from accounts.models import User
from conftest import WebClient
from digests.adapter import MailAdapter
from tests.test_bad_input import FORMS, ODD, address, browser_of, rows  # noqa: F401
from ui.forms import HouseForm

CATALOGS = [
    Path(django.__file__).parent / "conf" / "locale",
    Path(django.__file__).parent / "contrib" / "auth" / "locale",
    Path(django.__file__).parent / "contrib" / "postgres" / "locale",
    Path(allauth.__file__).parent / "locale",
]
SOME = ["nothing", "a long address", "half an id"]


def sentences():
    """What the libraries would say in German, as patterns."""
    found = set()
    for place in CATALOGS:
        catalog = gettext.translation("django", place, ["de"])._catalog
        for key, said in catalog.items():
            words = str(said).strip()
            if key and len(words.split()) >= 3 and not words.startswith("\n"):
                found.add(words)
    patterns = []
    for words in found:
        parts = re.split(r"%\([a-z_]+\)[sdr]|%[sd]|\{[a-z_]*\}", unescape(words))
        if max(len(part) for part in parts) < 12:
            continue
        patterns.append(r".{0,80}?".join(re.escape(strip_tags(part)) for part in parts))
    return re.compile("|".join(sorted(patterns)))


SAID = sentences()


def test_the_pattern_would_notice():
    for words in ("Dieses Feld ist zwingend erforderlich.",
                  "Bitte eine gültige E-Mail-Adresse eingeben.",
                  "Dieses Passwort ist zu üblich."):  # fmt: skip
        assert SAID.search(f"<p>{words}</p>"), words
    assert not SAID.search("Fill this in.")


@pytest.mark.parametrize("name", FORMS)
def test_no_form_says_what_a_library_would(name, rows, browser_of):  # noqa: F811
    User.objects.update(language="de")
    who, good = FORMS[name]
    url = address(name, rows)
    with translation.override("de"):
        browser = browser_of(who)
        sent = [{}, *(dict.fromkeys(good or {"once": ""}, ODD[one]) for one in SOME)]
        for body in sent:
            with transaction.atomic():
                answer = browser.post(url, body)
                transaction.set_rollback(True)
            page = unescape(answer.content.decode(errors="replace"))
            found = SAID.search(page)
            assert not found, (name, body if len(str(body)) < 400 else "", found[0])


KINDS = [
    kind
    for kind in vars(forms).values()
    if isinstance(kind, type) and issubclass(kind, forms.Field)
]
NEEDS = {
    "URLField": {"assume_scheme": "https"},
    "ChoiceField": {"choices": [("a", "A")]},
    "TypedChoiceField": {"choices": [("a", "A")]},
    "MultipleChoiceField": {"choices": [("a", "A")]},
    "TypedMultipleChoiceField": {"choices": [("a", "A")]},
    "ComboField": {"fields": [forms.CharField()]},
    "RegexField": {"regex": "a"},
    "FilePathField": {"path": str(settings.BASE / "deploy")},
    "ModelChoiceField": {"queryset": User.objects.none()},
    "ModelMultipleChoiceField": {"queryset": User.objects.none()},
    "MultiValueField": {"fields": [forms.CharField(), forms.CharField()]},
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_kind_of_field_brings_djangos_words(kind):
    usual = {}
    for one in kind.__mro__:
        usual = getattr(one, "default_error_messages", {}) | usual

    class Some(HouseForm):
        field = kind(**NEEDS.get(kind.__name__, {}))

    said = Some().fields["field"].error_messages
    for code, words in usual.items():
        assert str(said[code]) != str(words), code


@pytest.mark.parametrize("field", [
    forms.CharField(max_length=3, min_length=2), forms.IntegerField(max_value=3),
    forms.IntegerField(min_value=3, step_size=5), forms.EmailField(max_length=4),
    forms.URLField(assume_scheme="https"), forms.SlugField(),
    forms.DecimalField(max_digits=2),
    forms.DecimalField(max_digits=9, decimal_places=1),
    forms.GenericIPAddressField(), forms.JSONField(), forms.UUIDField(),
    forms.DateField(), forms.TimeField(), forms.DateTimeField(), forms.FloatField(),
    forms.DurationField(),
])  # fmt: skip
def test_what_validators_say_is_ours_too(field):
    class Some(HouseForm):
        one = field

    with translation.override("de"):
        for text in ("", "\0", "x", "xxxxxxxxx", "-7", "4", "12345.678", "[", "1e400"):
            said = str(Some({"one": text}).errors)
            assert not SAID.search(unescape(said)), (text, said)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(MailAdapter, DefaultAccountAdapter), (FactorAdapter, DefaultMFAAdapter)],
)
def test_every_message_of_allauth_is_replaced(ours, theirs):
    assert set(theirs.error_messages) <= set(ours.error_messages)
    for code, words in theirs.error_messages.items():
        assert str(ours.error_messages[code]) != str(words), code


def test_passwords_are_refused_in_our_words(db, thea):
    for password in ("x", "aaaaaaaaaaaaaaaaaaaa", "thea@example.test", "password",
                     "1q2w3e4r5t6y7u8i9o0p", "123456789012345678"):  # fmt: skip
        with translation.override("de"), pytest.raises(ValidationError) as refused:
            validate_password(password, thea)
        assert not SAID.search(" ".join(refused.value.messages)), password
    for validator in settings.AUTH_PASSWORD_VALIDATORS:
        assert validator["NAME"].startswith(passwords.__name__)


def test_a_new_password_typed_differently_is_refused_in_our_words(sign_in, thea):
    said = {"new_password1": "the long way home", "new_password2": "the short way"}
    with translation.override("de"):
        page = sign_in(thea).post("/settings/password/", said).content.decode()
    assert "They don’t match" in page


def test_a_visitor_meets_no_librarys_words_either(db, thea):
    with translation.override("de"):
        for url in ("/sign-in/", "/reset/", "/join/", "/help/", "/reset/x/y/"):
            page = WebClient().get(url, follow=True).content.decode()
            assert not SAID.search(unescape(page)), url
        wrong = {"login": thea.email, "password": "not this one"}
        page = WebClient().post("/sign-in/", wrong).content.decode()
    assert "That email and password don’t match." in page
