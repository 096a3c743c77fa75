"""The pages of an import: a therapist's own, and an admin's, who sees less."""

import csv
import io
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone

from accounts.models import DataKey
from appointments.models import TherapySession
from clients.models import Client
from conftest import admit, as_role
from database.identity import acting_as
from tests.cast import LIST, list_of, pinned, read_by_the_worker, tight
from transfer.imports import job, sheet
from transfer.models import CaseloadImport, ImportSheet

OWN_PARTS = {"sealed", "review", "mend"}
NEAR = "Preferred name,Email,Session\nMara,mara@example.com,{}\nLou,,{}\n"


def upload(browser, raw, *, at="/caseload/import/", name="list.csv", **said):
    """Upload a file, which the worker reads; return the URL of its page, or the page
    with errors."""
    body = said | {"file": SimpleUploadedFile(name, raw)}
    answer = browser.post(at, body)
    if answer.status_code != 302:
        return answer.content.decode()
    if read_by_the_worker(latest()) == "refused":
        return browser.get(answer.url).content.decode()
    return answer.url


def latest():
    return CaseloadImport.objects.latest("made_at")


def post(browser, url, said):
    """Submit the form of an import; the worker rereads it if needed."""
    answer = browser.post(url, said)
    if latest().state == "reading":
        read_by_the_worker(latest())
    return answer


def chosen(**changed):
    """The form data as the page offers it, with some values changed."""
    columns = CaseloadImport.objects.latest("made_at").columns
    said = {f"column-{at}": name for at, name in enumerate(columns)}
    more = {name.replace("_at_", "-"): value for name, value in changed.items()}
    return said | {"act": "bring"} | more


def text(answer):
    return answer.content.decode()


# -- a therapist's own ----------------------------------------------------------------


def test_an_export_with_semicolons_and_windows_encoding_is_imported(
    sign_in, real_login, thea, settings
):
    thea.time_zone = "Europe/Berlin"
    thea.save()
    raw = (
        "Vorname;Name;E-Mail;Termine;Ziel;Bewertung;bewertet am;Rechnung\r\n"
        "Jörg;Müller;joerg@example.com;03.02.2026;Öfter raus;3;17.02.2026;7\r\n"
    ).encode("cp1252")
    browser = sign_in(thea)
    url = upload(browser, raw)
    page = text(browser.get(url))
    assert "in Windows encoding" in page
    assert "Jörg" in page
    assert "03/02/2026 is" not in page  # the 17th decides the date order
    assert post(browser, url, chosen()).url == url
    assert "It starts as soon as a worker is free" in text(browser.get(url))
    found = CaseloadImport.objects.get()
    with real_login("cairn_worker"):
        assert job.bring_in(found.pk) == "done"
    assert "1 client imported" in text(browser.get(url))
    assert "Jörg Müller" in text(browser.get("/caseload/"))
    [session] = TherapySession.objects.all()
    assert f"{session.starts_at:%d.%m.%Y %H:%M}" == "03.02.2026 11:00"  # noon there


def test_a_column_is_corrected_and_previewed_before_the_import(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, b"Who,Contact\nMara,mara@example.com\n")
    assert "One column must be the preferred name" in text(post(browser, url, chosen()))
    said = chosen(column_at_0="preferred_name", column_at_1="email")
    assert post(browser, url, said).url == url
    assert CaseloadImport.objects.get().state == "ready"
    page = text(browser.get(url))
    assert "Columns applied" in page
    assert '<option value="email" selected>' in page
    post(browser, url, said)
    assert CaseloadImport.objects.get().state == "waiting"


def test_two_columns_cannot_both_be_the_name(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, LIST)
    page = text(post(browser, url, chosen(column_at_1="preferred_name")))
    # At the two fields, and in the summary.
    assert page.count("Two columns can’t both be this.") == 4


def test_the_date_order_is_asked_only_if_it_is_open(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, NEAR.format("3/2/2026", "4/2/2026").encode())
    page = text(browser.get(url))
    assert "03/02/2026 is" in page
    assert "checked" not in page
    assert "Choose one." in text(post(browser, url, chosen()))
    # The other order is previewed first, then imported.
    assert post(browser, url, chosen(date_order="month")).status_code == 302
    assert CaseloadImport.objects.get().state == "ready"
    post(browser, url, chosen(date_order="month"))
    found = CaseloadImport.objects.get()
    assert (found.state, found.date_order) == ("waiting", "month")


