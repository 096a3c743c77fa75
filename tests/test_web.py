"""What every answer keeps, whoever asks and whatever goes wrong."""

import contextlib
import hashlib
import re
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as house
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import errors
from accounts.models import AuditEvent, OutgoingEmail, User
from clients.models import Client
from conftest import WebClient, admit, as_role, person
from goals.signal_words import TOLD
from ops.mail import Sink
from tests.test_walk import ALL, combinations, made_up, rows  # noqa: F401
from therapy import tasks

BASE = Path(__file__).resolve().parent.parent
HTTPS = {"secure": True, "headers": {"host": "testserver"}}
POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'",
    "object-src 'none'", "form-action 'self'", "frame-ancestors 'none'",
}  # fmt: skip


@pytest.fixture
def as_production(settings):
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SECURE_SSL_REDIRECT = True
    for name in ("SESSION", "CSRF"):
        setattr(settings, f"{name}_COOKIE_SECURE", True)
        kept = getattr(house, f"{name}_COOKIE_NAME")
        setattr(settings, f"{name}_COOKIE_NAME", f"__Host-{kept}")


def broken(*args, **kwargs):
    raise RuntimeError("SELECT secret FROM settings")


@pytest.fixture
def a_500(monkeypatch):
    """The first page breaks."""
    from accounts import views

    monkeypatch.setattr(views, "home_of", broken)


def everywhere(browser):
    """An answer of each kind: pages, refusals, what is not there, what broke."""
    for pattern in ALL:
        yield browser.get(reverse(pattern.name, kwargs=made_up(pattern)), **HTTPS)
    yield browser.get("/nowhere/", **HTTPS)
    yield browser.post("/nowhere/", **HTTPS)
    yield browser.get("/static/css/frame.css", **HTTPS)
    yield browser.get("/", headers={"host": "evil.example"}, secure=True)


# -- headers --------------------------------------------------------------------------


@pytest.mark.requirement("R9", "R41", "R42", "R43")
@pytest.mark.parametrize("who", ["thea", "ada", "cleo", None])
def test_every_answer_carries_every_header(
    request, sign_in, as_production, a_500, who, practice
):
    person = request.getfixturevalue(who) if who else None
    browser = sign_in(getattr(person, "user", person)) if person else WebClient()
    browser.raise_request_exception = False
    seen = set()
    for answer in everywhere(browser):
        where = getattr(answer, "request", {}).get("PATH_INFO")
        seen.add(answer.status_code)
        hsts = answer["Strict-Transport-Security"]
        assert hsts == "max-age=31536000; includeSubDomains", where
        assert set(answer["Content-Security-Policy"].split("; ")) >= POLICY, where
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff", where
        assert answer["Referrer-Policy"] == "same-origin", where
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", where
        assert answer["X-Frame-Options"] == "DENY", where
        assert "noindex" in answer["X-Robots-Tag"], where
        assert "no-store" in answer["Cache-Control"], where
    assert seen >= ({200, 404, 500, 400} if who else {200, 302, 404, 400})


