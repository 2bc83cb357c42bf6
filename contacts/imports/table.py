"""What every kind of file becomes: a header and rows of text, numbered as the file's reader sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# A cell that begins so is a formula; a reader of spreadsheets marks its formulas in the same way.
FORMULA_MARK = "="


class Row(NamedTuple):
    """`number` is what the spreadsheet or the editor shows beside the row, from 1."""

    number: int
    cells: list[str]
    hidden: bool = False  # by a filter or by hand, in a spreadsheet


@dataclass(frozen=True, slots=True)
class Table:
    """`sheet` is the one that is read, `other_sheets` are the visible ones that are not (XLSX only)."""

    header: Row
    rows: Iterator[Row]
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()


def split_header(rows: Iterator[Row]) -> Table:
    """The first row that says something is the header. Raises ValidationError if there is none."""
    for row in rows:
        if any(cell.strip() for cell in row.cells):
            return Table(row, rows)
    raise ValidationError(_("The file is empty."), code="file_empty")