def test_the_previewed_date_order_needs_one_click(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, NEAR.format("3/2/2026", "4/2/2026").encode())
    post(browser, url, chosen(date_order="day"))
    assert CaseloadImport.objects.get().state == "waiting"


def test_lines_with_errors_block_the_import_until_the_user_decides(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, NEAR.format("2026-02-03", "31.2.2026").encode())
    page = text(browser.get(url))
    for words in ("Line 3", "Session: 31.2.2026", "This date does not exist."):
        assert words in page
    assert "Fix these lines, or choose to leave them out." in text(
        post(browser, url, chosen())
    )
    assert CaseloadImport.objects.get().state == "ready"
    post(browser, url, chosen(leave_out="on"))
    assert CaseloadImport.objects.get().state == "waiting"


@pytest.mark.requirement("R51")
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝"])
def test_lines_with_errors_can_be_downloaded_fixed_and_imported(sign_in, thea, sign):
    raw = "Name;Email;Phone;Session\nMara;m@;{0}1+1;\nLou;;2;2026-02-03\n"
    browser = sign_in(thea)
    url = upload(browser, raw.format(sign).encode())
    answer = browser.get(f"{url}lines/")
    assert answer["Content-Disposition"] == 'attachment; filename="lines-to-mend.csv"'
    assert answer.content.startswith("\ufeff".encode())
    said = list(csv.reader(io.StringIO(text(answer).lstrip("\ufeff")), delimiter=";"))
    assert said == [
        ["Line", "Name", "Email", "Phone", "Session", "To fix"],
        [
            "2",
            "Mara",
            "m@",
            f"'{sign}1+1",
            "",
            "Email: This is not an email address.",
        ],
    ]
    mended = answer.content.replace(b"m@;", b"m@example.com;")
    upload(browser, mended)
    found = CaseloadImport.objects.latest("made_at")
    assert found.columns == ["", "preferred_name", "email", "phone", "session", ""]
    with acting_as(thea.pk), transaction.atomic():
        again = ImportSheet.objects.get(caseload_import=found, part="sealed").sheet
    assert again.lines[0].cells[3] == f"{sign}1+1"


def test_existing_clients_are_named(sign_in, thea, cleo):
    cleo_too = f"Name,Email\nC,{cleo.user.email}\nPat,\nMara,m@example.com\n"
    admit("Pat", by=thea, joined=False)
    browser = sign_in(thea)
    page = text(browser.get(upload(browser, cleo_too.encode())))
    assert "Cleo Hart, Pat (by name)" in " ".join(page.split())
    assert "Already here, not changed" in page


def test_clients_of_others_are_not_revealed(sign_in, thea, carl, ada):
    raw = f"Name,Email\nX,{carl.user.email}\nY,{ada.email}\nCarl Osei,\n"
    browser = sign_in(thea)
    page = text(browser.get(upload(browser, raw.encode())))
    assert "Already here, not changed" not in page
    assert "<dt>New clients</dt><dd><b>3</b></dd>" in tight(page)


def test_a_file_with_only_existing_clients_cannot_be_started(sign_in, thea, cleo):
    browser = sign_in(thea)
    url = upload(browser, f"Name,Email\nC,{cleo.user.email}\n".encode())
    assert "There are no new clients in this file." in text(
        post(browser, url, chosen())
    )
    assert CaseloadImport.objects.get().state == "ready"


def test_a_new_file_replaces_the_one_before(sign_in, thea):
    browser = sign_in(thea)
    first = upload(browser, LIST)
    second = upload(browser, LIST)
    assert browser.get(first).status_code == 404
    assert browser.get(second).status_code == 200
    assert ImportSheet.objects.count() == len(OWN_PARTS)
    assert browser.post(f"{second}stop/").url == "/caseload/import/"
    assert not ImportSheet.objects.exists()


def test_a_waiting_file_is_offered_again(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, LIST)
    page = text(browser.get("/caseload/import/"))
    assert "A list is ready to check" in page
    assert url in page


def test_the_import_is_linked_from_the_caseload_and_from_people(sign_in, thea, ada):
    page = text(sign_in(thea).get("/caseload/"))
    # beside the add button, and in the empty list
    assert page.count('href="/caseload/import/"') == 2
    assert 'href="/people/import/"' in text(sign_in(ada).get("/people/"))


