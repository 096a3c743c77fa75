"""Spreadsheet values that are not data, and which lines are one person."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.models import Client
from conftest import admit
from tests.cast import pinned, read_by_the_worker, tight
from transfer.imports import cells, people
from transfer.imports import reasons as why_not
from transfer.imports.columns import matched
from transfer.tests.hostile import book, rows, words
from transfer.tests.test_import_files import NOW, read, reasons
from transfer.tests.test_import_pages import chosen, latest, post, text, upload

# As Excel, LibreOffice, Numbers and Sheets write them.
ERRORS = [
    "#N/A",
    "#NAME?",
    "#VALUE!",
    "#REF!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#GETTING_DATA",
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "#BUSY!",
    "#EXTERNAL!",
    "#PYTHON!",
    "#TIMEOUT!",
    "#ERROR!",
    "Err:502",
    "#NV",
    "#WERT!",
    "#BEZUG!",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#KALK!",
    "#FELD!",
    "#BLOCKIERT!",
    "#VERBINDEN!",
    "Fehler:508",
    "#NOM?",
    "#VALEUR!",
    "#NUL!",
    "#NOMBRE!",
    "#PROPAGATION!",
    "#CHAMP!",
    "#CONNEXION!",
    "#BLOQUÉ!",
    "#INCONNU!",
    "#N/D",
    "#¿NOMBRE?",
    "#¡VALOR!",
    "#¡REF!",
    "#¡DIV/0!",
    "#¡NULO!",
    "#¡NUM!",
    "#¡DESBORDAMIENTO!",
    "#¡CALC!",
    "#NOME?",
    "#VALORE!",
    "#RIF!",
    "#NULLO!",
    "#ESPANSIONE!",
    "#CAMPO!",
    "#CONNETTI!",
    "#BLOCCATO!",
    "#N/B",
    "#NAAM?",
    "#WAARDE!",
    "#VERW!",
    "#DEEL/0!",
    "#LEEG!",
    "#GETAL!",
    "#OVERLOOP!",
    "#VELD!",
    "#VALOR!",
    "#NULO!",
    "#NÚM!",
    "#DESPEJAR!",
    "#EXCEDIDO!",
    "#N/D!",
    "#NAZWA?",
    "#ARG!",
    "#ADR!",
    "#DZIEL/0!",
    "#ZERO!",
    "#LICZBA!",
    "#ROZLANIE!",
    "#POLE!",
    "#SAKNAS!",
    "#NAMN?",
    "#VÄRDEFEL!",
    "#REFERENS!",
    "#DIVISION/0!",
    "#SKÄRNING!",
    "#OGILTIGT!",
    "#I/T",
    "#NAVN?",
    "#VÆRDI!",
    "#PUUTTUU!",
    "#ARVO!",
    "#VIITTAUS!",
    "#JAKO/0!",
    "#YOK",
    "#DEĞER!",
    "#SAYI/0!",
    "#HIÁNYZIK",
    "#ÉRTÉK!",
    "#HIV!",
    "#ZÉRÓOSZTÓ!",
    "#HODNOTA!",
    "#ODKAZ!",
    "#ČÍSLO!",
    "#Н/Д",
    "#ЗНАЧ!",
    "#ССЫЛКА!",
    "#DATEN_ABRUFEN",
    "####",
    "##########",
]
FIELDS = ["Name", "Email", "Phone", "Concern", "Session", "Goal", "Pronouns"]
GOOD = {
    "Name": "Mara", "Email": "m@example.com", "Phone": "01632 960 001",
    "Concern": "Sleeps ill", "Session": "2026-02-03", "Goal": "Sleep",
    "Pronouns": "she/her",
}  # fmt: skip


def with_a(column, text):
    return read(FIELDS, list((GOOD | {column: text}).values()))


@pytest.mark.parametrize("error", ERRORS)
def test_a_spreadsheet_error_is_never_a_value(error):
    for column in FIELDS:
        for said in (error, error.lower() if "/" in error else error):
            reading = with_a(column, said)
            assert not reading.people
            assert (2, str(why_not.ERROR_CELL)) in reasons(reading), column


@pytest.mark.parametrize(
    "said", ["#metoo", "#1", "# 3", "C#", "#stressed!", "Help!", "Really?", "#BLM"]
)
def test_a_persons_own_words_are_no_error(said):
    [mara] = with_a("Concern", said).people
    assert mara.said["concern"] == said


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40))
def test_every_text_is_stored_unchanged_or_listed(said):
    reading = with_a("Concern", said)
    for person in reading.people:
        stored = person.said.get("concern", "")
        assert not cells.is_error(stored, own_words=True)
    assert len(reading.people) + len(reading.lines_to_mend) == 1


@pytest.mark.parametrize(
    "formula",
    [
        "=A2",
        "=$B$3&C3",
        "=VLOOKUP(A2;Sheet2!A:B;2;0)",
        "=SUMME(A1:A3)",
        "=WENN(A1=1;2)",
    ],
)
@pytest.mark.parametrize("column", FIELDS)
def test_a_formula_as_text_is_asked_about(formula, column):
    assert (2, str(why_not.FORMULA_CELL)) in reasons(with_a(column, formula))


def test_text_that_a_spreadsheet_was_forced_to_keep_is_read():
    [mara] = with_a("Phone", '="01632960001"').people
    assert mara.said["phone"] == "01632960001"


def test_formulas_without_a_result_in_a_workbook_are_listed(sign_in, thea):
    formula = "<c><f>A1&amp;B1</f><v></v></c>"
    raw = book(rows(
        f"<row>{words('Name')}{words('Phone')}</row><row>{formula}{words('1')}</row>"
        f"<row>{words('Lou')}<c t='e'><v>#REF!</v></c></row>"
        f"<row>{words('Kim')}{words('01632 960 001')}</row>"
    ))  # fmt: skip
    browser = sign_in(thea)
    page = text(browser.get(upload(browser, raw, name="list.xlsx")))
    assert str(why_not.FORMULA_CELL) in page
    assert "Phone: #REF!" in page
    assert "<dt>New clients</dt><dd><b>1</b></dd>" in tight(page)


# -- placeholders ---------------------------------------------------------------------

NOTHING = [
    "None",
    "NULL",
    "null",
    "0",
    "-",
    "–",
    "—",
    "n/a",
    "N/A",
    "nan",
    "k.A.",
    "(null)",
]


@pytest.mark.parametrize(
    "said", [*NOTHING, "True", "FALSE", "WAHR", "?", "...", "12345"]
)
def test_a_placeholder_is_not_a_name(said):
    reading = with_a("Name", said)
    assert not reading.people
    assert reading.lines_to_mend == [2]


@pytest.mark.parametrize("said", NOTHING)
@pytest.mark.parametrize("column", ["Email", "Phone"])
def test_a_placeholder_is_not_a_phone_number_or_an_address(said, column):
    [mara] = with_a(column, said).people
    field = {"Email": "email", "Phone": "phone"}[column]
    assert field not in mara.said


@pytest.mark.parametrize("said", ["True", "FALSE", "call her mother", "#"])
def test_words_are_not_a_phone_number(said):
    assert (2, str(why_not.NO_PHONE)) in reasons(with_a("Phone", said))


@pytest.mark.parametrize(
    ("family", "name"),
    [("Null", "Mara Null"), ("NULL", "Mara"), ("-", "Mara"), ("None", "Mara")],
)
def test_a_family_may_be_called_null(family, name):
    [mara] = read(["First name", "Family name"], ["Mara", family]).people
    assert mara.name == name


# -- phones ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "phone", ["4,91512E+11", "4.91512E+11", "4.9E+10", "1e+20", "4,9 E+11", "-4.9E+10",
              "4.91512e11"],
)  # fmt: skip
def test_a_rounded_number_must_be_retyped(phone):
    reading = read(
        ["Name", "Phone", "Session"],
        ["Anna Schmidt", phone, "2026-02-03"],
        ["Anna Schmidt", phone, "2026-02-04"],
    )
    assert not reading.people
    assert reasons(reading).count((2, str(why_not.ROUNDED_PHONE))) == 1
    assert reasons(reading).count((3, str(why_not.ROUNDED_PHONE))) == 1


@pytest.mark.parametrize(
    "phone",
    ["12", "0-1-2", "110", "1", "0000000", "999 999 999", "491512000000", "1" * 20],
)
def test_a_made_up_number_merges_nobody(phone):
    reading = read(
        ["Name", "Phone", "Session"],
        ["Mara", phone, "2026-02-03"],
        ["Mara", phone, "2026-02-04"],
    )
    assert not reading.people
    assert reading.lines_to_mend == [2, 3]


def test_a_number_under_two_names_merges_nobody():
    """The school's, the parents', the practice's own."""
    reading = read(
        ["Name", "Phone", "Session"],
        ["Mara", "01632 960 001", "2026-02-03"],
        ["Mara", "01632960001", "2026-02-04"],
        ["Lou", "(01632) 960001", "2026-02-04"],
    )
    assert [person.name for person in reading.people] == ["Lou"]
    assert reading.lines_to_mend == [2, 3]


