"""Opening a file of customers: what it is shows in its first bytes, not in its name."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.wording import count_text
from contacts.imports.csv_file import open_csv
from contacts.imports.table import Table
from contacts.imports.xlsx_file import open_xlsx

_ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_PROGRAMS: Final = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
)
_OTHER_KINDS: Final = (
    b"%PDF",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BZh",
)
_WEB_PAGE: Final = (b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<style", b"<?xml")
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table in a CSV or XLSX file; its rows are read one by one.

    Raises ValidationError, also while rows are being read: missing, too big, empty, a program or
    another kind of file, not UTF-8, broken, merged header cells, unpacked too big.
    """
    head = _checked_head(path)
    opener = open_xlsx if head.startswith(_ZIP) else open_csv
    with opener(path) as table:
        yield table


def _checked_head(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(64 * 1024)
    except OSError as error:
        raise ValidationError(
            _("“%(file)s” cannot be opened: %(error)s.") % {"file": path.name, "error": error.strerror},
            code="unreadable",
        ) from error
    check_size(size)
    if not head.strip():
        raise ValidationError(_("The file is empty."), code="file_empty")
    _check_kind(head)
    return head


def check_size(size: int) -> None:
    """Raises ValidationError for more bytes than a list may have."""
    if size > settings.IMPORT_MAX_BYTES:
        raise ValidationError(
            _("The file has %(size)s MB; at most %(limit)s MB are taken. Split it.")
            % {
                "size": count_text(-(-size // 2**20)),
                "limit": count_text(settings.IMPORT_MAX_BYTES // 2**20),
            },
            code="file_too_big",
        )


def _check_kind(head: bytes) -> None:
    if head.startswith(_PROGRAMS):
        raise ValidationError(
            _("This is a program, not a list of customers, whatever its name says. Nothing was read."),
            code="program",
        )
    if head.startswith(_OLD_OFFICE):
        raise ValidationError(
            _("This is an old or password-protected Excel file. Save it as .xlsx without a password."),
            code="old_excel",
        )
    if head.lstrip(codecs.BOM_UTF8 + b" \t\r\n").lower().startswith(_WEB_PAGE):
        raise ValidationError(
            _("This is a web page that calls itself a spreadsheet. Open it in Excel and save it as .xlsx."),
            code="web_page",
        )
    if head.startswith(_OTHER_KINDS) or (
        b"\0" in head and not head.startswith(_UTF16) and not head.startswith(_ZIP)
    ):
        raise ValidationError(_("This is neither CSV nor XLSX text. Nothing was read."), code="binary")
