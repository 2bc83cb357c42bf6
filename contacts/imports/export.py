"""The report of refused rows: the rows as they stood in their file, to be mended and imported again.

A CSV that a spreadsheet opens without running anything. Behind the file's own columns stand three of ours,
which a reader passes over: the row's number, the columns at fault, and why.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from common.wording import listed
from contacts.imports.columns import report_places, report_titles, title_of
from contacts.imports.escaping import safe_cell
from contacts.imports.rows import Problem
from contacts.reasons import reason_text

BOM: Final = "\ufeff"  # Excel takes a CSV without it for the system's old code page


class FaultyRow(NamedTuple):
    """A fault of a row. `cells` are the row's own, with the first of its faults; None with the others."""

    problem: Problem
    cells: Sequence[str] | None


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def report_lines(header: Sequence[str], refused: Iterable[FaultyRow]) -> Iterator[str]:
    """The report's lines, the header first; `refused` in the order of the rows. Rows of an import of before
    the header was kept show the cell at fault alone."""
    writer = csv.writer(_Echo())
    header = header or [_("value")]
    ours = report_places(header)
    yield BOM + writer.writerow([*map(safe_cell, _without(header, ours)), *report_titles()])
    for number, faults in groupby(refused, key=lambda fault: fault.problem.row):
        found = list(faults)
        cells = next((fault.cells for fault in found if fault.cells is not None), [found[0].problem.value])
        padded = [*cells, *[""] * (len(header) - len(cells))]
        columns = dict.fromkeys(title_of(f.problem.field) for f in found if f.problem.field)
        reasons = dict.fromkeys(reason_text(f.problem.code) for f in found)
        yield writer.writerow(
            [
                *map(safe_cell, _without(padded[: len(header)], ours)),
                number,
                listed(columns),
                " ".join(reasons),
                *map(safe_cell, padded[len(header) :]),
            ]
        )


def _without(cells: Sequence[str], places: Sequence[int]) -> list[str]:
    return [cell for place, cell in enumerate(cells) if place not in places]