def test_an_own_complete_number_merges_a_persons_lines():
    [mara] = read(
        ["Name", "Phone", "Session"],
        ["Mara Lind", "01632 960 001", "2026-02-03"],
        ["MARA  LIND", "01632/960001", "2026-02-04"],
    ).people
    assert len(mara.sessions) == 2


NAMES = st.sampled_from(["Mara", "mara", "Lou", "Zoë", "Zoe\u0308", "Zoe"])
PHONES = st.sampled_from(["", "1", "01632 960 001", "01632-960001", "01632 960 002",
                          "4,9E+11", "0000000", "-"])  # fmt: skip
EMAILS = st.sampled_from(["", "", "a@example.com", "b@example.com", "-"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(NAMES, PHONES, EMAILS), min_size=2, max_size=7))
def test_only_certain_matches_merge_two_lines(lines):
    said = [[*line, f"2026-02-{n:02}"] for n, line in enumerate(lines, 1)]
    reading = read(["Name", "Phone", "Email", "Session"], *said)
    for person in reading.people:
        mine = [said[number - 2] for number in person.lines]
        if len(mine) == 1:
            continue
        assert len({cells.name_key(line[0]) for line in mine}) == 1
        emails = {line[2] for line in mine}
        phones = {cells.phone_key(line[1]) for line in mine}
        if emails <= {"", "-"}:
            [phone] = phones
            everybody = {cells.name_key(x[0]) for x in said
                         if cells.phone_key(x[1]) == phone}  # fmt: skip
            assert phone and len(everybody) == 1
        else:
            assert len(emails) == 1


