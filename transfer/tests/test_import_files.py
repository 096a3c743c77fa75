"""Which spreadsheets of a practice can be read, and what cannot."""

import csv
import io
import re
import time
import zipfile
from datetime import date, datetime
from datetime import time as clock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transfer.imports import days, files, people, sheet
from transfer.imports import reasons as why_not
from transfer.imports.column_names import CALLED
from transfer.imports.columns import LEFT_OUT, Field, matched
from transfer.imports.days import NoDay
from transfer.imports.sheet import CannotRead
from ui.csv_cells import harmless

NOW = datetime(2026, 11, 28, 10)
HEADS = ["Preferred name", "Email", "Goal"]


def written(rows, *, separator=",", encoding="utf-8"):
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    return file.getvalue().encode(encoding)


def workbook(rows, **said):
    from openpyxl import Workbook

    book = Workbook()
    for row in rows:
        book.active.append(row)
    for name, value in said.items():
        setattr(book, name, value)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def cells(found):
    return [line.cells for line in found.lines]


def read(*rows, order="day", **said):
    """The people of these lines, with columns by name."""
    found = sheet.read(written(rows, **said))
    return people.read(found, matched(found.heads), order, NOW)


def reasons(reading):
    return [(problem.line, problem.reason) for problem in reading.problems]


# -- files ----------------------------------------------------------------------------

WORDS = st.text(
    st.characters(codec="cp1252", exclude_categories=["Cc", "Cf"]), max_size=30
).map(str.strip)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(WORDS, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from(sheet.SEPARATORS),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)
def test_every_encoding_gives_the_same_text(rows, separator, encoding):
    said = [[f"x{cell}".replace("\xa0", " ").strip() for cell in row] for row in rows]
    found = sheet.read(written([HEADS, *said], separator=separator, encoding=encoding))
    assert found.heads == HEADS
    assert cells(found) == said
    assert [line.number for line in found.lines] == [*range(2, len(said) + 2)]
    again = sheet.Sheet.from_json(found.to_json())
    assert again == found


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_any_bytes_are_a_list_or_refused_with_a_message(raw):
    for begin in (b"", b"Name;E-mail\n", b"PK\x03\x04", b"\xff\xfe"):
        try:
            found = sheet.read(begin + raw)
        except CannotRead as error:
            assert error.messages
        else:
            people.read(found, matched(found.heads), "day", NOW)


def test_windows_umlauts_are_read_and_reported():
    found = sheet.read(
        "Vorname;E-Mail;Ziel\nJörg;j@example.com;Öfter raus".encode("cp1252")
    )
    assert found.written == "cp1252"
    assert cells(found) == [["Jörg", "j@example.com", "Öfter raus"]]


def test_excels_separator_line_is_respected():
    found = sheet.read(b"sep=;\r\nName;E-mail\r\nMara;m@example.com\r\n")
    assert cells(found) == [["Mara", "m@example.com"]]
    assert found.lines[0].number == 3


def test_a_title_above_the_header_and_empty_lines_are_skipped():
    raw = b"Our clients,,\n,,\nName,E-mail,Goal\n,,\nMara,m@example.com,Sleep\n"
    found = sheet.read(raw)
    assert (found.heads, found.head_at) == (["Name", "E-mail", "Goal"], 3)
    assert [line.number for line in found.lines] == [5]


def test_a_cell_may_contain_line_breaks_quotes_and_separators():
    rows = [HEADS, ["Mara", "", 'Say "no",\nand mean it; twice']]
    assert cells(sheet.read(written(rows)))[0][2] == rows[1][2]


def test_dates_and_numbers_of_a_workbook_are_read_as_they_are():
    rows = [
        ["Name", "Phone", "Sessions", "Rating"],
        ["Mara", 441632960001, datetime(2026, 2, 3), 4.0],
        ["Lou", "+44 1632", datetime(2026, 2, 3, 14, 30), None],
    ]
    found = sheet.read(workbook(rows))
    assert found.written == "xlsx"
    assert cells(found) == [
        ["Mara", "441632960001", "2026-02-03", "4"],
        ["Lou", "+44 1632", "2026-02-03 14:30", ""],
    ]


