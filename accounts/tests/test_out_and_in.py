"""Files, audit rows, links and addresses that leave the application."""

import csv
import io
import os
import re
import stat
import unicodedata

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.test import RequestFactory, override_settings
from hypothesis import example, given
from hypothesis import settings as settings_of
from hypothesis import strategies as st

from accounts import addresses, invitations
from accounts.middleware import ProxyMiddleware
from accounts.models import AddressChange, AuditEvent, SignIn, Tries
from accounts.tests.test_older_sign_ins import by_the_mailed_link
from conftest import WebClient, admit
from database.identity import acting_as
from ops import place
from transfer.export.files import as_csv
from ui import csv_cells

# -- spreadsheet cells -----------------------------------------------------------------

FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\uff1d1", "\uff0b1", "\uff0d1", "\uff201",
    "\ufe661", "\ufe631", "\ufe621", "\ufe6b1", "\u22121",
    " =1", "'=1", '"=1', "\" '=1", "\tx", "\rx", "\nx",
    "\u00a0=1", "\u3000=1", "\u200b=1", "\ufeff=1", "\u202e=1", "\u2019=1", "\uff02=1",
    "\uff07=1", "\x00=1", "\x1f=1",
]  # fmt: skip
PLAIN = ["", "Cleo", "a=b", "1-2", "3 + 4", "'quoted'", "#hash", "x@y.example",
         "\u4e00", "\u2014 and so on", "(1)", "a, b; c | d", "a;b=c", "x\ny-z",
         "2; 3; 5", "a; 'b'", "one, (-1)", ";", ";;", "a;", "a; '"]  # fmt: skip


