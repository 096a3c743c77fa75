"""The cost of reading a file, for the worker only."""

import contextlib
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from database import claims
from database.identity import acting_as
from ops.place import BASE
from tests.cast import LIST, read_by_the_worker
from transfer.imports import (
    child,
    crash,
    job,
    parse,
    parser_process,
    sheet,
    steps,
    workbook,
    workbook_parts,
)
from transfer.imports.limits import NotReadable
from transfer.models import CaseloadImport, ImportSheet
from transfer.tests import hostile
from transfer.tests.hostile import HOSTILE, book, rows, words
from transfer.tests.test_import_job import KILLED, at_once, url_as
from transfer.tests.test_import_pages import upload

pytestmark = pytest.mark.requirement("R54")


@pytest.fixture
def counted(monkeypatch):
    """How many elements and bytes of workbooks have been read so far."""
    made = []

    class Counted(workbook.CountedReader):
        def __init__(self):
            super().__init__()
            made.append(self)

    monkeypatch.setattr(workbook, "CountedReader", Counted)
    return made


@pytest.mark.parametrize("what", HOSTILE)
def test_reading_is_limited_and_ends_with_a_message(what, counted):
    raw, code = HOSTILE[what]()
    try:
        found = parse.read(raw)
    except NotReadable as refused:
        assert refused.code == code
        assert sheet.why(refused.code, refused.params) != sheet.OURS
    else:
        assert code is None
        said = [cell for line in found.lines for cell in line.cells]
        assert sum(len(cell.encode()) for cell in said) <= parse.MOST_TEXT
        assert len(found.lines) <= parse.MOST_LINES
        assert len(found.heads) <= parse.MOST_COLUMNS
        assert max(map(len, said)) <= parse.MOST_LETTERS + 1
    for one in counted:
        assert one.elements <= workbook_parts.ELEMENTS + 1
        assert one.bytes <= workbook_parts.UNPACKED + workbook_parts.CHUNK


MEASURED = """
import resource, runpy, sys
try:
    runpy.run_module("transfer.imports.child", run_name="__main__")
finally:
    used = [line for line in open("/proc/self/status") if line.startswith("VmPeak")]
    print(used[0].split()[1], file=sys.stderr)
"""


@pytest.mark.parametrize("what", HOSTILE)
def test_few_rows_and_cells_are_read_whatever_is_in_the_file(what, monkeypatch):
    """Each takes a microsecond or two: two seconds allow a million of them."""
    raw, _code = HOSTILE[what]()
    cleaned, taken = [0], [0]
    clean, lines_of = parse.clean, parse.lines_of

    def counting(cell):
        cleaned[0] += bool(cell)
        return clean(cell)

    def counted(*args):
        for row in lines_of(*args):
            taken[0] += 1
            yield row

    monkeypatch.setattr(parse, "clean", counting)
    monkeypatch.setattr(parse, "lines_of", counted)
    with contextlib.suppress(NotReadable):
        parse.read(raw)
    assert cleaned[0] <= parse.MOST_CELLS
    assert taken[0] <= parse.MOST_ROWS + 2


@pytest.mark.parametrize("what", HOSTILE)
def test_the_reading_process_stays_within_its_memory(what):
    raw, _code = HOSTILE[what]()
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        input=raw, capture_output=True, cwd=BASE, check=True,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(BASE)},
    )  # fmt: skip
    assert int(done.stderr.split()[-1]) * 1024 <= child.MEMORY
    assert done.stdout.startswith(b"{")


def test_a_file_that_takes_too_much_memory_is_refused_with_a_message(monkeypatch):
    """As for another kind of file that nobody has thought of."""
    greedy = (
        "import sys; sys.argv = ['child'];"
        "from transfer.imports import child, parse;"
        "parse.read = lambda raw: bytearray(10 ** 9); child.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", greedy], input=b"x", capture_output=True, cwd=BASE
    )
    assert done.stdout == b'{"refused":"too_much","params":{}}\n'


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "too_much"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", "too_much"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "broken"),
        ("raise SystemExit(1)", "broken"),
        ("import time; time.sleep(60)", "too_much"),
    ],
)
def test_a_reader_that_dies_or_hangs_is_reported_with_a_message(
    tmp_path, settings, does, code
):
    place = tmp_path / "transfer" / "imports"
    place.mkdir(parents=True)
    (place / "child.py").write_text(does)
    settings.BASE = tmp_path
    before, parser_process.WALL = parser_process.WALL, 1
    try:
        with pytest.raises(sheet.CannotRead) as refused:
            parser_process.read(b"x" * 300_000)
    finally:
        parser_process.WALL = before
    assert refused.value.code == code


