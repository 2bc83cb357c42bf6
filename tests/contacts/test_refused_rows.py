"""The report of refused rows: the rows as they stood, mended by a person and imported again."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from django.utils import translation

from contacts.actions import imports
from contacts.imports.stage import staged
from contacts.models import Contact, ContactImport
from tests.contacts.workbooks import workbook
from tests.factories import NOW, ContactFactory

pytestmark = pytest.mark.django_db

HEADER = ("نام", "موبایل", "شماره مشتری", "برچسب", "یادداشت")
ROWS = (
    HEADER,
    ("علی", "09123456789", "C-1", "تهران", "خوب"),
    ("=زهرا", "0935", "C-2", "شیراز؛ -عمده", "=2+2"),
    ("رضا", "+989121112233", "TAKEN", "تهران", "- بدهکار"),
    ("سارا", "09121112244", "C-4", "تهران", "یک", "بیش"),
)


def reported(path: Path, report: Path) -> list[list[str]]:
    with translation.override("fa"):
        imports.import_file(path=path, by=None, now=NOW, report=report)
    with report.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


@pytest.fixture
def lines(write_csv, tmp_path):
    ContactFactory(customer_no="TAKEN")
    return reported(write_csv(*ROWS), tmp_path / "refused.csv")


def test_a_refused_row_stands_there_whole_once_with_all_its_reasons(lines):
    assert lines[0] == [*HEADER, "ردیف ردشده", "ستون ایراد", "دلیل رد"]
    zahra, reza, sara = lines[1:]
    assert zahra[:5] == ["'=زهرا", "0935", "C-2", "شیراز؛ -عمده", "'=2+2"]
    assert zahra[5:7] == ["3", "موبایل، نام"]
    assert "فرمول" in zahra[7]
    assert reza[:7] == ["رضا", "'+989121112233", "TAKEN", "تهران", "'- بدهکار", "4", "شماره مشتری"]
    assert (sara[:6], sara[8:]) == ([*ROWS[4][:5], "5"], ["بیش"])


def test_the_mended_report_goes_through_as_the_rows_were_meant(lines, write_csv):
    lines[1][0], lines[1][1] = "زهرا", "09351112233"
    lines[2][2] = "C-3"
    del lines[3][8]
    done = imports.import_file(path=write_csv(*lines, name="mended.csv"), by=None, now=NOW)
    assert (done.created, done.refused) == (3, 0)
    assert Contact.objects.get(name="زهرا").tags == ["شیراز", "-عمده"]
    assert Contact.objects.get(name="رضا").address == "+989121112233"


def test_what_is_still_wrong_is_reported_with_the_same_columns_again(lines, write_csv, tmp_path):
    again = reported(write_csv(*lines, name="again.csv"), tmp_path / "again_refused.csv")
    assert again[0] == lines[0]
    assert [line[:5] for line in again[1:]] == [line[:5] for line in lines[1:]]


def test_our_columns_are_not_named_as_unknown(lines, write_csv):
    with staged(write_csv(*lines, name="mended.csv")) as stage:
        assert stage.notes.ignored == ("یادداشت",)


def test_a_workbook_and_a_list_without_a_header_are_mended_too(tmp_path, write_csv):
    wrong = '<row r="2"><c r="A2" t="inlineStr"><is><t>0912</t></is></c></row>'
    book = reported(workbook(tmp_path / "x.xlsx", [wrong]), tmp_path / "book.csv")
    assert book[1][:2] == ["0912", "2"]
    bare = reported(write_csv(("09123456789",), ("0912",)), tmp_path / "bare.csv")
    assert bare[0][0] == "تلفن"
    bare[1][0] = "09123456780"
    done = imports.import_file(path=write_csv(*bare, name="bare_mended.csv"), by=None, now=NOW)
    assert (done.created, done.refused) == (1, 0)


def test_an_import_of_before_reports_the_cell_at_fault(client, sender):
    row = ContactImport.objects.create(
        file_name="x.csv", sha256="", by=sender, created_at=NOW, status="done", rows=1, refused=1
    )
    row.refused_rows.create(row=2, field="mobile", value="+4917", code="number_foreign")
    client.force_login(sender)
    report = client.get(f"/contacts/import/{row.pk}/refused.csv")
    assert "'+4917,2,موبایل," in b"".join(report.streaming_content).decode()
