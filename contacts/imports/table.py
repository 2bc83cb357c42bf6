"""What every kind of file becomes: a header and rows of text, numbered as the file's reader sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts.imports.columns import is_header
from persian.phones import InvalidNumber, normalise

# A cell that begins so is a formula; a reader of spreadsheets marks its formulas in the same way.
FORMULA_MARK = "="
# Titles and remarks may stand above a header.
HEADER_WITHIN: Final = 10


class TableRow(NamedTuple):
    """`number` is what the spreadsheet or the editor shows beside the row, from 1."""

    number: int
    cells: list[str]
    hidden: bool = False  # by a filter or by hand, in a spreadsheet


@dataclass(frozen=True, slots=True)
class Table:
    """`sheet` is the one that is read, `other_sheets` are the visible ones that are not (XLSX only).

    `headless`: the file names no columns; the header stands for its numbers. `old_code_page`: the bytes are
    windows-1256, which says nothing of itself, so a person must look at the names.
    """

    header: TableRow
    rows: Iterator[TableRow]
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    headless: bool = False
    old_code_page: bool = False


def split_header(rows: Iterator[TableRow]) -> Table:
    """The header and what stands below: the first of the first rows that names a column of numbers.

    A title may stand above it. Where no row is a header and the first holds a number, the file is a list of
    numbers. Otherwise the first row is the header, whatever it says. Raises ValidationError if there is none.
    """
    first = list(islice((row for row in rows if any(cell.strip() for cell in row.cells)), HEADER_WITHIN))
    if not first:
        raise ValidationError(_("The file is empty."), code="file_empty")
    for place, row in enumerate(first):
        if is_header(row.cells):
            return Table(row, chain(first[place + 1 :], rows))
    numbers = [is_number(cell) for cell in first[0].cells]
    if any(numbers):
        place = numbers.index(True)
        header = ["phone" if n == place else f"({n + 1})" for n in range(len(numbers))]
        return Table(TableRow(first[0].number, header), chain(first, rows), headless=True)
    return Table(first[0], chain(first[1:], rows))


def is_number(cell: str) -> bool:
    try:
        normalise(cell)
    except InvalidNumber:
        return False
    return True