# -- spellings ------------------------------------------------------------------------


def test_one_name_in_two_spellings_is_one_person(sign_in, thea):
    said = "Zoë,Brügge"
    both = [unicodedata.normalize(form, said) for form in ("NFC", "NFD")]
    assert both[0] != both[1]
    raw = "\n".join(["Name,Family name", *both]).encode()
    browser = sign_in(thea)
    url = upload(browser, raw)
    page = " ".join(text(browser.get(url)).split())
    assert "<dt>New clients</dt><dd><b>1</b></dd>" in tight(page)
    assert "Line 3 repeats a line above it." in page
    assert "Every line can be read." in page


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("said", ["Zoë Brügge", "ZOE BRUGGE", "zoë  brügge"])
def test_an_existing_client_is_found_in_each_spelling(sign_in, thea, form, said):
    admit("Zoë Brügge", by=thea, joined=False)
    raw = unicodedata.normalize(form, f"Name\n{said}\n").encode()
    browser = sign_in(thea)
    page = text(browser.get(upload(browser, raw)))
    assert "<dt>Already here</dt><dd><b>1</b></dd>" in tight(page)


def test_names_that_differ_only_in_accents_are_asked_about():
    reading = read(["Name", "Goal"], ["Zoë", "Sleep"], ["Zoe", "Run"])
    assert not reading.people
    assert reading.lines_to_mend == [2, 3]


def test_lines_that_differ_in_anything_are_asked_about():
    reading = read(["Name", "Goal"], ["Mara", "Sleep"], ["Mara", "Run"])
    assert not reading.people
    [mara] = read(["Name", "Goal"], ["Mara", "Sleep"], ["Mara", "Sleep"]).people
    assert mara.lines == [2, 3]


# -- totals ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    ["Total", "TOTAL:", "Totals", "Summe", "Gesamt", "Gesamtsumme", "Zwischensumme",
     "Grand total", "Sous-total", "Suma", "Totale", "Totaal", "Razem", "Итого",
     "Total clients: 2", "Total: 61", "Total of all clients", "Ø", "Anzahl Klienten"],
)  # fmt: skip
@pytest.mark.parametrize("heads", [["Name", "Fee"], ["First name", "Name"]])
def test_a_totals_line_is_left_out(said, heads):
    reading = read(heads, ["Mara", "5"], ["Lou", "8"], [said, "13"])
    if heads[1] == "Name":
        reading = read([*heads, "Fee"], ["Mara", "Lind", "5"], ["", said, "13"])
    assert "Mara" in reading.people[0].name
    assert all(who.lines != [reading.lines_to_mend[0]] for who in reading.people)
    assert str(why_not.TOTALS) in [problem.reason for problem in reading.problems]


def test_a_last_line_that_adds_up_is_left_out():
    lines = [["Mara", "50"], ["Lou", "70,5"], ["Kim", "80"]]
    reading = read(["Name", "Fee"], *lines, ["Everybody", "200,5"])
    assert reasons(reading) == [(5, str(why_not.SUMS))]
    assert not read(["Name", "Fee"], *lines, ["Robin", "90"]).problems


@pytest.mark.parametrize("name", ["Soma", "Tota Lind", "Summer", "Sumi", "Total Lind"])
def test_a_name_that_sounds_like_total_is_a_person(name):
    assert read(["Name"], ["Mara"], [name]).people[1].name == name


