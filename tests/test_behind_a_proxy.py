"""Where a visitor comes from, by real sockets: no proxy, one as deployed, and two.

What a browser says of its own address opens no fresh limit and stands in no audit row.
Each connects from an address of 127.0.0.0/8 of its own.
"""

import http.client
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode

import pytest
from django.db import connection

from accounts.models import AuditEvent, SignIn
from accounts.sign_in_limits import FROM_ONE_PLACE, PASSWORDS
from ops.place import free_port, wait_until
from ops.pytest_database import cluster
from tests.test_upgrade import BASE
from tests.under_load import Load
from therapy import settings as house

pytestmark = pytest.mark.services
HERE, ELSEWHERE, FURTHER = "127.0.0.41", "127.0.0.42", "127.0.0.43"
PASSWORD = "theo-passes-by-the-lake"
OUTER = "127.0.0.20"  # where a second proxy connects from
# What a visitor may say of themselves, in turn: each would be a place of its own.
CLAIMS = [
    lambda n: [("X-Forwarded-For", f"203.0.113.{n}")],
    lambda n: [("X-Forwarded-For", f"203.0.113.{n}, 127.0.0.1")],
    lambda n: [("X-Forwarded-For", f"203.0.113.{n}"), ("X-Forwarded-For", "10.1.1.1")],
    lambda n: [("X_Forwarded_For", f"203.0.113.{n}")],
    lambda n: [("x-forwarded-for", f"[2001:db8:{n}::1]:443")],
    lambda n: [("Forwarded", f"for=203.0.113.{n}"), ("X-Real-IP", f"203.0.113.{n}")],
    lambda n: [("Client-IP", f"203.0.113.{n}"), ("True-Client-IP", "10.1.1.1")],
]


class Proxy(BaseHTTPRequestHandler):
    """Passes on what it is asked, with the address of who asked."""

    protocol_version = "HTTP/1.1"
    to, appends, comes_from = 0, False, "127.0.0.1"

    def pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        who = self.client_address[0]
        on = http.client.HTTPConnection(
            "127.0.0.1", self.to, timeout=60, source_address=(self.comes_from, 0)
        )
        on.putrequest(self.command, self.path, skip_host=True)
        before = []
        for name, value in self.headers.items():
            if name.lower() != "x-forwarded-for":
                on.putheader(name, value)
            elif self.appends:
                before.append(value)
        on.putheader("X-Forwarded-For", ", ".join([*before, who]))
        on.endheaders(body)
        answer = on.getresponse()
        said = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(said)
        on.close()

    do_GET = do_POST = pass_on

    def log_message(self, *_args):
        pass


