"""A practice's spreadsheet, from its page to the caseload, in a real browser.

The worker's part is done by the test, as the worker.
"""

import re

import pytest
from playwright.sync_api import expect

from clients.models import Client
from conftest import as_role
from tests.cast import read_by_the_worker
from transfer.imports import job, steps
from transfer.models import CaseloadImport

pytestmark = pytest.mark.browser
EXPORT = (
    "Klientin;E-Mail;Kontakt;Termine;Ziel;Bewertung\r\n"
    "Änne Groß;aenne@example.com;01632 960 003;3.2.2026;Öfter ans Meer;3\r\n"
    ";aenne@example.com;;10.2.2026;;5\r\n"
    "Lou Wern;lou@;01632 960 004;4.2.2026;;\r\n"
).encode("cp1252")


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Nobody tells how far it is: in these tests that connection is the web's."""
    monkeypatch.setattr(job.Telling, "EACH", 60)


def choose(page, raw, name="export.csv"):
    file = {"name": name, "mimeType": "text/csv", "buffer": raw}
    page.get_by_label("File").set_input_files(files=[file])
    page.get_by_role("button", name="Read this file").click()
    expect(page.get_by_role("heading", name="Reading your file")).to_be_visible()
    read()


def read():
    """What the worker does as soon as it is told of a file or of other columns."""
    found = CaseloadImport.objects.get(state="reading")
    assert read_by_the_worker(found) == "done"


def press(page, name, role="button"):
    page.get_by_role(role, name=name, exact=True).first.click()


def work():
    """What the worker does as soon as it is told."""
    found = CaseloadImport.objects.get(state="waiting")
    with as_role("cairn_worker"):
        assert job.bring_in(found.pk) == "done"


def main(page):
    return page.get_by_role("main")


def test_thea_brings_her_export_in_and_finds_them_on_her_caseload(at, thea, accessible):
    page = at(thea)
    page.goto("/caseload/")
    press(page, "Import clients from a spreadsheet", role="link")
    accessible(page)
    choose(page, EXPORT)
    expect(main(page)).to_contain_text("in Windows encoding")
    expect(main(page)).to_contain_text("This is not an email address.")
    accessible(page)
    # A column that nobody could guess is corrected.
    page.get_by_label("Column Kontakt becomes").select_option("Phone")
    press(page, "Import clients")
    expect(page.get_by_role("heading", name="Reading your file")).to_be_visible()
    accessible(page)
    read()
    expect(page.get_by_role("button", name="Import clients").first).to_be_visible()
    # What has to be said is said first.
    press(page, "Import clients")
    expect(main(page)).to_contain_text("Choose one.")
    expect(main(page)).to_contain_text("Fix these lines, or choose to leave them out.")
    accessible(page)
    page.get_by_text("February 3").click()
    page.get_by_label("Leave these lines out").check()
    press(page, "Import clients")
    expect(main(page)).to_contain_text("Queued")
    accessible(page)
    work()
    # The page finds out by itself.
    expect(page.get_by_role("heading", level=1)).to_have_text("1 client imported")
    accessible(page)
    press(page, "Open caseload", role="link")
    press(page, "Änne Groß", role="link")
    expect(main(page)).to_contain_text("Öfter ans Meer")
    found = Client.objects.get()
    assert (found.phone, found.email) == ("01632 960 003", "aenne@example.com")


def test_without_scripts_on_a_phone_it_comes_in_too(at, thea):
    page = at(thea, phone=True, scripts=False)
    page.goto("/caseload/import/")
    choose(page, b"Name,E-mail\nMara Lind,mara@example.com\n")
    press(page, "Check progress", role="link")
    press(page, "Import clients")
    press(page, "Check progress", role="link")
    expect(main(page)).to_contain_text("Queued")
    work()
    press(page, "Check progress", role="link")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 client imported")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_thea_stops_it_and_takes_another_file(at, thea):
    page = at(thea)
    page.goto("/caseload/import/")
    choose(page, b"Name,E-mail\nMara Lind,mara@example.com\n")
    press(page, "Import clients")
    press(page, "Stop")
    expect(page.get_by_role("status")).to_contain_text("Nothing was imported.")
    press(page, "Choose another file")
    expect(page).to_have_url(re.compile("/caseload/import/$"))
    assert not Client.objects.exists()


def test_ada_brings_theas_list_and_the_sample_is_one(at, ada, thea, accessible):
    page = at(ada)
    page.goto("/people/")
    press(page, "Import clients", role="link")
    with page.expect_download() as download:
        press(page, "Download a sample", role="link")
    page.get_by_label("Add to the caseload of").select_option("Thea")
    page.get_by_label("File").set_input_files(download.value.path())
    accessible(page)
    press(page, "Read this file")
    expect(page.get_by_role("heading", name="Reading your file")).to_be_visible()
    read()
    expect(main(page)).to_contain_text("Robin Vale, Alex Moor")
    expect(main(page)).to_contain_text("Encrypted for the therapist")
    expect(main(page)).not_to_contain_text("Panic on the bus")
    accessible(page)
    press(page, "Import clients")
    work()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 clients imported")
    accessible(page)
    hers = at(thea)
    hers.goto("/caseload/")
    press(hers, "Alex Moor", role="link")
    expect(main(hers)).to_contain_text("Panic on the bus since an accident.")


def test_thea_looks_names_through_imports_and_undoes_it(at, thea, accessible):
    page = at(thea)
    page.goto("/caseload/import/")
    choose(page, b"Name,E-mail\nMara Lind,mara@example.com\nLou,lou@example.com\n")
    press(page, "See all names", role="link")
    accessible(page)
    page.get_by_label("Search names").fill("lind")
    page.get_by_label("Search names").press("Enter")
    expect(main(page)).to_contain_text("Mara Lind")
    expect(main(page)).not_to_contain_text("Lou")
    press(page, "Back to the import", role="link")
    press(page, "Import clients")
    expect(main(page)).to_contain_text("Queued")
    work()
    press(page, "Remove 2 clients")
    expect(page.get_by_role("heading", name="Undoing the import")).to_be_visible()
    accessible(page)
    found = CaseloadImport.objects.get(state="undoing")
    with as_role("cairn_worker"):
        assert steps.undo(found.pk) == "done"
    expect(page.get_by_role("heading", level=1)).to_have_text("Import undone")
    accessible(page)
    press(page, "Back to caseload", role="link")
    expect(main(page)).not_to_contain_text("Mara Lind")
    assert not Client.objects.exists()