@pytest.mark.requirement("R45")
@pytest.mark.parametrize("who", ["caseload", "people"])
def test_the_sample_is_a_download_that_can_be_imported(sign_in, thea, ada, who):
    browser = sign_in(thea if who == "caseload" else ada)
    answer = browser.get(f"/{who}/import/sample/")
    assert answer["Content-Disposition"].startswith("attachment")
    url = upload(
        browser, answer.content, at=f"/{who}/import/", name="x.xlsx", therapist=thea.pk
    )
    assert "Robin Vale, Alex Moor" in text(browser.get(url))
    assert "Every line can be read." in text(browser.get(url))


# -- files that are not lists ---------------------------------------------------------


def test_a_missing_or_invalid_file_is_reported_at_the_field(sign_in, thea):
    browser = sign_in(thea)
    assert "Fill this in." in text(browser.post("/caseload/import/", {}))
    page = upload(browser, b"\x89PNG\r\n\x1a\n\0\0")
    assert "This file can’t be read as a list." in page
    assert CaseloadImport.objects.get().state == "refused"
    assert str(sheet.EMPTY) in upload(browser, b"Name,E-mail\n")
    assert not ImportSheet.objects.exists()


@pytest.mark.requirement("R54")
def test_no_upload_is_ever_written_to_disk(sign_in, thea, monkeypatch):
    import tempfile

    def refuses(*args, **kwargs):
        raise AssertionError("a file was made")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuses)
    monkeypatch.setattr(tempfile, "mkstemp", refuses)
    browser = sign_in(thea)
    large = LIST + (b" " * 1000 + b"\n") * 4000
    assert upload(browser, large).startswith("/caseload/import/")
    assert str(sheet.TOO_LARGE) in upload(browser, LIST + b" " * 5_500_000)