def test_a_line_with_contact_data_is_no_total():
    assert len(read(["Name", "Email"], ["Gesamt", "g@example.com"]).people) == 1


# -- findings -------------------------------------------------------------------------


def listed(*lines):
    file = io.StringIO()
    csv.writer(file).writerows(lines)
    return file.getvalue().encode()


def test_a_column_of_unreadable_dates_is_one_finding(sign_in, thea):
    lines = [[f"Person {n}", f"week {n}"] for n in range(61)]
    browser = sign_in(thea)
    url = upload(browser, listed(["Name", "Session"], *lines))
    page = " ".join(text(browser.get(url)).split())
    assert page.count("None of the 61 values in this column is a date") == 1
    assert str(people.days.NOT_READ) not in page
    assert page.count('<span class="num line-no">') == 1
    assert "week 0, week 1, week 2" in page
    # Once it is left out, everyone is imported.
    post(browser, url, chosen(column_at_1=""))
    assert "<dt>New clients</dt><dd><b>61</b></dd>" in tight(text(browser.get(url)))


def test_the_same_mistake_in_many_lines_is_one_finding(sign_in, thea):
    lines = [[f"Person {n}", f"p{n}@"] for n in range(30)] + [["Lou", "l@example.com"]]
    browser = sign_in(thea)
    url = upload(browser, listed(["Name", "Email"], *lines))
    page = " ".join(text(browser.get(url)).split())
    assert page.count("This is not an email address.") == 1
    assert "30 lines" in page
    assert "Lines 2, 3, 4, 5, 6, 7, 8, 9 …" in page


# -- names ----------------------------------------------------------------------------


def test_all_new_names_can_be_paged_through(sign_in, thea):
    browser = sign_in(thea)
    admit("Pat", by=thea, joined=False)
    lines = [[f"Person {n:03}"] for n in range(250)]
    url = upload(browser, listed(["Name"], *lines, ["Pat"]))
    assert f'href="{url}names/"' in text(browser.get(url))
    seen = "".join(text(browser.get(f"{url}names/?page={n}")) for n in (1, 2, 3))
    assert all(name in seen for [name] in lines)
    assert "Already here, by name" in seen
    found = text(browser.get(f"{url}names/?q=person 24"))
    assert found.count('<span class="name">') == 10
    assert "No names match." in text(browser.get(f"{url}names/?q=nobody"))
    assert browser.get(f"{url}names/?page=x&q={'a' * 5000}").status_code == 200
    assert not Client.objects.filter(preferred_name="Person 001").exists()


def test_an_existing_client_under_another_name_is_shown_with_both(sign_in, thea, cleo):
    browser = sign_in(thea)
    raw = listed(["Name", "Email"], ["Robert", cleo.user.email], ["Lou", ""])
    page = text(browser.get(f"{upload(browser, raw)}names/"))
    assert "Robert" in page
    assert "Already here as Cleo Hart" in " ".join(page.split())


def test_names_are_shown_to_nobody_else_and_cost_the_same(sign_in, thea, theo, ada):
    browser, counts = sign_in(thea), []
    for many in (1, 300):
        url = upload(browser, listed(["Name"], *[[f"P{n}"] for n in range(many)]))
        counts.append(pinned(browser, f"{url}names/"))
    assert counts[0] == counts[1] <= 6
    for who in (theo, ada):
        assert sign_in(who).get(f"{url}names/").status_code == 404


def test_ada_sees_names_and_no_clinical_text(sign_in, ada, thea):
    browser = sign_in(ada)
    raw = listed(["Name", "Concern"], ["Mara", "Nightmares"], ["Lou", "#N/A"])
    url = upload(browser, raw, at="/people/import/", therapist=thea.pk)
    page = text(browser.get(f"{url}names/"))
    assert "Mara" in page and "Nightmares" not in page
    assert "Concern" in text(browser.get(url))
    assert str(why_not.ERROR_CELL) in text(browser.get(url))
    assert "#N/A" not in text(browser.get(url))
    assert latest().state == "ready"
    assert read_by_the_worker(latest()) == "not now"
    assert matched(["Name"]) == ["preferred_name"]
    assert NOW


def test_one_mailbox_in_two_spellings_is_one_person():
    [mara] = read(
        ["Name", "Email", "Session"],
        ["Mara", "Mara@B\u00fccher.example", "2026-02-03"],
        ["Mara", "mara@xn--bcher-kva.example", "2026-02-04"],
        ["Mara", "mara@bu\u0308cher.example\u200b", "2026-02-05"],
    ).people
    assert len(mara.sessions) == 3
    assert mara.email == "mara@xn--bcher-kva.example"
