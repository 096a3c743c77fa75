"""Each writer complains about a client's sentence: no log repeats a word of it."""

import io
import logging
import warnings
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import unquote

import pytest
from django.core.mail import EmailMessage
from django.db import DataError, IntegrityError, connection, transaction
from django.template import engines
from django.urls import path
from django.utils import timezone
from openpyxl import Workbook

from accounts.models import OutgoingEmail, User
from clients.models import Client
from conftest import WebClient, admit, as_role
from tests.cast import agreed_goal, copy_of
from therapy import tasks
from therapy.logs import MaskingFormatter, path_told
from transfer.export.files import as_csv
from transfer.export.job import make_waiting
from transfer.imports import sheet

WORDS = "Grandmother drowned beside Zanzibar 今天"
SECRET = WORDS.lower().split()


@pytest.fixture
def log():
    """Everything that any logger writes in this process, as the console shows it."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(MaskingFormatter())
    loggers = [logging.getLogger()]
    loggers[0].addHandler(handler)
    logging.captureWarnings(True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        yield out
    loggers[0].removeHandler(handler)


def told(log, *, something=True) -> str:
    said = log.getvalue()
    assert bool(said) or not something
    for word in SECRET:
        assert word not in said.lower(), said
    return said


def complain(error):
    logging.getLogger("x").exception("it broke over %s", error)


def test_the_pdf(log, cleo, thea):
    agreed_goal(cleo, thea, content={"own_words": WORDS + " 🎉"})
    copy_of(cleo, thea)
    told(log, something=False)


def test_the_pdf_that_cannot_be_drawn(log, cleo, thea, monkeypatch):
    def breaks(*args, **kwargs):
        raise ValueError(WORDS)

    agreed_goal(cleo, thea, content={"own_words": WORDS})
    copy_of(cleo, thea, made=False)
    monkeypatch.setattr("transfer.export.pdf.Drawing.goal", breaks)
    with as_role("cairn_worker"):
        make_waiting()
    told(log)


def test_the_csv(log):
    try:
        as_csv([{"words": WORDS + "\ud800"}]).encode()
    except (UnicodeError, TypeError, AttributeError) as error:
        complain(error)
        told(log)


def test_the_import_reader(log):
    book = Workbook()
    book.active.append(["Preferred name", "Rating date"])
    book.active.append([WORDS, 10**11])
    book.active.cell(2, 2).number_format = "yyyy-mm-dd"
    book.active.oddHeader.center.text = WORDS
    raw = io.BytesIO()
    book.save(raw)
    content = raw.getvalue()
    for bad in (content, content[:-200], b"\xff\xfe" + WORDS.encode(), WORDS.encode()):
        try:
            sheet.read(bad)
        except Exception as error:
            complain(error)
    told(log)


@pytest.mark.parametrize(
    "write",
    [
        lambda: Client.objects.filter(pk__in=[WORDS]).exists(),
        lambda: raw("SELECT %s::int"),
        lambda: raw("SELECT %s::timestamptz"),
        lambda: raw("INSERT INTO accounts_crisisline (id, name) VALUES (NULL, %s)"),
        lambda: raw("SELECT %s::json"),
        lambda: raw("SELECT no_such_function(%s)"),
        lambda: raw("UPDATE accounts_user SET phone = repeat(%s, 9)"),
        lambda: raw("UPDATE accounts_user SET email = upper(%s)"),
        lambda: raw("SELECT chr(0) || %s"),
        lambda: int(WORDS),
        lambda: timezone.datetime.fromisoformat(WORDS),
        lambda: {}[WORDS],
        lambda: WORDS.encode("ascii"),
        lambda: path(WORDS, None),
        lambda: open(f"/nowhere/{WORDS}"),
        lambda: EmailMessage(WORDS + "\n\n", "x", to=[WORDS + "\n"]).message(),
        lambda: engines["django"].from_string("{% load " + WORDS + " %}"),
        lambda: (
            engines["django"]
            .from_string("{{ a|add:b.c|date:d }}")
            .render({"a": WORDS, "d": Broken()})
        ),
    ],
)
def test_whatever_breaks(log, db, thea, write):
    try:
        with transaction.atomic():
            write()
    except Exception as error:
        complain(error)
    else:
        pytest.skip("nothing broke")
    said = told(log)
    assert "Traceback" in said


class Broken:
    def __str__(self):
        raise ValueError(WORDS)


def raw(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement, [WORDS])


def test_a_cause_and_a_group_are_told_without_their_words(log, db):
    try:
        try:
            raw("SELECT %s::int")
        except DataError as error:
            raise ExceptionGroup(WORDS, [ValueError(WORDS)]) from error
    except ExceptionGroup as group:
        complain(group)
    said = told(log)
    assert "DataError" in said
    assert "ValueError" in said


def test_what_tells_of_the_program_is_kept(log, db, thea, practice):
    for error in (
        AttributeError("'Goal' object has no attribute 'words'"),
        IntegrityError('new row violates check constraint "user_email"\nDETAIL:  x'),
        ConnectionRefusedError(111, WORDS),
    ):
        try:
            raise error
        except Exception as raised:
            complain(raised)
    said = told(log)
    for kept in ("no attribute", "user_email", "Connection refused"):
        assert kept in said


def test_a_page_that_breaks(log, sign_in, thea, cleo, monkeypatch):
    def breaks(*args, **kwargs):
        raise ValueError(WORDS)

    monkeypatch.setattr("clients.models.Client.admit", breaks)
    browser = sign_in(thea)
    browser.raise_request_exception = False
    said = {"preferred_name": WORDS, "portal": "none"}
    assert browser.post("/clients/add/", said).status_code == 500
    assert "broken" in told(log)


def test_an_email_that_cannot_be_written(log, thea, monkeypatch):
    def breaks(*args, **kwargs):
        raise ValueError(WORDS)

    monkeypatch.setattr("digests.emails.compose", breaks)
    now = timezone.now()
    OutgoingEmail.queue(thea, "password-reset", "x", due_at=now,
                  not_after=now + timezone.timedelta(hours=1))  # fmt: skip
    with as_role("cairn_worker"):
        tasks.plan_and_send()
    assert "cannot be written" in told(log)


def test_a_task_that_fails(log):
    from celery.app.trace import build_tracer

    from therapy.celery import app

    @app.task(name="a-task", bind=False)
    def fails():
        raise ValueError(WORDS)

    build_tracer("a-task", fails, app=app)("1", (), {}, {})
    assert "a-task" in told(log)


# -- words typed as an address ---------------------------------------------------------

ROW = "0190a6b0-1111-7222-8333-123456789abc"
TYPED = {
    "/help/zanzibar/": "/help/***",
    "/zanzibar": "/***",
    "/zanzibar/help/": "/***",
    "/help/zanzibar/drowned/beside/": "/help/***",
    "/help/%E4%BB%8A%E5%A4%A9/": "/help/***",
    "/help/zanzibar%0Adrowned/": "/help/***",
    "/static/zanzibar.css": "/static/***",
    "/static/zanzibar/drowned.css": "/static/***",
    f"/drafts/{ROW}/zanzibar/{ROW}/": f"/drafts/{ROW}/***/{ROW}/",
    f"/drafts/{ROW}/goal/zanzibar/": "/drafts/***",
    f"/clients/{ROW}/zanzibar/": "/clients/***",
    f"/clients/{ROW}/": f"/clients/{ROW}/",
    "/portal/zanzibar/": "/portal/***",
    "/join/zanzibar/": None,
    "//zanzibar.example/x/": "/***",
}


@pytest.mark.requirement("R15")
@pytest.mark.parametrize("url", TYPED)
@pytest.mark.parametrize("ask", ["get", "post", "put"])
def test_an_address_that_somebody_typed(log, sign_in, thea, url, ask):
    browser = sign_in(thea)
    browser.raise_request_exception = False
    answer = getattr(browser, ask)(url)
    said = told(log, something=answer.status_code >= 400)
    if ask == "get" and answer.status_code == 404 and TYPED[url]:
        assert f"Not Found: {TYPED[url]}\n" in said


@pytest.mark.requirement("R15")
@pytest.mark.parametrize("url", TYPED)
@pytest.mark.parametrize("method", ["GET", "ZANZIBAR"])
def test_the_web_servers_own_line(url, method):
    from gunicorn.config import Config

    from therapy import gunicorn

    config = Config()
    config.set("accesslog", "-")
    config.set("access_log_format", gunicorn.access_log_format)
    writer = gunicorn.MaskingLogger(config)
    answer = SimpleNamespace(status="404 Not Found", sent=10, headers=[])
    environ = {"REQUEST_METHOD": method, "PATH_INFO": unquote(url),
               "RAW_URI": url, "SERVER_PROTOCOL": "HTTP/1.1"}  # fmt: skip
    out = io.StringIO()
    writer.access_log.handlers[-1].setStream(out)
    writer.access(answer, SimpleNamespace(headers=[]), environ, timedelta(0))
    for each in (writer.access_log, writer.error_log):  # of the whole process
        each.handlers.pop()
    said = told(out)
    assert (TYPED[url] or "") in said
    assert "404" in said


@pytest.mark.requirement("R15")
def test_a_method_an_origin_a_host_and_what_is_no_request(log, client, db):
    asks = WebClient(enforce_csrf_checks=True, raise_request_exception=False)
    for more in (
        {"HTTP_ORIGIN": "https://zanzibar.example"},
        {"HTTP_REFERER": "https://zanzibar.example/drowned/", "secure": True},
        {"HTTP_HOST": "zanzibar.example"},
    ):
        assert asks.post("/settings/", {"login": "x"}, **more).status_code >= 400
    asks.generic("ZANZIBAR", "/sign-in/")
    gunicorn_error = logging.getLogger("gunicorn.error")
    gunicorn_error.warning("Invalid request from ip=192.0.2.7: 'zanzibar drowned'")
    gunicorn_error.error("Error handling request %s %s", "GET", "/help/zanzibar/?x=y")
    said = told(log)
    assert "192.0.2.7" not in said
    assert "Error handling request ***" in said


@pytest.mark.requirement("R15")
def test_a_page_that_breaks_at_an_address_with_a_word(log, sign_in, thea, monkeypatch):
    monkeypatch.setattr("clients.drafts.KINDS", {"zanzibar": Broken})
    browser = sign_in(thea)
    browser.raise_request_exception = False
    client = admit("Nadia", by=thea)
    url = f"/drafts/{client.pk}/zanzibar/{client.pk}/"
    assert browser.post(url, {"x": "y"}).status_code == 500
    said = told(log)
    assert "broken" in said
    assert f": /drafts/{client.pk}/***/{client.pk}/" in said


def test_a_file_that_is_there_is_named():
    assert path_told("/static/css/frame.css", is_file=True) == "/static/css/frame.css"


def test_nobody_was_written(db):
    assert not User.objects.filter(name__contains=WORDS).exists()