@pytest.mark.requirement("R40")
def test_cookies_are_of_this_host_alone_and_out_of_reach_of_scripts(
    client, thea, as_production
):
    client.get("/sign-in/", **HTTPS)
    said = {"login": thea.email, "password": "thea-passes-by-the-lake"}
    client.post("/sign-in/", said, **HTTPS)
    session = client.cookies["__Host-sessionid"]
    token = client.cookies["__Host-csrftoken"]
    assert session["httponly"]
    for cookie in (session, token):
        assert cookie["secure"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert not cookie["domain"]


@pytest.mark.requirement("R20")
def test_what_broke_is_not_said_and_a_number_finds_it_in_the_log(
    sign_in, thea, a_500, caplog
):
    browser = sign_in(thea)
    browser.raise_request_exception = False
    answer = browser.get("/")
    page = answer.content.decode()
    assert answer.status_code == 500
    for word in ("Traceback", "RuntimeError", "SELECT", "settings.py", "accounts/"):
        assert word not in page
    number = re.search(r"give this number: (\w+)", page)[1]
    assert number in caplog.text


# -- failing closed -------------------------------------------------------------------


@pytest.mark.requirement("R21")
def test_a_record_whose_opening_cannot_be_written_down_is_not_shown(
    sign_in, thea, cleo
):
    browser = sign_in(thea)
    browser.raise_request_exception = False
    write = (
        "EXECUTE ON FUNCTION app.audit(text, text, uuid, text, uuid, text, jsonb, inet)"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE {write} FROM cairn_web")
    answer = browser.get(f"/clients/{cleo.pk}/")
    assert answer.status_code == 500
    assert "What brought Cleo" not in answer.content.decode()


@pytest.mark.requirement("R21")
def test_with_redis_and_the_mail_server_down_pages_and_emails_are_kept(
    sign_in, ada, settings
):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    said = {"name": "Kit", "email": "kit@example.test", "role": "admin"}
    assert sign_in(ada).post("/people/invite/", said).status_code == 302
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    email = OutgoingEmail.objects.get(kind="invitation")
    assert (email.state, email.reason) == ("waiting", "no mail server")


@pytest.mark.requirement("R61")
def test_a_mail_server_without_tls_gets_no_email(thea, settings, tmp_path):
    with Sink(tmp_path / "box") as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.smtp_port
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_USE_TLS = True
        now = timezone.now()
        later = now + timezone.timedelta(hours=1)
        OutgoingEmail.queue(thea, "password-reset", "x", due_at=now, not_after=later)
        with as_role("cairn_worker"):
            tasks.plan_and_send()
        assert not sink.messages
    # On some days the week's email is planned beside it.
    assert OutgoingEmail.objects.get(kind="password-reset").state == "waiting"


# -- what comes in --------------------------------------------------------------------


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("who", ["thea", "ada", "cleo"])
def test_every_form_without_its_token_is_refused(request, sign_in, who, practice):
    person = request.getfixturevalue(who)
    cookie = sign_in(getattr(person, "user", person)).cookies
    browser = WebClient(enforce_csrf_checks=True)
    browser.cookies = cookie
    for pattern in ALL:
        url = reverse(pattern.name, kwargs=made_up(pattern))
        answer = browser.post(url, {"x": "1"})
        if pattern.name in errors.WAY_IN:  # another tab signed in: goes on to its page
            assert (answer.status_code, answer.url) == (302, "/"), url
        else:
            assert answer.status_code == 403, url


CHANGED_BY_LOOKING = {
    "accounts_auditevent", "accounts_signin", "accounts_tries", "accounts_heartbeat",
}  # fmt: skip
# News is over once it was opened.
NEWS = f"WHERE kind NOT IN ({', '.join(repr(kind) for kind in sorted(TOLD))})"


def fingerprints():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = 'public'::regnamespace"
        )
        tables = {name for (name,) in cursor.fetchall()} - CHANGED_BY_LOOKING
        found = {}
        for table in tables:
            cursor.execute(
                f"SELECT string_agg(t::text, '|' ORDER BY t::text) FROM {table} t"
                f" {NEWS if table == 'clients_signal' else ''}"
            )
            text = cursor.fetchone()[0] or ""
            found[table] = hashlib.sha256(text.encode()).hexdigest()
    return found


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("who", ["thea", "ada", "cleo"])
def test_looking_changes_nothing(request, sign_in, rows, who):  # noqa: F811
    person = request.getfixturevalue(who)
    browser = sign_in(getattr(person, "user", person))
    before = fingerprints()
    for pattern in ALL:
        if pattern.name == "account_logout":
            continue
        known = all(name in rows for name in pattern.pattern.converters)
        if not pattern.pattern.converters:
            browser.get(reverse(pattern.name))
        elif known:
            for kwargs in combinations(pattern, rows):
                browser.get(reverse(pattern.name, kwargs=kwargs))
    assert fingerprints() == before


@pytest.mark.requirement("R47")
@pytest.mark.parametrize("name", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST"])
def test_a_foreign_host_leads_nowhere(client, theo, name, mailoutbox):
    answer = client.post("/reset/", {"email": theo.email}, **{name: "evil.example"})
    if name == "HTTP_HOST":
        assert answer.status_code == 400
        return
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    [email] = mailoutbox
    assert "evil.example" not in str(email.message())
    assert house.SITE_URL in email.body


@pytest.mark.requirement("R48")
def test_an_address_that_somebody_claims_is_not_believed(sign_in, thea, cleo):
    forged = {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    sign_in(thea).get(f"/clients/{cleo.pk}/", **forged)
    assert AuditEvent.objects.get(verb="opened").address == "127.0.0.1"
    assert "accounts.middleware.ProxyMiddleware" not in house.MIDDLEWARE


@pytest.mark.requirement("R3")
def test_fields_that_no_form_offers_are_not_written(sign_in, thea, theo, cleo):
    browser = sign_in(thea)
    more = {"is_admin": "1", "is_active": "0", "practice": "x", "password": "x",
            "email": "thief@example.test", "joined_at": ""}  # fmt: skip
    before = User.objects.get(pk=thea.pk)
    settings = {"name": "Thea", "language": "en", "time_zone": "UTC"}
    browser.post("/settings/", settings | more)
    after = User.objects.get(pk=thea.pk)
    for field in ("is_admin", "is_active", "practice_id", "password", "email"):
        assert getattr(after, field) == getattr(before, field), field
    form = {"preferred_name": "Cleo", "version": "1", "state": "discharged",
            "user": str(theo.pk), "practice": "x", "id": "x"}  # fmt: skip
    browser.post(f"/clients/{cleo.pk}/edit/", form)
    kept = Client.objects.get(pk=cleo.pk)
    assert (kept.state, kept.user_id) == ("active", cleo.user_id)


@pytest.mark.requirement("R60")
@pytest.mark.parametrize(
    "path",
    ["/.git/HEAD", "/.env", "/static/", "/admin/", "/metrics", "/__debug__/",
     "/static/../therapy/settings.py", "/static/..%2f..%2fmanage.py", "/server-status",
     "/robots.txt.bak", "/phpinfo.php"],
)  # fmt: skip
def test_nothing_of_the_machine_is_laid_open(sign_in, ada, client, path):
    for browser in (client, sign_in(ada)):
        answer = browser.get(path, REMOTE_ADDR="203.0.113.9")
        assert answer.status_code in (302, 404), path


@pytest.mark.requirement("R60")
def test_tracing_is_not_answered_and_the_server_says_no_version(sign_in, thea):
    import gunicorn

    assert sign_in(thea).generic("TRACE", "/today/").status_code == 405
    assert gunicorn.SERVER == "gunicorn"


@pytest.mark.requirement("R27")
def test_a_new_installation_has_no_account(db):
    assert not User.objects.exists()


# -- what goes out --------------------------------------------------------------------

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


@pytest.mark.requirement("R49")
def test_what_people_type_is_text_on_every_page(sign_in, ada, thea, practice):
    client = admit(EVIL[:70], by=thea, family_name=EVIL[:70])
    person(practice, f"Evil {EVIL}", is_therapist=True)
    practice.crisis_lines.create(name=EVIL, number="1", verified_on="2026-01-01")
    pages = {
        thea: ["/caseload/", f"/clients/{client.pk}/", f"/clients/{client.pk}/edit/",
               "/today/"],
        ada: ["/people/", "/care-roles/", "/audit/", "/practice/", "/deliveries/",
              f"/care-roles/{client.pk}/"],
        client.user: ["/portal/", "/portal/looked/", "/help/"],
    }  # fmt: skip
    for who, urls in pages.items():
        browser = sign_in(who)
        for url in urls:
            page = browser.get(url).content.decode()
            assert "<script>alert" not in page, url
            assert "<img src=x" not in page, url


@pytest.mark.requirement("R49")
def test_no_template_switches_escaping_off():
    found = {
        path.relative_to(BASE / "templates").as_posix()
        for path in (BASE / "templates").rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape\s+off|safeseq", path.read_text())
    }
    # Help texts are ours, and some hold a link.
    assert found <= {"bootstrap5/field.html", "parts/help.html"}


LINK = re.compile(r'(?:href|action)="([^"]+)"')


def crawl(browser, start):
    """Every address of ours that links lead to, and where redirects point."""
    found, open_ = set(), [start]
    while open_:
        url = open_.pop()
        if url in found or not url.startswith("/") or url.startswith("/static/"):
            continue
        found.add(url)
        answer = browser.get(url)
        if answer.status_code in (301, 302):
            open_.append(answer.url)
        elif answer.status_code == 200 and "html" in answer["Content-Type"]:
            links = map(unescape, LINK.findall(answer.content.decode()))
            open_ += [link.partition("#")[0] or url for link in links
                      if link.startswith("/") and "sign-out" not in link]  # fmt: skip
            open_ += [url.partition("?")[0] + link for link in links
                      if link.startswith("?")]  # fmt: skip
        if len(found) > 300:
            return found
    return found


@pytest.mark.requirement("R8")
def test_no_address_tells_who_it_is_about(sign_in, rows, ada, thea, cleo):  # noqa: F811
    names = {"cleo", "hart", "thea", "ada", "nadia", "example.test", "%40"}
    for who in (thea, ada, cleo.user):
        found = crawl(sign_in(who), "/")
        assert len(found) > 8
        for url in found:
            words = set(re.split(r"[^a-z0-9.%]+", url.lower()))
            assert not words & names, url
            assert "@" not in url


@pytest.mark.requirement("R12")
def test_no_page_loads_anything_from_elsewhere():
    """The policy would refuse it; nobody even asks."""
    loads = re.compile(r"""(?:src|srcset|action|poster|data)=["']?(?:https?:)?//""")
    styles = re.compile(r"""url\(\s*["']?(?:https?:)?//|@import""")
    for path in (BASE / "templates").rglob("*.html"):
        assert not loads.search(path.read_text()), path
        for link in re.findall(r"<link[^>]*>", path.read_text()):
            assert "//" not in link.replace("{% static", ""), path
    for path in (BASE / "static").rglob("*.css"):
        assert not styles.search(path.read_text()), path
    for path in (BASE / "static" / "js").glob("*.js"):
        assert "//cdn" not in path.read_text()


@pytest.mark.requirement("R62")
@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-boot.txt"]
)
def test_every_package_is_pinned_by_its_hash(name):
    text = (BASE / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert lines
    for line in lines:
        assert "==" in line, line
        assert "--hash=sha256:" in line, line
    assert "--require-hashes" in (BASE / "ops" / "env.sh").read_text()


@pytest.mark.requirement("R15")
def test_no_word_that_anybody_types_reaches_a_log(
    sign_in, client, thea, theo, cleo, caplog, monkeypatch
):
    from therapy.logs import MaskingFormatter

    caplog.set_level("DEBUG")
    canary = "zebra-quartz-canary"
    browser = sign_in(thea)
    browser.raise_request_exception = False
    said = {"preferred_name": canary, "family_name": canary, "pronouns": canary,
            "email": f"{canary}@example.test", "phone": canary, "portal": "invite",
            "emergency_name": canary, "presenting_concern": canary}  # fmt: skip
    browser.post("/clients/add/", said)
    browser.post(f"/clients/{cleo.pk}/goals/add/", {"own_words": canary})
    browser.get(f"/caseload/?q={canary}")
    browser.get(f"/nowhere/{canary}@example.test/")
    client.post("/sign-in/", {"login": f"{canary}@example.test", "password": canary})
    monkeypatch.setattr("clients.forms.NewClientForm.save", broken)
    assert browser.post("/clients/add/", said).status_code == 500
    with contextlib.suppress(Exception), as_role("cairn_worker"):
        tasks.plan_and_send()
    sql = "django.db.backends"  # logged at DEBUG alone, which the house never is
    lines = [MaskingFormatter().format(r) for r in caplog.records if r.name != sql]
    assert lines
    assert not [line for line in lines if canary in line]
