"""What a person must know of how a file was read, before its rows are believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.wording import listed
from contacts.imports.columns import Columns, recognise
from contacts.imports.table import Table
from persian.text import fold_line


@dataclass(slots=True)
class Notes:
    """`ignored` columns mean nothing here; `refusals` are the ones that say who must not be sent to.

    Of a workbook: the `sheet` that was read, the visible `other_sheets` that were not, and `hidden_rows`.
    """

    ignored: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    sheet: str = ""
    other_sheets: tuple[str, ...] = ()
    headless: bool = False
    old_code_page: bool = False
    hidden_rows: int = 0

    @classmethod
    def of(cls, table: Table, columns: Columns) -> Notes:
        titles = [fold_line(cell)[:80] for cell in table.header.cells]
        return cls(
            ignored=columns.ignored,
            refusals=tuple(titles[place] for place in (*columns.refusals, *columns.permissions)),
            sheet=table.sheet if table.other_sheets else "",
            other_sheets=table.other_sheets,
            headless=table.headless,
            old_code_page=table.old_code_page,
        )

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Notes:
        lists = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
        return cls(**{**kept, **lists})


def columns_of(table: Table) -> Columns:
    """The columns of the table's header. Raises ValidationError as `recognise`, naming the other sheets."""
    try:
        return recognise(table.header.cells, table.header.number)
    except ValidationError as error:
        if error.code != "no_number_column" or not table.other_sheets:
            raise
        others = _("The sheet “%(sheet)s” was read. If another is meant, put it first: %(others)s.") % {
            "sheet": table.sheet,
            "others": listed(table.other_sheets),
        }
        raise ValidationError(f"{error.message} {others}", code=error.code) from error