@pytest.mark.requirement("R51")
@pytest.mark.parametrize("cell", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_run_is_escaped(cell):
    assert csv_cells.harmless(cell) == f"'{cell}"
    assert f"'{cell}"[:2] in as_csv([{"words": cell}])


INSIDE = {
    "Cleo;=cmd|'/C calc'!A0;x": "Cleo;'=cmd|'/C calc'!A0;x",
    "a,=1": "a,'=1", "a\t=1": "a\t'=1", "a|=1": "a|'=1", "a\r\n=1": "a\r\n'=1",
    "a;+1;-1;@x;\u22121": "a;'+1;'-1;'@x;'\u22121", "a; \u00a0=1": "a; \u00a0'=1",
    "a;\uff1d1,\uff0b1": "a;'\uff1d1,'\uff0b1", 'a;"=1"': "a;\"'=1\"",
    "a;'=1": "a;''=1", "a;\u200b=1": "a;\u200b'=1", "a\n- b\n- c": "a\n'- b\n'- c",
    ";=1": ";'=1", "\t=1": "'\t'=1", "\n=1": "'\n'=1", "\u2028=1": "'\u2028'=1",
    "=1;=2": "'=1;'=2", "a;;=1": "a;;'=1", "a;\t=1": "a;\t'=1",
    "a,\u2019=1": "a,\u2019'=1",
}  # fmt: skip


@pytest.mark.requirement("R51")
@pytest.mark.parametrize(("cell", "written"), INSIDE.items())
def test_a_cell_that_another_separator_would_split_is_escaped_too(cell, written):
    assert csv_cells.harmless(cell) == written


CELLS = st.lists(
    st.sampled_from([*";,|\t\r\n\v\x85\u2028 =+-@'\"\uff1d\uff0b\u2212\u00a0\u200bx"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=12,
).map("".join)  # fmt: skip


ROOMS = ("ui", "accounts", "clients", "appointments", "goals", "notes", "transfer",
         "overview", "digests",
         "portal")  # fmt: skip


def pieces_of(written, separators):
    """The cells of a file as a spreadsheet with these separators reads it."""
    for piece in re.split(f"[{re.escape(separators)}\r\n]", written):
        yield piece.strip('" \u00a0\u200b\ufeff\u2019\x00')


@pytest.mark.requirement("R51")
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_is_a_formula_whatever_the_separator(delimiter):
    @settings_of(max_examples=600, deadline=None, derandomize=True)
    @given(rows=st.lists(st.lists(CELLS, max_size=3), max_size=3))
    @example([["Cleo;=cmd|'/C calc'!A0;x", '=1\t"+1'], ["a,'=1", "'\t=1"]])
    def tried(rows):
        file = io.StringIO()
        cells = [[csv_cells.harmless(cell) for cell in row] for row in rows]
        csv.writer(file, delimiter=delimiter).writerows(cells)
        for separators in (",", ";", "\t", "|", ",;\t|"):
            for piece in pieces_of(file.getvalue(), separators):
                sign = unicodedata.normalize("NFKC", piece[:1])[:1]
                assert not sign or sign not in "=+-@\u2212", (piece, separators)

    tried()


@pytest.mark.requirement("R51")
def test_an_escaped_cell_reads_back_as_it_was():
    @settings_of(max_examples=600, deadline=None, derandomize=True)
    @given(cell=CELLS)
    def tried(cell):
        marked = csv_cells.harmless(cell)
        if csv_cells.is_formula(cell):
            assert marked[0] == "'"
            marked = marked[1:]
        assert csv_cells.unmarked_inside(marked) == cell

    tried()


@pytest.mark.parametrize("cell", PLAIN)
def test_any_other_cell_is_unchanged(cell):
    assert csv_cells.harmless(cell) == cell


def test_there_is_one_rule_for_escaping_cells():
    """No other module implements a second one."""
    found = [
        path
        for room in ROOMS
        for path in (settings.BASE / room).rglob("*.py")
        if "/tests/" not in str(path) and "/migrations/" not in str(path)
        if "def harmless" in path.read_text() or "FORMULA = " in path.read_text()
    ]
    assert {path.name for path in found} == {
        "csv_cells.py",
        "cells.py",
    }  # written, read


# -- files -----------------------------------------------------------------------------


@pytest.mark.requirement("R42", "R45")
def test_a_file_runs_nothing_and_is_same_site_only(sign_in, ada, thea):
    for who, url in ((ada, "/audit/csv/"), (thea, "/caseload/import/sample/")):
        answer = sign_in(who).get(url)
        assert answer.status_code == 200, url
        assert answer["Content-Disposition"].startswith("attachment")
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        policy = answer["Content-Security-Policy"].split("; ")
        assert "sandbox" in {part.strip() for part in policy}
        assert "default-src 'none'" in policy
    page = sign_in(ada).get("/audit/")
    assert "sandbox" not in page["Content-Security-Policy"]


def test_every_file_is_sent_by_one_function():
    for room in ROOMS:
        for path in (settings.BASE / room).rglob("*.py"):
            if "/tests/" not in str(path) and path.name not in (
                "downloads.py",
                "middleware.py",
            ):
                assert "Content-Disposition" not in path.read_text(), path


@pytest.mark.requirement("R60")
def test_the_list_of_static_files_is_not_served(db, settings, tmp_path):
    real = {"BACKEND": "therapy.static_files.HashedFiles"}
    storages = {**settings.STORAGES, "staticfiles": real}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)
        assert (tmp_path / "staticfiles.json").exists()
        served = next((tmp_path / "css").glob("*.css")).name
        browser = WebClient()
        answer = browser.get(f"/static/css/{served}")
        assert answer.status_code == 200
        request_finished.disconnect(close_old_connections)  # the test's own connection
        answer.close()
        request_finished.connect(close_old_connections)
        for name in ("staticfiles.json", "./staticfiles.json", "staticfiles.json.gz"):
            assert browser.get(f"/static/{name}").status_code in (302, 404), name


def test_a_log_is_readable_by_its_owner_and_group_only(tmp_path):
    before = os.umask(0)
    try:
        for name, mode in (("new.log", "ab"), ("old.log", "wb")):
            log = tmp_path / "log" / name
            if name == "old.log":
                log.write_text("x")
                log.chmod(0o666)
            with place.open_log(log, mode) as file:
                file.write(b"y")
            assert stat.S_IMODE(log.stat().st_mode) == 0o640
    finally:
        os.umask(before)


# -- what a refused request leaves in the audit log ------------------------------------


@pytest.mark.requirement("R15")
def test_only_ids_and_numbers_of_a_refused_url_are_logged(sign_in, theo, cleo):
    his = sign_in(theo)
    words = "Cleo-is-afraid"
    assert his.post(f"/drafts/{cleo.pk}/{words}/{cleo.pk}/").status_code == 404
    [event] = AuditEvent.objects.filter(verb="refused")
    assert event.detail["asked"]["client_id"] == str(cleo.pk)
    assert words not in str(event.detail)


# -- one-use links ---------------------------------------------------------------------


@pytest.fixture
def links(thea):
    nadia = admit("Nadia", by=thea, joined=False, email="nadia@example.test")
    with acting_as(thea.pk), transaction.atomic():
        nadia.invite(by=thea)
        change = addresses.want(thea, "thea.new@example.test")
    invitation = nadia.user.invitations.get()
    from django.contrib.auth.tokens import default_token_generator
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode

    uid = urlsafe_base64_encode(force_bytes(thea.pk))
    return [
        f"/join/{invitations.token(invitation.pk)}/",
        f"/address/{addresses.token(change.pk)}/",
        f"/reset/{uid}/{default_token_generator.make_token(thea)}/",
        "/join/nonsense/",
        "/address/nonsense/",
        "/reset/x/nonsense/",
        "/sign-in/",
        "/reset/",
        "/join/",
        "/help/",
        "/",
    ]


@pytest.mark.requirement("R32")
def test_a_browser_without_cookies_leaves_no_row(db, links):
    Tries.objects.all().delete()  # of the person who sent them
    for url in links:
        for _ in range(3):
            answer = WebClient().get(url)
            if answer.status_code == 302:
                WebClient().get(answer.url)
    assert not SignIn.objects.exists()
    assert not Tries.objects.exists()


@pytest.mark.requirement("R32")
def test_the_secret_is_stored_where_no_script_reads_it(db, links):
    for url, name in zip(links[:3], ("join", "address", "reset"), strict=True):
        browser = WebClient()
        secret = url.rstrip("/").rpartition("/")[2]
        answer = browser.get(url)
        assert secret not in answer.url
        cookie = browser.cookies[name]
        assert cookie.value == secret
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"


def test_thea_confirms_her_address_and_the_link_is_forgotten(sign_in, thea):
    here = sign_in(thea)
    here.post("/settings/address/", {"email": "thea.new@example.test"})
    change = AddressChange.objects.get()
    here.get(f"/address/{addresses.token(change.pk)}/")
    assert here.post("/address/").url == "/settings/"
    assert not here.cookies["address"].value
    assert here.get("/address/").status_code == 410


def test_the_link_for_a_new_password_works_once_and_is_forgotten(db, thea):
    browser = WebClient()
    assert by_the_mailed_link(thea, browser).url == "/sign-in/"
    assert not browser.cookies["reset"].value
    thea.refresh_from_db()
    assert thea.check_password("the long way home at night")


@pytest.mark.requirement("R26")
def test_made_up_links_are_rate_limited(db, practice):
    browser = WebClient()
    for number in range(31):
        browser.get(f"/join/{number:064x}/")
        last = browser.get("/join/")
    assert last.status_code == 429
    browser.cookies.pop("join")
    assert browser.get("/join/").status_code == 410


# -- client addresses ------------------------------------------------------------------


@pytest.mark.requirement("R48")
@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ('"203.0.113.5"', "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("[::ffff:203.0.113.5]:1", "203.0.113.5"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", ""),
        ("_hidden", ""),
        ("", ""),
        (" ", ""),
        ("6.6.6.6, 203.0.113.5", "203.0.113.5"),
        ("203.0.113.5, unknown", ""),
        ("203.0.113.5,", ""),
        ("127.0.0.1, nonsense", ""),
        ("999.1.1.1", ""),
        ("1.2.3.4.5:80", ""),
        ("\xff", ""),
    ],
)
def test_a_proxy_header_is_read_or_counts_as_unknown(said, place):
    seen = []
    ask = ProxyMiddleware(lambda request: seen.append(request.META["REMOTE_ADDR"]))
    ask(RequestFactory().get("/", headers={"X-Forwarded-For": said}))
    assert seen == [place]


def test_a_request_without_a_proxy_comes_from_this_machine():
    seen = []
    ask = ProxyMiddleware(lambda request: seen.append(request.META["REMOTE_ADDR"]))
    ask(RequestFactory().get("/"))
    assert seen == ["127.0.0.1"]


@pytest.mark.requirement("R26", "R48")
def test_unknown_addresses_count_as_one_place_and_not_this_machine(db, thea):
    guess = {"login": thea.email, "password": "not this one"}
    for _ in range(6):
        last = WebClient().post("/sign-in/", guess, REMOTE_ADDR="")
    assert last.status_code == 429
    said = {"login": thea.email, "password": "thea-passes-by-the-lake"}
    assert WebClient().post("/sign-in/", said).status_code == 302
