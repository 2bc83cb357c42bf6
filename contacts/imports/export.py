"""The report of refused rows as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Final

from django.utils.translation import gettext as _

from contacts.imports.rows import Problem
from contacts.reasons import reason_text

# Where a spreadsheet may see a cell begin (also one that separates by ; or | or tab), what it skips there
# (spaces, invisible marks), and what it takes for a formula's first sign, in full width too.
_FORMULA: Final = re.compile(
    "(^|[;,|\t\r\n])(?=[\\s\"'\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\\-@＝＋－＠﹢﹣﹦﹫])"
)
BOM: Final = "\ufeff"  # Excel takes a CSV without it for the system's old code page


def safe_cell(value: object) -> str:
    """A cell of which no spreadsheet takes any part for a formula; a number in `+98…` too."""
    text = _FORMULA.sub(r"\1'", str(value))
    return f"'{text}" if text.startswith(("\t", "\r", "\n")) else text


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def report_lines(problems: Iterable[Problem]) -> Iterator[str]:
    """The report's lines, the header first: row, column, value, code and reason."""
    writer = csv.writer(_Echo())
    yield BOM + writer.writerow([_("row"), _("column"), _("value"), _("code"), _("reason")])
    for problem in problems:
        yield writer.writerow(
            [
                problem.row,
                problem.field,
                safe_cell(problem.value),
                problem.code,
                reason_text(problem.code),
            ]
        )
