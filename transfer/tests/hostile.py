"""Builders of small uploads that are meant to be expensive."""

import io
import zipfile

RELATIONS = (
    '<Relationships><Relationship Id="rId1" Type="x/worksheet"'
    ' Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x/sharedStrings"'
    ' Target="sharedStrings.xml"/><Relationship Id="rId3" Type="x/styles"'
    ' Target="styles.xml"/></Relationships>'
)
BOOK = (
    '<workbook xmlns:r="r"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets>'
    "</workbook>"
)
NAME = "<row><c t='inlineStr'><is><t>Name</t></is></c></row>"


def zipped(parts):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return file.getvalue()


def book(sheet="", *, strings=None, styles=None, workbook=BOOK, **more):
    parts = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": RELATIONS,
        "xl/worksheets/sheet1.xml": sheet,
    }
    if strings is not None:
        parts["xl/sharedStrings.xml"] = strings
    if styles is not None:
        parts["xl/styles.xml"] = styles
    return zipped(parts | more)


def rows(said):
    return f"<worksheet><sheetData>{said}</sheetData></worksheet>"


def words(text):
    return f"<c t='inlineStr'><is><t>{text}</t></is></c>"


def entities():
    """One string that expands a hundred million times when read."""
    bomb = '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)
    )
    return book(bomb + "]>" + rows(NAME + f"<row>{words('&i;')}</row>"))


STRINGS = "<sst>{}</sst>"
LONG = STRINGS.format("<si><t>" + "x" * 10_000 + "</t></si>")
HIDDEN = '<sheet name="a" state="hidden" r:id="rId1"/>'

# Each with its error code, or None if it can be read.
WORKBOOKS = {
    "120,000 cells in a row": lambda: (
        book(rows(NAME + "<row>" + "<c><v>1</v></c>" * 120_000 + "</row>")), None),
    "1.8 million shared strings": lambda: (
        book(rows(NAME + '<row><c t="s"><v>1799999</v></c></row>'),
             strings=STRINGS.format("<si><t/></si>" * 1_800_000)), "too_much"),
    "1.8 million shared strings, one wanted": lambda: (
        book(rows(NAME + '<row><c t="s"><v>1</v></c></row>'), strings=STRINGS.format(
            "<si><t>a</t></si>" + "<si><t>b</t></si>" * 1_799_999)), None),
    "a string of 10,000 in each cell": lambda: (
        book(rows(NAME + ("<row>" + '<c t="s"><v>0</v></c>' * 60 + "</row>") * 4000),
             strings=LONG), "too_much"),
    "a string that is not there": lambda: (
        book(rows(NAME + '<row><c t="s"><v>7</v></c></row>'), strings=LONG), "empty"),
    "deep": lambda: (book("<a>" * 100_000), "broken"),
    "half a million sheets": lambda: (
        book(rows(NAME * 2), workbook=BOOK.replace("<sheets>", "<sheets>"
             + HIDDEN * 500_000)), None),
    "a cell of 30 MB": lambda: (
        book(rows(NAME + f"<row>{words('x' * 30_000_000)}</row>")), None),
    "a tag of 30 MB": lambda: (
        book(rows("<row " + "a" * 30_000_000 + '="1"/>')), "too_much"),
    "a comment of 30 MB": lambda: (
        book(rows("<!--" + "a" * 30_000_000 + "-->" + NAME)), "too_much"),
    "90,000 attributes": lambda: (
        book(rows("<row " + " ".join(f'a{n}="1"' for n in range(90_000)) + "/>")),
        "empty"),
    "1.2 million empty rows": lambda: (
        book(rows(NAME + "<row/>" * 1_200_000)), "empty"),
    "1.4 million empty rows": lambda: (
        book(rows(NAME + "<row/>" * 1_400_000)), "too_much"),
    "a million cells with a place": lambda: (
        book(rows(NAME + '<row><c r="XFD1" s="1"/></row>' * 500_000)), "empty"),
    "a million cells that say nothing": lambda: (
        book(rows(NAME + ("<row>" + "<c><v> </v></c>" * 60 + "</row>") * 9_000)),
        "empty"),
    "1.6 million empty cells": lambda: (
        book(rows(NAME + "<row>" + "<c/>" * 1_600_000 + "</row>")), "too_much"),
    "a bomb of zeros": lambda: (book("0" * 40_000_000), "too_much"),
    "a thousand parts": lambda: (
        book(rows(NAME), **{f"xl/{n}": "x" for n in range(1000)}), "too_much"),
    "words that grow": lambda: (entities(), "broken"),
    "60,000 formats of dates": lambda: (
        book(rows(NAME + '<row><c s="5"><v>1</v></c></row>'), styles="<s><numFmts>"
             + "".join(f'<numFmt numFmtId="{n}" formatCode="{"[" * 400}"/>'
                       for n in range(60_000)) + "</numFmts></s>"), None),
    "a way out of the zip": lambda: (
        book(rows(NAME), **{"../../etc/x": "x"}), "broken"),
    "a sheet that is elsewhere": lambda: (
        zipped({"[Content_Types].xml": "<x/>", "xl/workbook.xml": BOOK,
                "xl/_rels/workbook.xml.rels":
                    RELATIONS.replace("worksheets/", "../../../etc/")}), "broken"),
}  # fmt: skip

