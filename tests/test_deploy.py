"""What docs/deploy.md tells an administrator to use is there, and fits together."""

import os
import re
import runpy
import shlex
import subprocess
from pathlib import Path

import pytest

BASE = Path(__file__).parent.parent
DEPLOY = BASE / "deploy"
PAGES = [BASE / "docs" / name for name in ("deploy.md", "operate.md")]
UNITS = sorted(DEPLOY.glob("cairn-*.service"))
SAID = ("cairn.example.org", "smtp+tls://us:p%40ss@mail.example:587", "Us <us@x.test>")


def read(file):
    """An environment file as systemd reads it: one value in quotes a line."""
    lines = file.read_text().splitlines()
    found = [line.partition("=") for line in lines]
    return {name: shlex.split(value)[0] for name, _, value in found}


@pytest.fixture
def made(tmp_path):
    """/etc/cairn as make-secrets makes it, where nobody is called cairn."""
    programs, folder = tmp_path / "bin", tmp_path / "etc"
    programs.mkdir()
    (programs / "chown").write_text("#!/bin/sh\n")
    (programs / "chown").chmod(0o755)
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "CAIRN_ETC": str(folder)}

    def make():
        command = [DEPLOY / "make-secrets", *SAID]
        return subprocess.run(command, env=env, capture_output=True, text=True)

    make.folder, make.first = folder, make()
    assert make.first.returncode == 0, make.first.stderr
    return make


@pytest.mark.requirement("R59")
def test_the_secrets_that_are_made_start_cairn(made, monkeypatch):
    env = read(made.folder / "common.env") | read(made.folder / "web.env")
    monkeypatch.setattr(os, "environ", env | read(made.folder / "admin.env"))
    settings = runpy.run_path(str(BASE / "therapy" / "settings.py"))
    assert settings["EMAIL_HOST_PASSWORD"] == "p@ss"
    assert settings["DEFAULT_FROM_EMAIL"] == "Us <us@x.test>"
    assert settings["TRUST_PROXY"]
    assert len(settings["BACKUP_KEY"]) == len(settings["MASTER_KEY"]) == 32
    assert settings["BACKUP_KEY"] != settings["MASTER_KEY"]
    assert settings["SITE_URL"] == "https://cairn.example.org"
    for role, url in settings["DATABASE_URLS"].items():
        assert url.startswith(f"postgresql://cairn_{role}:")


def test_postgresql_is_told_the_same_passwords(made):
    sql = made.first.stdout
    told = dict(re.findall(r"ALTER ROLE (\w+) PASSWORD '(\w+)'", sql))
    assert set(told) == {"cairn_owner", "cairn_web", "cairn_worker", "cairn_backup"}
    assert len(set(told.values())) == 4
    for file in ("web.env", "worker.env", "admin.env"):
        for url in read(made.folder / file).values():
            found = re.match(r"postgresql://(\w+):(\w+)@", url)
            assert not found or told[found[1]] == found[2]


@pytest.mark.requirement("R59")
def test_the_web_gets_neither_the_owners_role_nor_the_backups_key(made):
    web = read(made.folder / "common.env") | read(made.folder / "web.env")
    text = " ".join(f"{name}={value}" for name, value in web.items())
    for word in ("cairn_owner", "cairn_backup", "BACKUP_KEY"):
        assert word not in text
    for file in made.folder.iterdir():
        assert file.stat().st_mode & 0o007 == 0


def test_keys_that_open_something_are_never_made_anew(made):
    before = (made.folder / "common.env").read_text()
    again = made()
    assert again.returncode == 1
    assert "already exists" in again.stderr
    assert (made.folder / "common.env").read_text() == before


def test_every_variable_that_is_made_is_explained(made):
    explained = set(
        re.findall(r"(?m)^#?([A-Z_]+)=", (BASE / ".env.example").read_text())
    )
    for file in made.folder.iterdir():
        assert set(read(file)) <= explained, file.name


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_what_is_there(unit):
    text = unit.read_text()
    for file in re.findall(r"(?m)^EnvironmentFile=/etc/cairn/(\S+)$", text):
        assert file in (DEPLOY / "make-secrets").read_text()
    for file in re.findall(r"/srv/cairn/(deploy/\S+)", text):
        assert (BASE / file).exists()
    program = re.search(r"(?m)^ExecStart=/srv/cairn/\.venv/bin/(\S+)", text)
    if program:
        assert re.search(
            rf"(?m)^{program[1]}\b", (BASE / "requirements.in").read_text()
        )
        assert "User=cairn\n" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_names_only_what_is_there(page):
    text = page.read_text()
    for file in re.findall(r"(?:/srv/cairn/|\s)(deploy/[\w.*-]+|tests/[\w.]+)", text):
        assert [*BASE.glob(file)], file
    for name in re.findall(r"\]\(([\w-]+\.md)", text):
        assert (page.parent / name).exists(), name
    commands = {path.stem for path in BASE.glob("*/management/commands/*.py")}
    django = {"migrate", "collectstatic"}
    for name in re.findall(r"(?m)^cairn (\w+)|`cairn (\w+)", text):
        assert set(name) - {"", "NAME"} <= commands | django, name


def test_the_proxy_sets_what_the_program_believes():
    """What the browser said of itself is not passed on."""
    nginx = (DEPLOY / "nginx.conf").read_text()
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx
    assert "proxy_set_header X-Forwarded-Proto https;" in nginx
    assert "$remote_addr" not in re.search(r"log_format .*;", nginx)[0]