@contextmanager
def proxy(to, *, appends=False, comes_from="127.0.0.1"):
    """The port of one that stands before the port `to`."""
    said = {"to": to, "appends": appends, "comes_from": comes_from}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("One", (Proxy,), said))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def served(folder, trusts):
    """The port of the web server, started as the unit starts it."""
    env = os.environ | {
        "STATIC_ROOT": str(folder / "static"),
        "DATABASE_URL": cluster.url("cairn_web", connection.settings_dict["NAME"]),
        "BIND": f"127.0.0.1:{free_port(18700)}",
        "TRUST_PROXY": "1" if trusts else "",
        "WEB_CONCURRENCY": "1",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"]
    subprocess.run(command, cwd=BASE, env=env, check=True)
    with (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "python:therapy.gunicorn",
             "therapy.wsgi"],
            cwd=BASE, env=env, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            port = int(env["BIND"].rpartition(":")[2])
            ready = Load(port, "")
            wait_until(lambda: ready.ask("GET", "/healthz").status == 200, 60, "web")
            yield port
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def arranged(folder, how):
    """The port that visitors ask, and where someone who asks there is taken to be."""
    with served(folder, trusts=how != "none") as web:
        if how == "none":
            yield web, lambda own: own
        elif how == "one":
            with proxy(web) as port:
                yield port, lambda own: own
        elif how == "one that appends":
            with proxy(web, appends=True) as port:
                yield port, lambda own: own
        else:
            appends = how == "two that append"
            with (
                proxy(web, appends=appends) as inner,
                proxy(inner, appends=appends, comes_from=OUTER) as port,
            ):
                yield port, lambda own: OUTER


class Visitor:
    def __init__(self, port, comes_from):
        self.port, self.comes_from, self.cookies = port, comes_from, {}

    def ask(self, method, path, body=None, claims=()):
        line = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=60, source_address=(self.comes_from, 0)
        )
        text = urlencode(body or {}).encode()
        line.putrequest(method, path)
        line.putheader("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies.items()))
        if body is not None:
            line.putheader("Content-Type", "application/x-www-form-urlencoded")
            line.putheader("Content-Length", str(len(text)))
        for name, value in claims:
            line.putheader(name, value)
        line.endheaders(text if body is not None else None)
        answer = line.getresponse()
        page = answer.read().decode()
        for value in answer.msg.get_all("Set-Cookie") or []:
            cookie = SimpleCookie(value)
            self.cookies |= {name: morsel.value for name, morsel in cookie.items()}
        line.close()
        return answer.status, page

    def sign_in(self, email, password, claims=()):
        _status, page = self.ask("GET", "/sign-in/", claims=claims)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        said = {"csrfmiddlewaretoken": token, "login": email, "password": password}
        return self.ask("POST", "/sign-in/", said, claims)[0]


PROXIES = ["none", "one", "one that appends", "two", "two that append"]


@pytest.mark.requirement("R48")
@pytest.mark.parametrize("how", PROXIES)
def test_what_a_visitor_claims_moves_neither_limit_nor_audit(
    transactional_db, settings, thea, theo, tmp_path, how
):
    settings.PASSWORD_HASHERS = house.PASSWORD_HASHERS  # as the web server has them
    theo.set_password(PASSWORD)
    theo.save()
    with arranged(tmp_path, how) as (port, seen_as):
        for number in range(PASSWORDS):
            claims = CLAIMS[number % len(CLAIMS)](number)
            stranger = Visitor(port, HERE)
            assert stranger.sign_in(thea.email, "wrong", claims) == 200
        for number, claim in enumerate(CLAIMS, 100):
            stranger = Visitor(port, HERE)
            assert stranger.sign_in(thea.email, "wrong", claim(number)) == 429, number
        # Elsewhere the same account can be tried, and another from the same place.
        if not how.startswith("two"):  # where all come from the outer proxy
            assert Visitor(port, ELSEWHERE).sign_in(thea.email, "wrong") == 200
        right = Visitor(port, FURTHER)
        assert right.sign_in(theo.email, PASSWORD, CLAIMS[0](9)) == 302
    event = AuditEvent.objects.get(verb="signed in", actor_id=theo.pk)
    assert event.address == seen_as(FURTHER)
    assert SignIn.objects.get(user=theo).address == seen_as(FURTHER)


@pytest.mark.requirement("R48")
def test_all_tries_from_one_place_are_counted_together_whatever_it_claims(
    transactional_db, practice, tmp_path, thea
):
    with arranged(tmp_path, "one") as (port, _seen_as):
        told = []
        for number in range(FROM_ONE_PLACE + 3):
            claims = CLAIMS[number % len(CLAIMS)](number)
            address = f"nobody{number}@example.test"
            told.append(Visitor(port, HERE).sign_in(address, "wrong", claims))
    assert told[:FROM_ONE_PLACE] == [200] * FROM_ONE_PLACE
    assert told[FROM_ONE_PLACE:] == [429] * 3


@pytest.mark.requirement("R48")
def test_without_a_proxy_nobody_claims_to_use_https(transactional_db, thea, tmp_path):
    with arranged(tmp_path, "none") as (port, _seen_as):
        visitor = Visitor(port, HERE)
        claims = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Ssl", "on")]
        assert visitor.ask("GET", "/metrics", claims=claims)[0] == 404
        claims += [("X-Forwarded-For", "127.0.0.1")]
        assert visitor.ask("GET", "/metrics", claims=claims)[0] == 404