HEAD = b"Name,Goal\n"
TEXTS = {
    "a cell of 5 MB": lambda: (HEAD + b"Mara," + b"x" * 5_000_000, "long_cell"),
    "a quotation mark never closed": lambda: (
        HEAD + b'Mara,"' + b"x\n" * 2_500_000, "long_cell"),
    "a short file, a quotation mark never closed": lambda: (
        HEAD + b'Mara,"Sleep\n', "open_quote"),
    "commas": lambda: (b"," * 5_000_000, "too_wide"),
    "120,000 cells in a line": lambda: (HEAD + b"," * 120_000, "too_wide"),
    "line breaks": lambda: (HEAD + b"\n" * 5_000_000, "empty"),
    "line breaks, then a word": lambda: (HEAD + b"\n" * 5_000_000 + b"x", "too_many"),
    "lines of empty cells": lambda: (HEAD + (b"," * 59 + b"\n") * 80_000, "empty"),
    "spaces": lambda: (HEAD + (b" ," * 60 + b"\n") * 41_000, "too_much"),
    "spaces in long lines": lambda: (HEAD + (b" ," * 598 + b"\n") * 4_000, "too_much"),
    "letters in long lines": lambda: (
        HEAD + ("ä," * 598 + "\n").encode() * 2_700, "too_much"),
    "a letter in each line": lambda: (HEAD + b" ,\n" * 1_600_000, "too_much"),
    "quotation marks": lambda: (HEAD + b'"' * 5_000_000, "long_cell"),
    "zeros": lambda: (HEAD + b"\0" * 5_000_000, "no_list"),
    "zeros alone": lambda: (b"\0" * 5_000_000, "empty"),
    "half UTF-16": lambda: (b"\xff\xfeN\0a\0m", "encoding"),
    "bytes of no letter": lambda: (HEAD + b"Mara,\x81\n", "encoding"),
    "a full list": lambda: (
        b"\n".join([b",".join([b"Goal"] * 60)] + [b",".join([b"wordwordword"] * 60)]
                   * 5000), None),
    "marks without end": lambda: (
        HEAD + ("a" + "\u0301\u0323" * 4000 + "\n").encode() * 250, None),
    "a separator that is a quotation mark": lambda: (
        b'sep="\nName;Goal\nMara;Sleep\n', None),
    "a separator that is a letter": lambda: (b"sep=a\nName;Goal\nMara;Sleep\n", None),
    "a separator that is a space": lambda: (b"sep= \nName;Goal\nMara;Sleep\n", None),
    "5,001 lines": lambda: (HEAD + b"Mara,x\n" * 5_001, "too_many"),
}  # fmt: skip
HOSTILE = WORKBOOKS | TEXTS
