"""Outside ./start nothing has a default that would be unsafe."""

import base64
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

BASE = Path(__file__).parent.parent
PRODUCTION = {
    "SECRET_KEY": "a-secret-of-more-than-fifty-characters-0123456789-abcdefghijklm",
    "MASTER_KEY": base64.b64encode(bytes(range(32))).decode(),
    "DATABASE_URL": "postgresql://cairn_web:x@db.example:5432/cairn",
    "REDIS_URL": "redis://redis.example:6379/0",
    "EMAIL_URL": "smtp+tls://us%40example:p%3Aw@mail.example",
    "DEFAULT_FROM_EMAIL": "Cairn <cairn@example.org>",
    "ALLOWED_HOSTS": "cairn.example.org, www.example.org",
    "SITE_URL": "https://cairn.example.org/",
}


@pytest.fixture
def load(monkeypatch):
    """The settings as they come out of exactly these variables."""

    def load(**env):
        monkeypatch.setattr(os, "environ", env)
        return runpy.run_path(str(BASE / "therapy" / "settings.py"))

    return load


@pytest.mark.requirement("R40", "R41")
def test_production_has_every_lock_closed(load):
    settings = load(**PRODUCTION)
    assert settings["ALLOWED_HOSTS"] == ["cairn.example.org", "www.example.org"]
    assert settings["SITE_URL"] == "https://cairn.example.org"
    for name in ("SESSION", "CSRF", "LANGUAGE"):
        assert settings[f"{name}_COOKIE_SECURE"]
        assert settings[f"{name}_COOKIE_NAME"].startswith("__Host-")
    assert settings["SECURE_SSL_REDIRECT"]
    assert settings["SECURE_HSTS_SECONDS"] == 31536000
    assert "SECURE_PROXY_SSL_HEADER" not in settings
    assert settings["DEMO_ACCOUNTS"] == []
    assert len(settings["MASTER_KEY"]) == 32


def test_old_master_keys_are_read_in_their_order(load):
    assert load(**PRODUCTION)["OLD_MASTER_KEYS"] == []
    keys = [base64.b64encode(bytes([number] * 32)).decode() for number in (1, 2)]
    settings = load(**PRODUCTION, OLD_MASTER_KEYS=", ".join(keys))
    assert settings["OLD_MASTER_KEYS"] == [bytes([1] * 32), bytes([2] * 32)]


@pytest.mark.requirement("R61")
def test_mail_leaves_by_the_url(load):
    settings = load(**PRODUCTION)
    assert settings["EMAIL_HOST"] == "mail.example"
    assert settings["EMAIL_PORT"] == 587
    assert settings["EMAIL_HOST_USER"] == "us@example"
    assert settings["EMAIL_HOST_PASSWORD"] == "p:w"
    assert settings["EMAIL_USE_TLS"]
    assert not settings["EMAIL_USE_SSL"]


def test_the_proxy_is_believed_only_where_we_say_so(load):
    settings = load(**PRODUCTION, TRUST_PROXY="1")
    assert settings["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.requirement("R59")
@pytest.mark.parametrize("name", PRODUCTION)
def test_what_is_not_set_is_an_error_that_names_it(load, name):
    env = {key: value for key, value in PRODUCTION.items() if key != name}
    with pytest.raises(ImproperlyConfigured, match=f"^{name} is not set"):
        load(**env)


@pytest.mark.requirement("R59")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("MASTER_KEY", "bm90IDMyIGJ5dGVz"),
        ("MASTER_KEY", "not base64!"),
        ("OLD_MASTER_KEYS", "bm90IDMyIGJ5dGVz"),
        ("DATABASE_URL", "mysql://cairn@localhost/cairn"),
        ("REDIS_URL", "memory://"),
        ("EMAIL_URL", "mail.example:25"),
        ("EMAIL_URL", "smtp://mail.example:many"),
        ("SITE_URL", "http://cairn.example.org"),
        ("OPERATOR_NETWORKS", "10.0.0.1/8"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_it(load, name, value):
    with pytest.raises(ImproperlyConfigured, match=f"^{name}"):
        load(**PRODUCTION | {name: value})


def test_the_demo_too_has_no_secret_of_its_own(load):
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY is not set"):
        load(DEMO="1")


@pytest.mark.requirement("R66")
def test_django_finds_nothing_to_deplore_in_production():
    check = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=BASE,
        env={**PRODUCTION, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert check.returncode == 0, check.stderr


def test_every_variable_is_explained_in_the_example():
    explained = set(
        re.findall(r"(?m)^#?([A-Z_]+)=", (BASE / ".env.example").read_text())
    )
    read = set()
    for file in ("settings.py", "gunicorn.py"):
        text = (BASE / "therapy" / file).read_text()
        read |= set(re.findall(r'(?:env|get|required|bytes)\(\s*"([A-Z_]+)"', text))
    assert {"MASTER_KEY", "TRUST_PROXY", "BIND"} <= read
    assert read <= explained