@pytest.mark.requirement("R15", "R56")
def test_the_upload_is_encrypted_and_the_worker_gets_only_the_id(
    sign_in, thea, monkeypatch, caplog, django_capture_on_commit_callbacks
):
    from django.db import connection

    from accounts import celery_kick

    told = []
    monkeypatch.setattr(
        celery_kick, "the_worker", lambda *args, **more: told.append(more)
    )
    browser = sign_in(thea)
    url = upload(browser, LIST)
    with django_capture_on_commit_callbacks(execute=True):
        post(browser, url, chosen())
    found = CaseloadImport.objects.get()
    assert told == [{"args": [str(found.pk)]}]
    with connection.cursor() as cursor:
        for table in ("transfer_importsheet", "transfer_caseloadimport"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            assert "Mara" not in cursor.fetchone()[0]
        cursor.execute("SELECT body FROM transfer_importsheet")
        assert b"Mara" not in bytes(cursor.fetchone()[0])
    assert "Mara" not in caplog.text


# -- while it runs --------------------------------------------------------------------


def test_a_polling_page_does_not_keep_the_user_signed_in(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, LIST)
    post(browser, url, chosen())
    page = text(browser.get(url))
    assert 'hx-trigger="every 1s"' in page
    assert """hx-headers='{"Accept": "application/json"}'""" in page
    found = CaseloadImport.objects
    found.update(state="running", percent=40)
    part = text(browser.get(url, headers={"HX-Request": "true"}))
    assert 'aria-valuenow="40"' in part
    assert "40 percent" in part
    found.update(state="done", finished_at=timezone.now(), people=1)
    answer = browser.get(url, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"


def test_a_failed_import_says_so_and_can_be_retried(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, LIST)
    CaseloadImport.objects.update(state="failed")
    assert "nothing was imported" in text(browser.get(url))
    assert post(browser, url, chosen()).status_code == 302
    assert CaseloadImport.objects.get().state == "waiting"


def test_while_it_runs_nothing_can_be_changed(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, LIST)
    post(browser, url, chosen())
    page = text(post(browser, url, chosen(column_at_1="")))
    assert "It starts as soon as a worker is free" in page
    assert CaseloadImport.objects.get().columns[1] == "email"
    assert browser.get(f"{url}lines/").status_code == 404


def test_after_a_day_its_page_is_gone(sign_in, thea):
    browser = sign_in(thea)
    url = upload(browser, LIST)
    ImportSheet.objects.all().delete()
    assert browser.get(url).status_code == 404
    assert browser.get(f"{url}lines/").status_code == 404


# -- an admin's import ----------------------------------------------------------------

SECRETS = ["Nightmares", "2026-01-05", "Sleep", "Unknown-canary", "31.2.2026", "eleven"]
ADAS = (
    b"Preferred name,E-mail,Phone,Concern,Session,Goal,Rating,Diary\n"
    b"Mara,mara@example.com,1,Nightmares,2026-01-05,Sleep,4,Unknown-canary\n"
    b"Lou,lou@example.com,2,Nightmares,31.2.2026,Sleep,eleven,Unknown-canary\n"
    b"Kim,@@,3,,,,,\n"
)


def adas(browser, therapist, raw=ADAS):
    return upload(browser, raw, at="/people/import/", therapist=therapist.pk)


@pytest.mark.requirement("R3", "R5")
def test_no_page_and_no_file_shows_ada_a_clinical_cell(sign_in, ada, thea):
    browser = sign_in(ada)
    url = adas(browser, thea)
    everything = [text(browser.get(url)), text(browser.get(f"{url}lines/"))]
    # She relabels a clinical column as name or phone: it stays hidden.
    for at in range(3, 8):
        for name in ("preferred_name", "pronouns", "phone", "goal", "session", ""):
            answer = post(browser, url, chosen(act="check") | {f"column-{at}": name})
            everything.append(text(answer))
            everything += [text(browser.get(url)), text(browser.get(f"{url}lines/"))]
    for said in everything:
        for secret in SECRETS:
            assert secret not in said, secret
    assert "Mara" in everything[0]
    assert "Encrypted for the therapist" in everything[0]


def test_ada_reads_which_column_of_which_line_has_an_error_and_why(sign_in, ada, thea):
    browser = sign_in(ada)
    url = adas(browser, thea)
    page = tight(text(browser.get(url)))
    assert '<strong>Session</strong><p class="muted">This date does not exist.' in page
    assert "<strong>E-mail: @@</strong>" in page
    said = list(csv.reader(io.StringIO(text(browser.get(f"{url}lines/")))))
    assert said[0] == ["\ufeffLine", "Preferred name", "E-mail", "Phone",
                       "To fix"]  # fmt: skip
    reason = "Session: This date does not exist."
    assert said[1][:4] == ["3", "Lou", "lou@example.com", "2"]
    assert said[1][4].startswith(reason)
    assert said[2] == ["4", "Kim", "'@@", "3", "E-mail: This is not an email address."]


def test_a_clinical_column_never_becomes_a_name(sign_in, ada, thea):
    browser = sign_in(ada)
    url = adas(browser, thea)
    page = text(
        post(browser, url, chosen(column_at_0="", column_at_5="preferred_name"))
    )
    assert "one of the options" in page
    assert CaseloadImport.objects.get().columns[5] == "goal"


@pytest.mark.requirement("R1", "R5")
def test_the_database_shows_ada_only_names_and_theo_nothing(ada, thea, theo, practice):
    found = list_of(ada, therapist=thea, raw=ADAS)
    parts = {
        person.name: set(sheets(person)) for person in (ada, thea, theo)
    }  # fmt: skip
    assert parts == {
        "Ada": {"directory", "review", "mend"},
        "Thea": {"directory", "review", "mend", "sealed"},
        "Theo": set(),
    }
    for body in sheets(ada).values():
        assert "Nightmares" not in body
        assert "Unknown-canary" not in body
    assert "Nightmares" in sheets(thea)["sealed"]
    keys = ImportSheet.objects.in_bulk(field_name="pk")
    for person, many in ((ada, 3), (thea, 4), (theo, 0)):
        with acting_as(person.pk):
            assert DataKey.objects.filter(client_id__in=keys).count() == many
    with as_role("cairn_worker"):
        ids = list(CaseloadImport.objects.values_list("pk", flat=True))
    assert ids == [found.pk]


def sheets(person):
    """What PostgreSQL shows them, decrypted."""
    with acting_as(person.pk), transaction.atomic():
        return {row.part: row.body for row in ImportSheet.objects.all()}


def test_thea_sees_it_once_imported_and_who_imported_it(sign_in, real_login, ada, thea):
    browser, hers = sign_in(ada), sign_in(thea)
    url = adas(browser, thea, raw=LIST)
    theirs = url.replace("people", "caseload")
    assert hers.get(theirs).status_code == 404
    assert hers.post(f"{theirs}stop/").status_code == 404
    post(browser, url, chosen())
    found = CaseloadImport.objects.get()
    with real_login("cairn_worker"):
        assert job.bring_in(found.pk) == "done"
    assert "To the caseload of Thea" in text(browser.get(url))
    page = text(hers.get(theirs))
    assert "Ada imported them to your caseload" in page
    assert "by Ada" in text(hers.get("/caseload/import/"))
    assert "Mara" in text(hers.get("/caseload/"))
    assert "for Thea" in text(browser.get("/people/import/"))
    assert "Mara" in text(browser.get("/care-roles/"))


def test_the_page_says_who_was_emailed_and_who_was_invited_since(
    sign_in, real_login, thea
):
    browser = sign_in(thea)
    url = upload(browser, NEAR.format("2026-02-03", "").encode())
    post(browser, url, chosen())
    found = latest().pk
    with real_login("cairn_worker"):
        assert job.bring_in(found) == "done"
    mara = Client.objects.get(preferred_name="Mara")
    invite = "Invite clients from their own pages when you’re ready."
    for said in ("The import sent no emails.", invite):
        assert said in text(browser.get(url))
    assert "invited to the portal since" not in text(browser.get(url))
    browser.post(f"/clients/{mara.pk}/invite/")
    page = text(browser.get(url))
    assert "The import sent no emails." in page and invite in page
    assert "1 client was invited to the portal since." in page


def test_ada_chooses_the_therapist_and_a_file_contains_the_name(
    sign_in, ada, thea, cleo
):
    browser = sign_in(ada)
    page = upload(browser, LIST, at="/people/import/")
    assert "Choose one." in page
    page = upload(browser, LIST, at="/people/import/", therapist=cleo.user_id)
    assert "one of the options" in page
    raw = b"Diary,Who\nUnknown-canary,Mara\n"
    page = upload(browser, raw, at="/people/import/", therapist=thea.pk)
    assert "No column looks like a preferred name" in page
    assert "Unknown-canary" not in page
    assert not ImportSheet.objects.exists()


def test_ada_is_told_who_is_already_in_the_practice(sign_in, ada, thea, carl):
    raw = f"Name,Email\nC,{carl.user.email}\nMara,m@example.com\n".encode()
    browser = sign_in(ada)
    page = " ".join(text(browser.get(adas(browser, thea, raw))).split())
    assert "Carl Osei" in page
    assert "<dt>New clients</dt><dd><b>1</b></dd>" in tight(page)


def test_a_therapist_who_is_also_admin_imports_their_own_as_a_therapist(
    sign_in, practice, thea
):
    from conftest import person

    samir = person(practice, "Samir", is_therapist=True, is_admin=True)
    browser = sign_in(samir)
    page = text(browser.get("/people/import/"))
    assert ">Thea</option>" in page
    assert ">Samir</option>" not in page
    url = upload(browser, ADAS)
    assert "Nightmares" in text(browser.get(url))
    assert browser.get(url.replace("caseload", "people")).status_code == 404
    url = adas(browser, thea)
    assert "Nightmares" not in text(browser.get(url))
    assert browser.get(url.replace("people", "caseload")).status_code == 404


# -- internals ------------------------------------------------------------------------


def test_a_row_that_claims_to_be_a_client_does_not_delete_a_clients_key(thea, cleo):
    found = list_of(thea)
    with acting_as(thea.pk), transaction.atomic():
        ImportSheet(
            pk=cleo.pk, practice=thea.practice, caseload_import=found, part="directory"
        ).save(force_insert=True)
        ImportSheet.objects.filter(pk=cleo.pk).delete()
    assert DataKey.objects.filter(client_id=cleo.pk).exists()
    with acting_as(thea.pk), transaction.atomic():
        ImportSheet.objects.all().delete()
    assert set(DataKey.objects.exclude(client_id=None).values_list("client_id")) == {
        (cleo.pk,)
    }


def test_client_ids_derive_from_the_list_and_never_repeat(thea):
    one, two = list_of(thea), list_of(thea)
    keys = {found.key_of(n) for found in (one, two) for n in range(500)}
    assert len(keys) == 1000
    assert {key.version for key in keys} == {7}
    assert one.key_of(7) == CaseloadImport.objects.get(pk=one.pk).key_of(7)
    assert uuid4() not in keys


@pytest.mark.parametrize("who", ["thea", "ada"])
def test_the_number_of_queries_does_not_depend_on_the_lines(
    request, sign_in, thea, ada, who
):
    person = request.getfixturevalue(who)
    browser, counts = sign_in(person), []
    at = "/caseload/import/" if who == "thea" else "/people/import/"
    for many in (1, 50):
        lines = "".join(f"P{n},p{n}@example.com,Sleep\n" for n in range(many))
        raw = f"Name,Email,Goal\n{lines}".encode()
        url = upload(browser, raw, at=at, therapist=thea.pk)
        browser.get(url)
        counts.append(pinned(browser, url))
        for n in range(many):
            Client.objects.filter(email=f"p{n}@example.com").delete()
    assert counts == [4] * 2
    assert pinned(browser, at) <= 6