def test_the_reader_has_no_secrets(tmp_path, settings):
    place = tmp_path / "transfer" / "imports"
    place.mkdir(parents=True)
    told = tmp_path / "environment"
    (place / "child.py").write_text(
        f"import os; open({str(told)!r}, 'w').write(' '.join(os.environ)); exit(1)"
    )
    settings.BASE = tmp_path
    with pytest.raises(sheet.CannotRead):
        parser_process.read(b"x")
    names = set(told.read_text().split())
    assert names <= {"PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE", "LC_CTYPE"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_the_process_reads_the_same_as_this_one(said):
    raw = f"Name,Goal\nMara,{said}".encode(errors="ignore")
    results = []
    for read in (sheet.read, parser_process.read):
        try:
            results.append(read(raw))
        except sheet.CannotRead as error:
            results.append(error.messages)
    assert results[0] == results[1]


# -- workbooks ------------------------------------------------------------------------


def cells(raw):
    return [line.cells for line in parse.read(raw).lines]


def test_strict_open_xml_is_read():
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    raw = book(
        f'<x:worksheet xmlns:x="{strict}"><x:sheetData><x:row><x:c t="inlineStr"><x:is>'
        "<x:t>Name</x:t></x:is></x:c><x:c t='inlineStr'><x:is><x:t>Session</x:t></x:is>"
        "</x:c></x:row><x:row><x:c t='inlineStr'><x:is><x:t>Robin</x:t></x:is></x:c>"
        '<x:c t="d"><x:v>2026-02-03T00:00:00</x:v></x:c></x:row></x:sheetData>'
        "</x:worksheet>"
    )
    assert cells(raw) == [["Robin", "2026-02-03"]]


STYLES = (
    '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[$-407]dd/mm/yyyy;@"/>'
    '<numFmt numFmtId="165" formatCode="0.00&quot; days&quot;"/>'
    '<numFmt numFmtId="166" formatCode="[h]:mm"/></numFmts>'
    '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/>'
    '<xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="22"/>'
    '<xf numFmtId="166"/></cellXfs></styleSheet>'
)


@pytest.mark.parametrize(
    ("style", "value", "said"),
    [
        (0, "46056", "46056"),
        (1, "46056", "2026-02-03"),
        (2, "46056", "2026-02-03"),
        (3, "46056", "46056"),
        (4, "46056.604166666664", "2026-02-03 14:30"),
        (1, "0.5", "12:00"),
        (1, "59", "1900-02-28"),
        (1, "-3", "-3"),
        (1, "99999999", "99999999"),
        (9, "46056", "46056"),
        (0, "4.0", "4"),
        (0, "4.91512345678E+11", "491512345678"),
        (0, "1E+20", "1e+20"),
        (0, "0.1", "0.1"),
        (0, "1_0", "1_0"),
        (0, "nan", "nan"),
    ],
)
def test_numbers_and_dates_are_read_as_displayed(style, value, said):
    sheet_ = rows(hostile.NAME + f'<row><c s="{style}"><v>{value}</v></c></row>')
    assert cells(book(sheet_, styles=STYLES)) == [[said]]


def test_strings_are_read_however_a_workbook_stores_them():
    strings = (
        "<sst><si><t>Name</t></si><si><r><t>Ma</t></r><r><t>ra</t></r></si>"
        "<si><t>東京</t><rPh sb='0' eb='2'><t>トウキョウ</t></rPh></si></sst>"
    )
    raw = book(
        rows(
            '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>'
            '<row><c t="s"><v>2</v></c></row>'
            '<row><c t="str"><f>A1</f><v>Lou</v></c></row>'
            + f"<row>{words('a_x000D_b _x005F_x0041_')}</row>"
            + '<row><c t="b"><v>1</v></c></row>'
        ),
        strings=strings,
    )
    assert cells(raw) == [["Mara"], ["東京"], ["Lou"], ["ab _x0041_"], ["True"]]


def test_errors_and_formulas_without_a_result_are_marked():
    raw = book(
        rows(
            f"<row>{words('Name')}{words('Phone')}{words('Goal')}</row>"
            '<row><c t="e"><v>#N/A</v></c><c><f>1+1</f></c>'
            '<c t="str"><f>B1</f><v></v></c></row>'
        )
    )
    [line] = parse.read(raw).lines
    assert line.faults == {0: "error", 1: "formula"}


@pytest.mark.parametrize(
    "kind",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_list_is_read_in_each_encoding(kind, end):
    raw = end.join(["Name;Ziel", "Jörg;Öfter raus", "Zoë;Schlafen", ""]).encode(kind)
    assert cells(raw) == [["Jörg", "Öfter raus"], ["Zoë", "Schlafen"]]


@pytest.mark.parametrize(
    "line", ["sep=;", '"sep=;"', "SEP=;", "sep=;;;", 'sep="', "sep=,", "sep=x"]
)
def test_the_separator_line_is_never_a_client(line):
    raw = f"{line}\r\nName;Goal\r\nMara;Sleep\r\n".encode()
    if line == "sep=,":  # it is respected
        assert parse.read(raw).heads == ["Name;Goal"]
    else:
        assert cells(raw) == [["Mara", "Sleep"]]


@pytest.mark.parametrize("quoted", [False, True])
def test_a_separator_is_one_that_every_python_accepts(quoted):
    """Python 3.13 rejects a quotation mark, a line break and a NUL; 3.11 accepts some
    of them silently."""
    for number in (*range(0x180), 0x2028, 0x3000, 0xFEFF, 0x1F600):
        line = f'"sep={chr(number)}"' if quoted else f"sep={chr(number)}"
        sign, _rest, _skipped = parse.separated(f"{line}\nName;Goal\nMara;Sleep\n")
        assert len(sign) == 1
        assert sign not in "\"'\r\n \0"
        assert not sign.isalnum()


OTHERS = {
    "password": b"\xd0\xcf\x11\xe0" + b"\0" * 600 + parse.PASSWORD + b"\0" * 600,
    "old_excel": b"\xd0\xcf\x11\xe0" + b"\0" * 600 + parse.WORKBOOK[0],
    "markup": b'<?xml version="1.0"?><Workbook><Row/></Workbook>',
    "open_document": hostile.zipped(
        {"mimetype": "x", "content.xml": "x", "META-INF/manifest.xml": "x"}
    ),
    "binary": hostile.zipped({"xl/workbook.bin": "x"}),
    "no_list": b"%PDF-1.7 ...",
}
MARKUP = [
    b"<html><table><tr><td>Name", b"  \n<!DOCTYPE html>", b"\xef\xbb\xbf<table>",
    "<html>".encode("utf-16"), b"<!-- x --><table>", b"MIME-Version: 1.0\nX-Document:",
]  # fmt: skip


@pytest.mark.parametrize("code", OTHERS)
def test_other_file_types_are_named(code):
    with pytest.raises(NotReadable) as refused:
        parse.read(OTHERS[code])
    assert refused.value.code == code


@pytest.mark.parametrize("raw", MARKUP)
def test_a_web_page_named_like_a_spreadsheet_is_refused(raw):
    with pytest.raises(NotReadable) as refused:
        parse.read(raw)
    assert refused.value.code == "markup"


def test_an_encrypted_zip_is_password_protected():
    raw = bytearray(book(rows(hostile.NAME)))
    begin = 0
    while (begin := raw.find(b"PK\x01\x02", begin)) >= 0:
        raw[begin + 8] |= 1
        begin += 1
    with pytest.raises(NotReadable) as refused:
        parse.read(bytes(raw))
    assert refused.value.code == "password"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_workbook_with_corrupt_bytes_is_read_or_refused_with_a_message(data):
    good = bytearray(book(rows(hostile.NAME * 2), strings=hostile.LONG, styles=STYLES))
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(4, len(good) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse.read(bytes(good))
    except NotReadable as refused:
        assert refused.code in sheet.WHY


# -- the upload -----------------------------------------------------------------------


def received(by, raw=LIST):
    with acting_as(by.pk), transaction.atomic():
        return CaseloadImport.receive(raw, by=by, therapist=by)


@pytest.mark.requirement("R56")
def test_the_file_is_stored_encrypted_and_deleted_once_read(sign_in, thea):
    found = received(thea)
    [row] = ImportSheet.objects.all()
    assert row.part == "upload"
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM transfer_importsheet")
        assert b"Mara" not in bytes(cursor.fetchone()[0])
    page = sign_in(thea).get(f"/caseload/import/{found.pk}/").content.decode()
    assert "Reading your file" in page
    assert read_by_the_worker(found) == "done"
    parts = set(ImportSheet.objects.values_list("part", flat=True))
    assert parts == {"sealed", "review", "mend"}


@pytest.mark.requirement("R3", "R5")
def test_ada_cannot_read_the_file_that_she_uploaded(ada, thea):
    """It contains clinical data beside the names."""
    with acting_as(ada.pk), transaction.atomic():
        CaseloadImport.receive(LIST, by=ada, therapist=thea)
    for who, many in ((ada, 0), (thea, 1)):
        with acting_as(who.pk), transaction.atomic():
            assert ImportSheet.objects.filter(part="upload").count() == many


def test_a_refused_file_is_deleted_at_once_and_says_why(sign_in, thea):
    browser = sign_in(thea)
    page = upload(browser, b'Name,Goal\nMara,"Sleep\n')
    assert "Line 2: a quotation mark is not closed, or out of place." in page
    assert not ImportSheet.objects.exists()
    found = CaseloadImport.objects.get()
    assert found.refusal == {"code": "open_quote", "params": {"number": 2}}
    # The next file can be chosen there, and replaces it.
    assert 'action="/caseload/import/"' in page
    assert upload(browser, LIST).startswith("/caseload/import/")
    found.refresh_from_db()
    assert found.state == "dropped"


@pytest.mark.parametrize("code", ["password", "old_excel", "markup", "no_list"])
def test_errors_in_the_first_bytes_are_reported_at_once(sign_in, thea, code):
    from transfer.tests.test_import_pages import SimpleUploadedFile

    browser = sign_in(thea)
    file = SimpleUploadedFile("list.xlsx", OTHERS[code])
    page = browser.post("/caseload/import/", {"file": file}).content.decode()
    assert str(sheet.WHY[code]) in page
    assert not CaseloadImport.objects.exists()


def test_stopped_while_being_read_nothing_is_stored(sign_in, thea, monkeypatch):
    found = received(thea)
    read = parser_process.read

    def meanwhile(raw):
        with acting_as(thea.pk), transaction.atomic():
            assert found.drop(by=thea)
        return read(raw)

    monkeypatch.setattr(parser_process, "read", meanwhile)
    assert read_by_the_worker(found) == "taken away"
    assert not ImportSheet.objects.exists()


def test_two_workers_read_it_once(real_login, thea):
    found = received(thea)
    calls = [lambda: steps.read_file(found.pk)] * 3
    assert at_once(real_login, *calls) == ["done", "not now", "not now"]


WORKER = """
import django, sys
django.setup()
from transfer.imports import steps
sys.exit({"done": 0, "refused": 0, "not now": 3}.get(getattr(steps, sys.argv[2])(
    sys.argv[1]), 1))
"""


def worker(found, step, point="-"):
    env = os.environ | {
        "DATABASE_URL": url_as("cairn_worker"),
        "DJANGO_SETTINGS_MODULE": "therapy.settings",
        "PYTHONPATH": str(BASE),
        "CRASH_AT": point,
    }
    command = [sys.executable, "-c", WORKER, str(found.pk), step]
    return subprocess.run(command, cwd=BASE, env=env).returncode


def lease_ends():
    from django.utils import timezone

    CaseloadImport.objects.exclude(claim=None).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


@pytest.mark.parametrize("point", crash.STEPS[:2])
def test_a_worker_killed_while_reading_is_replaced_by_another(
    transactional_db, thea, point
):
    found = received(thea)
    assert worker(found, "read_file", point) == KILLED
    assert worker(found, "read_file") == 3  # its lease is valid: it might be alive
    lease_ends()
    assert job.waiting() == [(found.pk, "reading")]
    assert worker(found, "read_file") == 0
    found.refresh_from_db()
    assert (found.state, found.claim) == ("ready", None)
    assert not ImportSheet.objects.filter(part="upload").exists()


def test_a_file_that_kills_its_worker_each_time_is_given_up_with_a_message(
    transactional_db, thea, sign_in
):
    found = received(thea)
    for _attempt in range(claims.ATTEMPTS):
        assert worker(found, "read_file", "file_claimed") == KILLED
        lease_ends()
    assert worker(found, "read_file") == 1
    page = sign_in(thea).get(f"/caseload/import/{found.pk}/").content.decode()
    assert str(sheet.OURS) in page
    job.sweep()
    assert not ImportSheet.objects.exists()


def test_changed_columns_are_reread_by_the_worker_before_the_import(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, b"Who,Contact\nMara,mara@example.com\n")
    said = {"column-0": "preferred_name", "column-1": "email", "act": "bring"}
    assert browser.post(url, said).status_code == 302
    found = CaseloadImport.objects.get()
    assert found.state == "reading"
    assert "Reading your file" in browser.get(url).content.decode()
    assert read_by_the_worker(found) == "done"
    found.refresh_from_db()
    assert (found.state, found.columns) == ("ready", ["preferred_name", "email"])
