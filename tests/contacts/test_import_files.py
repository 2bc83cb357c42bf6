"""Files that are not what they should be: each gets a clear sentence, and nothing is written."""

import codecs
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.utils.translation import override

from contacts.actions.imports import import_file, look_at_file
from contacts.imports.stage import staged
from contacts.models import Contact, ContactImport
from tests.factories import NOW

pytestmark = pytest.mark.django_db

GOOD = "name,mobile\nعلی,09123456789\n"


def refusal(path: Path) -> ValidationError:
    """What importing the file is refused with; nothing may be left behind."""
    with pytest.raises(ValidationError) as refused:
        import_file(path=path, by=None, now=NOW)
    assert not Contact.objects.exists()
    assert not ContactImport.objects.exists()
    return refused.value


def xlsx(path: Path, *rows, merge: str = "", change=None) -> Path:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    for row in rows:
        sheet.append(row)
    if merge:
        sheet.merge_cells(merge)
    if change:
        change(book)
    book.save(path)
    return path


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode(),
        codecs.BOM_UTF8 + GOOD.encode(),
        GOOD.encode("utf-16"),
        GOOD.replace(",", ";").encode(),
        GOOD.replace(",", "\t").encode(),
        ("sep=;\r\n" + GOOD.replace(",", ";")).encode(),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        ("\n\n" + GOOD + "\n\n").encode(),
        GOOD.rstrip().encode(),
        'name, mobile\n"علی", "09123456789"\n'.encode(),
        "موبایل,نام\n٠٩١٢٣٤٥٦٧٨٩,علي\n".encode(),
    ],
    ids=["plain", "bom", "utf16", "semicolon", "tab", "sep", "crlf", "cr", "blank", "no-end", "quoted", "fa"],
)
def test_every_usual_spelling_of_a_csv_is_read(tmp_path, content):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    done = import_file(path=path, by=None, now=NOW)
    assert (done.rows, done.created) == (1, 1)
    contact = Contact.objects.get()
    assert (contact.name, contact.mobile) == ("علی", "+989123456789")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b" \n\r\n ", "file_empty"),
        (codecs.BOM_UTF8, "file_empty"),
        ("name,mobile\nعلی,1\n".encode() + "علي,09123456789\n".encode("cp1256"), "not_utf8"),
        (b"<html><body><table><tr><th>mobile</th></tr></table></body></html>", "web_page"),
        (b"\xef\xbb\xbf <!DOCTYPE html><table><tr><th>mobile</th></tr></table>", "web_page"),
        (("a,mobile\n" + "x,09123456789\n" * 20_000 + "é,1\n").encode("latin-1"), "not_utf8"),
        (b"MZ\x90\x00\x03" + b"\x00" * 60, "program"),
        (b"\x7fELF\x02\x01\x01" + b"\x00" * 60, "program"),
        (b"#!/bin/sh\nrm -rf /\n", "program"),
        (b"%PDF-1.7\n", "binary"),
        (b"name,mobile\n\x00\x01\x02,1\n", "binary"),
        (b"name,mobile\n" + b"a,0912\n" * 20_000 + b"\x00\n", "binary"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "old_excel"),
        (b"PK\x03\x04 not really", "xlsx_broken"),
        ("name,email\nعلی,a@b.ir\n".encode(), "no_number_column"),
        (GOOD.split("\n")[0].encode(), "no_rows"),
        ("mobile,شماره همراه\n1,2\n".encode(), "column_twice"),
        ('name,mobile\n"علی,09123456789\nرضا,09123456788\n'.encode(), "csv_broken"),
        ('name,mobile\nعلی "اول",1\n"رضا" دوم,09123456788\n'.encode(), "csv_broken"),
        (b"name,mobile\n" + b"x" * 200_000 + b",1\n", "csv_broken"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(tmp_path, content, code):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    assert refusal(path).code == code


def test_the_line_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("name,mobile\nعلی,09123456789\n".encode() + "علي,1\n".encode("cp1256"))
    with override("en"):
        text = " ".join(refusal(path).messages)
    assert "not UTF-8" in text
    assert "line 3" in text


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    assert refusal(tmp_path / "nothing.csv").code == "unreadable"
    assert refusal(tmp_path).code == "unreadable"


def test_a_file_that_is_too_big_is_refused_before_it_is_read(tmp_path, settings):
    settings.IMPORT_MAX_BYTES = 10
    path = tmp_path / "list.csv"
    path.write_text(GOOD)
    assert refusal(path).code == "file_too_big"


def test_more_rows_than_allowed_are_refused_and_nothing_is_half_done(write_csv, settings):
    settings.IMPORT_MAX_ROWS = 3
    rows = [(f"0912345678{n}",) for n in range(4)]
    assert refusal(write_csv(("mobile",), *rows)).code == "too_many_rows"
    assert import_file(path=write_csv(("mobile",), *rows[:3]), by=None, now=NOW).created == 3


def test_a_workbook_is_read_with_numbers_as_numbers(tmp_path):
    path = xlsx(
        tmp_path / "list.xlsx",
        ("نام", "شماره همراه", "تلفن ثابت", "کد مشتری", "گروه"),
        ("علی", 9123456789, "021-88123456", 1200, "تهران، ویژه"),
        ("زهرا", "۰۹۳۵۱۱۱۲۲۳۳", None, 12.5, None),
        (None, None, None, None, None),
        ("بد", 123, None, None, None),
    )
    done = import_file(path=path, by=None, now=NOW)
    assert (done.rows, done.created, done.refused) == (3, 2, 1)
    ali = Contact.objects.get(name="علی")
    assert (ali.mobile, ali.phone, ali.customer_no) == ("+989123456789", "+982188123456", "1200")
    assert ali.tags == ["تهران", "ویژه"]
    assert Contact.objects.get(name="زهرا").customer_no == "12.5"
    assert [(line.row, line.code) for line in done.refused_rows.all()] == [(5, "number_wrong")]


def test_a_workbook_named_csv_is_read_as_what_it_is(tmp_path):
    xlsx(tmp_path / "list.xlsx", ("mobile",), ("09123456789",)).rename(tmp_path / "list.csv")
    assert import_file(path=tmp_path / "list.csv", by=None, now=NOW).created == 1


def test_a_table_that_begins_further_in_keeps_its_row_numbers(tmp_path):
    def move(book):
        book.active.move_range("A1:B3", rows=2, cols=1)

    path = xlsx(tmp_path / "list.xlsx", ("name", "mobile"), ("علی", "09123456789"), ("بد", "1"), change=move)
    done = import_file(path=path, by=None, now=NOW)
    assert done.created == 1
    assert done.refused_rows.get().row == 5


def test_merged_header_cells_are_named(tmp_path):
    path = xlsx(tmp_path / "list.xlsx", ("name", "mobile", None), ("علی", "09123456789", ""), merge="B1:C1")
    error = refusal(path)
    assert error.code == "merged_header"
    assert "B1:C1" in " ".join(error.messages)


def test_merged_cells_below_the_header_only_cost_their_own_row(tmp_path):
    path = xlsx(
        tmp_path / "list.xlsx",
        ("name", "mobile"),
        ("علی", "09123456789"),
        ("زیرنویس", None),
        merge="A3:B3",
    )
    done = import_file(path=path, by=None, now=NOW)
    assert (done.created, done.refused) == (1, 1)


def test_a_formula_costs_its_row_in_both_kinds_of_file(tmp_path, write_csv):
    rows = [("name", "mobile"), ("=1+1", "09123456789"), ("علی", "=A1"), ("زهرا", "09351112233")]
    for path in (write_csv(*rows), xlsx(tmp_path / "list.xlsx", *rows)):
        done = import_file(path=path, by=None, now=NOW)
        assert done.rows == 3
        lines = [(line.row, line.field, line.code) for line in done.refused_rows.order_by("row")]
        assert lines == [(2, "name", "formula"), (3, "mobile", "formula")]
    assert Contact.objects.get().name == "زهرا"


def test_only_the_first_visible_sheet_counts(tmp_path):
    def hide(book):
        book.active.sheet_state = "hidden"
        book.create_sheet("دوم").append(("mobile",))
        book["دوم"].append(("09123456789",))
        book.create_sheet("سوم").append(("mobile",))

    path = xlsx(tmp_path / "list.xlsx", ("nothing",), change=hide)
    assert import_file(path=path, by=None, now=NOW).created == 1


def test_an_empty_workbook_is_refused(tmp_path):
    assert refusal(xlsx(tmp_path / "list.xlsx")).code == "file_empty"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"a.txt": b"hello"}, "not_xlsx"),
        ({"xl/workbook.xml": b"<workbook/>", "xl/vbaProject.bin": b"x"}, "macros"),
        ({"xl/workbook.xml": b"<workbook/>"}, "xlsx_broken"),
        ({"xl/workbook.xml": b"", **{f"xl/{n}.xml": b"" for n in range(600)}}, "xlsx_too_big"),
        ({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": b" " * (300 * 2**20)}, "xlsx_too_big"),
    ],
    ids=["archive", "macros", "broken", "members", "bomb"],
)
def test_an_archive_that_is_no_plain_workbook_is_refused(tmp_path, members, code):
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert refusal(path).code == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [("XFD2", "too_many_columns"), ("A1048576", "too_many_rows"), ("IX3", "too_many_columns")],
)
def test_a_value_far_out_is_refused_before_memory_is_spent_on_it(tmp_path, cell, code):
    def far(book):
        book.active[cell] = "x"

    path = xlsx(tmp_path / "list.xlsx", ("mobile",), ("09123456789",), change=far)
    assert refusal(path).code == code


def test_entities_in_a_workbook_are_not_expanded(tmp_path):
    source = xlsx(tmp_path / "good.xlsx", ("mobile",), ("09123456789",))
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "xl/workbook.xml":
                content = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + content
            new.writestr(name, content)
    assert refusal(path).code == "xlsx_broken"


def test_a_dry_run_says_the_same_and_writes_nothing(write_csv):
    path = write_csv(("name", "mobile"), ("علی", "09123456789"), ("بد", "1"))
    counts = look_at_file(path=path)
    assert (counts.rows, counts.created, counts.refused) == (2, 1, 1)
    with staged(path) as stage:
        assert [(row.verdict, row.name) for row in stage.sample(10)] == [("new", "علی")]
    assert not Contact.objects.exists()
    done = import_file(path=path, by=None, now=NOW)
    assert (done.rows, done.created, done.refused) == (2, 1, 1)