def test_a_workbook_with_dates_from_1904_says_so():
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    raw = workbook([["Name", "Sessions"], ["Mara", 44229]], epoch=CALENDAR_MAC_1904)
    found = sheet.read(raw)
    assert found.counts_from_1904
    [mara] = people.read(found, matched(found.heads), "day", NOW).people
    assert {moment.date() for moment in mara.sessions} == {date(2025, 2, 3)}


def zipped(**parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def changed(raw, name, change, **more):
    """A workbook with one of its parts changed, and others added."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        parts = {part: packed.read(part) for part in packed.namelist()}
    parts[name] = change(parts[name])
    return zipped(**parts | more)


SHEET = "xl/worksheets/sheet1.xml"


def entities():
    """A workbook with one string that expands a hundred million times when read."""
    bomb = b'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8)
    )
    good = workbook([["Name"], ["Mara"]])
    return changed(good, SHEET, lambda xml: bomb + b"]>" + xml.replace(b"Mara", b"&i;"))


def as_excel_writes(raw):
    """With shared strings, as Excel writes it."""
    words = []

    def numbered(found):
        words.append(found[2])
        return b'<c r="%s" t="s"><v>%d</v></c>' % (found[1], len(words) - 1)

    cell = rb'<c r="(\w+)" t="inlineStr"><is>(<t>[^<]*</t>)</is></c>'
    moved = changed(raw, SHEET, lambda xml: re.sub(cell, numbered, xml))
    kind = (
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.'
        b'openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
    )
    strings = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    strings += b"".join(b"<si>%s</si>" % word for word in words) + b"</sst>"
    return changed(
        moved,
        "[Content_Types].xml",
        lambda xml: xml.replace(b"</Types>", kind),
        **{"xl/sharedStrings.xml": strings},
    )


def test_a_workbook_with_shared_strings_is_read():
    raw = as_excel_writes(workbook([["Name", "Goal"], ["Mara", "Sleep"], ["Lou", 7]]))
    assert b"inlineStr" not in zipfile.ZipFile(io.BytesIO(raw)).read(SHEET)
    assert cells(sheet.read(raw)) == [["Mara", "Sleep"], ["Lou", "7"]]


WORKBOOK = {"[Content_Types].xml": "<x/>", "xl/workbook.xml": "<x/>"}
REFUSED = {
    "nothing": b"",
    "only the names of columns": b"Name,E-mail\n",
    "a picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "an old workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "half a workbook": workbook([["Name"], ["Mara"]])[:900],
    "a zip of something": zipped(**{"hello.txt": "hello"}),
    "a workbook that is none": zipped(**WORKBOOK),
    "a way out of the zip": zipped(**WORKBOOK, **{"../../etc/x": "x"}),
    "a bomb of zeros": zipped(**WORKBOOK, **{"xl/big.xml": "0" * 40_000_000}),
    "a thousand parts": zipped(**WORKBOOK, **{f"xl/{n}": "x" for n in range(1000)}),
    "words that grow": entities(),
    "too many lines": b"Name\n" + b"Mara\n" * 5001,
    "too many columns": b",".join([b"Goal"] * 61) + b"\n1\n",
    "too large": b"Name\n" + b"x" * sheet.MOST_BYTES,
    "a quotation mark left open": b'Name,Goal\nMara,"Sleep\n',
    "commas and nothing else": b"," * 4_000_000,
}


@pytest.mark.requirement("R54")
@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_no_list_is_refused_quickly_with_a_message(what):
    began = time.process_time()
    with pytest.raises(CannotRead) as refused:
        sheet.read(REFUSED[what])
    assert refused.value.messages[0]
    assert time.process_time() - began < 2


def test_an_unclosed_quote_is_reported_with_its_line():
    with pytest.raises(CannotRead, match="Line 3"):
        sheet.read(b'Name,Goal\nMara,Sleep\nLou,"Walk\n')


@pytest.mark.requirement("R54")
def test_a_million_bad_dates_give_one_error_per_line():
    lines = [["Mara", "; ".join(["x"] * 3000)]] * 500
    reading = read(["Name", "Session"], *lines)
    assert len(reading.problems) <= 2 * len(lines)


@pytest.mark.requirement("R54")
@pytest.mark.parametrize(
    ("column", "cell"), [("Goal", "w{}"), ("Session", "2026-01-01 10:{:02}")]
)
def test_excess_data_is_not_read_to_its_end(column, cell):
    wide, high = 50, 3_000
    lines = [[f"P{n}", *[cell.format(at) for at in range(wide)]] for n in range(high)]
    reading = read(["Name", *[column] * wide], *lines)
    assert reading.is_too_much
    held = reading.sessions + reading.goals
    assert people.MOST_MOMENTS < held <= people.MOST_MOMENTS + wide < wide * high


@pytest.mark.requirement("R53", "R54")
@pytest.mark.parametrize("sign", ["1", " ", "1.", "a", "; ", "T1:", "(", "0 to 10"])
def test_long_cells_do_not_take_long(sign):
    text = (sign * 50_000)[:50_000]
    began = time.process_time()
    for column in ("Sessions", "Rating", "Email", text[:200]):
        rows = [["Name", "Goal", column], *[["Mara", "x", text[:9000]]] * 5]
        found = sheet.read(written(rows))
        people.read(found, matched(found.heads), "day", NOW)
        people.dates_in(found, matched(found.heads))
    assert time.process_time() - began < 2


# -- columns --------------------------------------------------------------------------


@pytest.mark.parametrize("field", Field)
def test_every_column_name_is_known(field):
    for name in CALLED[field].split("|"):
        assert matched([name.upper() + ":"]) == [field], name


@pytest.mark.parametrize(
    ("heads", "expected"),
    [
        (["Vorname", "Name", "Mail"], ["preferred_name", "family_name", "email"]),
        (["Name", "Preferred name"], ["family_name", "preferred_name"]),
        (["Full name", "Known as"], ["", "preferred_name"]),
        (["Goal 1", "Rating 1", "Goal 2", "Rating 2"], ["goal", "rating"] * 2),
        (["Score (0-10)", "Rated on"], ["rating", "rated_on"]),
        (["e-mail", "E_MAIL", "Invoice", ""], ["email", "", "", ""]),
        (["Prénom", "Téléphone", "Première séance"],
         ["preferred_name", "phone", "first_session"]),
    ],
)  # fmt: skip
def test_columns_are_matched_by_their_names(heads, expected):
    assert matched(heads) == expected


# -- dates ----------------------------------------------------------------------------

DATES = st.dates(date(1971, 1, 1), date(2026, 11, 28))


@settings(max_examples=300, deadline=None)
@given(
    DATES,
    st.sampled_from(["./-"[n] for n in range(3)]),
    st.sampled_from(["day", "month"]),
    st.none() | st.times(),
)
def test_a_date_is_read_in_the_chosen_order(day, sign, order, at):
    first, second = (day.day, day.month) if order == "day" else (day.month, day.day)
    hour = f" {at:%H:%M}" if at else ""
    expected = (day, clock(at.hour, at.minute) if at else None)
    for text in (
        f"{first}{sign}{second}{sign}{day.year}{hour}",
        f"{first:02}{sign}{second:02}{sign}{day:%y}{hour}",
        f"{day.isoformat()}{hour}",
        f"{day.isoformat()}T{at:%H:%M:%S}" if at else f"{day:%Y/%m/%d}",
        f"{day:%A, %d %B %Y}{hour}",
        f"{day:%b} {day.day}, {day.year}{hour}",
    ):
        assert days.read(text, order) == expected, text


@settings(max_examples=200, deadline=None)
@given(DATES)
def test_an_excel_serial_number_is_a_date(day):
    number = (day - date(1899, 12, 30)).days
    if number in days.SERIALS:
        assert days.read(str(number), "day").on == day


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("3. Februar 2026", "day", date(2026, 2, 3)),
        ("Di, 3. Feb. 2026", "day", date(2026, 2, 3)),
        ("3 de febrero de 2026", "day", date(2026, 2, 3)),
        ("February 3rd, 2026", "day", date(2026, 2, 3)),
        ("03/02/26 2:30 pm", "month", date(2026, 3, 2)),
        ("3.2.", "day", None),
        ("31.11.2026", "day", None),
        ("2026-02-30", "day", None),
        ("13/13/2026", "day", None),
        ("0.0.0000", "day", None),
        ("sometime in May 2026", "day", None),
        ("25:00", "day", None),
        ("1.1.2026 25:00", "day", None),
        ("99999", "day", None),
        ("", "day", None),
    ],
)
def test_dates_as_people_write_them(text, order, expected):
    if expected:
        assert days.read(text, order).on == expected
    else:
        with pytest.raises(NoDay):
            days.read(text, order)


@settings(max_examples=200, deadline=None)
@given(st.lists(DATES, min_size=1, max_size=12), st.sampled_from(["day", "month"]))
def test_the_date_order_is_asked_only_if_the_file_leaves_it_open(dates, order):
    said = (
        "{0.day}/{0.month}/{0.year}" if order == "day" else "{0.month}/{0.day}/{0.year}"
    )
    found = days.order_in(said.format(day) for day in dates)
    if any(day.day > 12 for day in dates):
        assert found == order
    elif any(day.day != day.month for day in dates):
        assert found is None
    else:
        assert found


def test_contradicting_dates_are_asked_about():
    assert days.order_in(["13/2/2026", "2/13/2026"]) is None
    assert days.order_in(["2026-02-03", "3 Feb 2026", "45000", ""]) == "day"


# -- people ---------------------------------------------------------------------------


def test_lines_with_one_address_are_one_person():
    reading = read(
        ["Name", "Email", "Phone", "Session", "Goal", "Score"],
        ["Mara", "Mara@example.com", "", "3.2.2026", "Sleep", "3"],
        ["mara", "mara@example.com", "12", "10.2.2026", "", "4"],
        ["", "MARA@example.com", "", "10.2.2026 14:00", " sleep ", "5"],
    )
    [mara] = reading.people
    assert (mara.name, mara.email) == ("Mara", "mara@example.com")
    assert sorted(moment.day for moment in mara.sessions) == [3, 10]
    assert max(mara.sessions) == datetime(2026, 2, 10, 14)
    [goal] = mara.goals.values()
    assert goal.words == "Sleep"
    assert sorted(value for _at, value in goal.ratings) == [3, 4, 5]


def test_one_line_may_contain_years():
    reading = read(
        ["Name", "First session", "Sessions", "Goal 1", "Rating", "Rated on",
         "Goal 2", "Rating"],
        ["Mara", "2026-01-05", "2026-01-12; 2026-01-19", "Sleep", "2;3",
         "2026-01-12|2026-01-19", "Bus", "7/10, 8.0"],
    )  # fmt: skip
    [mara] = reading.people
    assert not reading.problems
    assert len(mara.sessions) == 3
    sleep, bus = mara.goals.values()
    noon = [datetime(2026, 1, day, 12) for day in (12, 19)]
    assert list(sleep.ratings) == [(noon[0], 2), (noon[1], 3)]
    assert list(bus.ratings) == [(noon[0], 7), (noon[1], 8)]


BAD = {
    ("Name", "", "Email", "someone@"): "This is not an email address.",
    ("Name", "", "Email", "m@example.com"): why_not.NO_NAME,
    ("Name", "", "Goal", "Sleep"): why_not.NO_NAME,
    ("Name", "M" * 81, "Goal", "Sleep"): "Longer than 80 characters.",
    ("Name", "Mara", "Goal", "S" * 501): "Longer than 500 characters.",
    ("Name", "Mara", "Sessions", "31.11.2025"): days.NO_SUCH,
    ("Name", "Mara", "Sessions", "soon"): days.NOT_READ,
    ("Name", "Mara", "First session", "1.12.2026"): why_not.TO_COME,
    ("Name", "Mara", "Sessions", "28.11.2026 10:30"): why_not.TO_COME,
    ("Name", "Mara", "Sessions", "1.1.1066"): why_not.LONG_AGO,
    ("Name", "Mara", "Sessions", "1.1.2026", "Goal", "x", "Score", "11"):
        why_not.NO_RATING,
    ("Name", "Mara", "Sessions", "1.1.2026", "Goal", "x", "Score", "7,5"):
        why_not.NO_RATING,
    ("Name", "Mara", "Sessions", "1.1.2026", "Score", "7"): why_not.NO_GOAL,
    ("Name", "Mara", "Goal", "x", "Score", "7"): why_not.NO_DAY,
    ("Name", "Mara", "Sessions", "1.1.2026", "Goal", "x", "Score", "7; 8"):
        "There are 2 ratings but 1 dates.",
}  # fmt: skip


@pytest.mark.parametrize("line", BAD, ids=lambda line: f"{line[2]} {line[-1][:9]}")
def test_a_line_with_an_error_is_listed_with_its_reason(line):
    reading = read(line[::2], line[1::2])
    assert (2, str(BAD[line])) in reasons(reading)
    assert not reading.people


def test_more_cells_than_columns_are_refused():
    found = sheet.read(b"Name,Goal\nMara,Sleep, and wake\n")
    reading = people.read(found, matched(found.heads), "day", NOW)
    assert reasons(reading) == [(2, str(why_not.TOO_LONG))]


def test_one_line_with_an_error_holds_back_its_person():
    reading = read(
        ["Name", "Email", "Session"],
        ["Mara", "m@example.com", "3.2.2026"],
        ["Lou", "l@example.com", "3.2.2026"],
        ["Mara", "m@example.com", "31.2.2026"],
    )
    assert [person.name for person in reading.people] == ["Lou"]
    waits = "Waiting for line 4, which is about the same person."
    assert reasons(reading) == [(2, waits), (4, str(days.NO_SUCH))]


def test_a_name_is_one_line():
    [mara] = read(["Name", "Concern"], ["Mara\nLind", "First.\nThen."]).people
    assert (mara.name, mara.said["concern"]) == ("Mara Lind", "First.\nThen.")


def test_a_session_of_today_was_held_before_now():
    [mara] = read(["Name", "Session"], ["Mara", "28.11.2026"]).people
    assert mara.sessions == {datetime(2026, 11, 28, 9, 59)}


def test_two_people_of_one_name_are_asked_about_and_never_merged():
    reading = read(
        ["Name", "Email", "Phone"],
        ["Mara", "", ""],
        ["MARA ", "", ""],
        ["Lou", "l@example.com", ""],
        ["Lou", "", ""],
        ["Kim", "", "01632 960 001"],
        ["Kim", "", "01632-960-001"],
    )
    assert [person.name for person in reading.people] == ["Lou", "Kim"]
    assert reading.lines_to_mend == [2, 3, 5]
    kim = reading.people[1]
    assert kim.lines == [6, 7]


def test_one_address_with_two_names_is_asked_about():
    reading = read(
        ["Name", "Email"], ["Mara", "m@example.com"], ["Lou", "m@example.com"]
    )
    assert not reading.people
    assert (3, "Line 2 has different details for the same person.") in reasons(reading)


def test_a_line_with_only_left_out_columns_is_nobody():
    reading = read(["Name", "Invoice"], ["Mara", "7"], ["", "Total: 7"])
    assert [person.name for person in reading.people] == ["Mara"]
    assert not reading.problems


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "Mara", "Lou"]),
            st.sampled_from(["", "a@example.com", "b@example.com", "@"]),
            st.sampled_from(["", "3.2.2026", "31.2.2026"]),
            st.sampled_from(["", "Sleep", "Bus"]),
            st.sampled_from(["", "3", "11"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_each_line_is_imported_once_or_listed(rows):
    heads = ["Name", "Email", "Session", "Goal", "Score"]
    if not any("".join(row) for row in rows):
        return
    reading = read(heads, *rows)
    come = [number for person in reading.people for number in person.lines]
    said = {number for number, row in enumerate(rows, 2) if any(row)}
    assert sorted([*come, *reading.lines_to_mend]) == sorted(said)


# -- downloads ------------------------------------------------------------------------


def test_the_sample_can_be_imported_unchanged():
    found = sheet.read(files.sample())
    assert LEFT_OUT not in matched(found.heads)
    reading = people.read(found, matched(found.heads), "day", NOW)
    assert not reading.problems
    assert [person.name for person in reading.people] == ["Robin Vale", "Alex Moor"]
    assert (reading.sessions, reading.goals) == (7, 2)


@pytest.mark.requirement("R51")
def test_the_sample_contains_no_formula():
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(files.sample()))
    kinds = {cell.data_type for row in book.active.iter_rows() for cell in row}
    assert "f" not in kinds


def test_our_formula_marks_are_removed_again():
    rows = [["Name", "Phone"], ["Mara", "'+44 1632"], ["D'Arcy", "'7"]]
    found = sheet.read(written(rows))
    assert cells(found) == [["Mara", "+44 1632"], ["D'Arcy", "'7"]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_so_are_marks_inside_a_cell(separator):
    goal = "Sleep through;-2 hours, =more\n- by the lake, 'quoted', '=odd"
    rows = [["Name", "Goal"], ["Mara", harmless(goal)]]
    assert "'-2" in rows[1][1]
    assert cells(sheet.read(written(rows, separator=separator))) == [["Mara", goal]]
