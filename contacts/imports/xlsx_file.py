"""Reading XLSX: the first visible sheet's values. What could fill the memory is refused before."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from contacts.imports.table import FORMULA_MARK, Row, Table, split_header
from contacts.wording import count_text, place_text

MAX_MEMBERS: Final = 500
MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_COLUMNS: Final = 50
_TITLE_ROWS: Final = 100  # the header, and what may stand above it

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 2048  # longer than the opening tags that are looked for
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[\s/>]")
_FORMULA_CELL: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})([0-9]+)"[^>]*>\s*<(?:\w+:)?f[\s/>]')
# Any cell beyond column Z or row 300,000: rare enough to look closer.
_FAR_CELL: Final = re.compile(rb'\br="(?:[A-Z]{2,}[0-9]+|[A-Z](?:[3-9][0-9]{5}|[0-9]{7,}))"')
_VALUE_CELL: Final = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]{1,3})([0-9]+)"[^>]*>\s*<(?:\w+:)?(?:v|is)[\s/>]'
)
_RELATIONSHIP: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Value = int | float | str | bool | time | date | datetime | timedelta
Cell = tuple[int, int]  # row and column, from 0


@contextmanager
def open_xlsx(path: Path) -> Iterator[Table]:
    """The table in the first visible sheet. Raises ValidationError saying what is wrong with the file."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_archive(archive)
            book = CalamineWorkbook.from_path(path)
            index, name = _first_visible(book)
            formulas = _formulas(archive, _member_of(archive, name))
            sheet = book.get_sheet_by_index(index)
    except (zipfile.BadZipFile, CalamineError, ElementTree.ParseError, KeyError, EOFError, OSError) as error:
        raise ValidationError(
            _("The file cannot be read as XLSX. Open it in a spreadsheet program and save it again."),
            code="xlsx_broken",
        ) from error
    if sheet.start is None:
        raise ValidationError(_("The sheet “%(sheet)s” is empty.") % {"sheet": sheet.name}, code="file_empty")
    table = split_header(_rows(sheet, formulas))
    _check_merged(sheet, table.header.number - 1)
    yield table


def _check_archive(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise ValidationError(
            _("The file is an archive, but not an XLSX workbook. CSV and XLSX files are read."),
            code="not_xlsx",
        )
    if "xl/vbaProject.bin" in names:
        raise ValidationError(_("The workbook holds macros. Save it as .xlsx."), code="macros")
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED:
        raise ValidationError(
            _(
                "Unpacked, the workbook has %(files)s parts and %(size)s MB; at most %(max_files)s and"
                " %(max_size)s MB are read. Save the sheet as CSV."
            )
            % {
                "files": count_text(len(members)),
                "size": count_text(unpacked // 2**20),
                "max_files": count_text(MAX_MEMBERS),
                "max_size": count_text(MAX_UNPACKED // 2**20),
            },
            code="xlsx_too_big",
        )


def _first_visible(book: CalamineWorkbook) -> tuple[int, str]:
    for index, sheet in enumerate(book.sheets_metadata):
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            return index, sheet.name
    raise ValidationError(_("The workbook has no visible sheet."), code="file_empty")


def _member_of(archive: zipfile.ZipFile, sheet_name: str) -> str:
    """The archive's member that holds the sheet."""
    targets = {
        node.get("Id"): node.get("Target", "") for node in _small_xml(archive, "xl/_rels/workbook.xml.rels")
    }
    for node in _small_xml(archive, "xl/workbook.xml").findall(".//{*}sheet"):
        if node.get("name") == sheet_name:
            target = targets[node.get(_RELATIONSHIP)]
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet_name)


def _small_xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    content = archive.read(name)
    if len(content) > _CHUNK or b"<!" in content:
        # no workbook part declares entities; without them the parser has nothing to expand
        raise KeyError(name)
    return ElementTree.fromstring(content)  # noqa: S314  # nosec B314


def _windows(archive: zipfile.ZipFile, member: str) -> Iterator[tuple[bytes, int]]:
    """The sheet's XML piece by piece, each with the end of the piece before (so many bytes)."""
    tail = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            yield tail + chunk, len(tail)
            tail = chunk[-_OVERLAP:]


def _formulas(archive: zipfile.ZipFile, member: str) -> frozenset[Cell]:
    """Where the sheet has formulas: only their cached results would be read, so the cells are refused."""
    found: set[Cell] = set()
    count = 0
    far = False
    for window, old in _windows(archive, member):
        # A match that ends inside the old piece was counted with it.
        count += sum(match.end() > old for match in _FORMULA.finditer(window))
        found.update(_cell(match) for match in _FORMULA_CELL.finditer(window))
        far = far or _FAR_CELL.search(window) is not None
    if count != len(found):
        raise ValidationError(
            _("The sheet holds formulas. Copy it and paste it as values, then save."), code="formulas"
        )
    if far:
        _check_extent(archive, member)
    return frozenset(found)


def _check_extent(archive: zipfile.ZipFile, member: str) -> None:
    """Refuse a sheet with a value far out: its reader keeps every cell up to there in memory."""
    last_row = last_column = 0
    for window, _old in _windows(archive, member):
        for match in _VALUE_CELL.finditer(window):
            row, column = _cell(match)
            last_row, last_column = max(last_row, row), max(last_column, column)
    if last_column >= MAX_COLUMNS:
        raise ValidationError(
            _("The sheet has values in column %(column)s; at most %(limit)s columns are read.")
            % {"column": _cell_name(0, last_column)[:-1], "limit": count_text(MAX_COLUMNS)},
            code="too_many_columns",
        )
    if last_row > settings.IMPORT_MAX_ROWS + _TITLE_ROWS:
        raise ValidationError(
            _("The sheet has values down to row %(row)s; at most %(limit)s rows are taken. Split the file.")
            % {"row": place_text(last_row + 1), "limit": count_text(settings.IMPORT_MAX_ROWS)},
            code="too_many_rows",
        )


def _cell(match: re.Match[bytes]) -> Cell:
    return int(match[2]) - 1, _column_index(match[1].decode())


def _rows(sheet: CalamineSheet, formulas: frozenset[Cell]) -> Iterator[Row]:
    assert sheet.start is not None  # noqa: S101 - the caller refused an empty sheet
    left = sheet.start[1]
    padding = [""] * left
    for number, values in enumerate(sheet.iter_rows()):
        cells = padding + [_text(value) for value in values]
        if formulas:
            for column in range(len(cells)):
                if (number, column) in formulas:
                    cells[column] = f"{FORMULA_MARK}…"
        yield Row(number + 1, cells)


def _text(value: Value) -> str:
    """A cell as it would stand in a CSV: whole numbers without a decimal point."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _check_merged(sheet: CalamineSheet, header_row: int) -> None:
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top <= header_row <= bottom:
            raise ValidationError(
                _(
                    "The header has merged cells: %(cells)s. Unmerge them; each column needs its own name in"
                    " row %(row)s."
                )
                % {
                    "cells": f"{_cell_name(top, left)}:{_cell_name(bottom, right)}",
                    "row": place_text(header_row + 1),
                },
                code="merged_header",
            )


def _column_index(letters: str) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def _cell_name(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return f"{letters}{row + 1}"
