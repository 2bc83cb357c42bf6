"""Reading XLSX in a process of its own, `xlsx_child`: what fills memory or time ends that process only."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.wording import count_text, place_text
from contacts.imports import xlsx_child
from contacts.imports.table import Table, TableRow, split_header

MAX_LINE: Final = 16 * 1024 * 1024  # bytes: 100 rows of long texts


@contextmanager
def open_xlsx(path: Path) -> Iterator[Table]:
    """The table in the first visible sheet. Raises ValidationError saying what is wrong with the file."""
    with _child(path) as child:
        head = child.line()
        table = split_header(child.rows())
        _check_merged(head["merged"], table.header.number - 1)
        yield replace(table, sheet=head["sheet"], other_sheets=tuple(head["others"]))


def seconds_for(size: int) -> int:
    """Seconds of computing that a file of `size` bytes may take: an honest one needs a second for a MiB."""
    return min(5 + 2 * size // 2**20, int(settings.IMPORT_READ_SECONDS))


@contextmanager
def _child(path: Path) -> Iterator[_Child]:
    """The reading process; it is ended with the block, whatever happened."""
    seconds = seconds_for(path.stat().st_size)
    command = [
        sys.executable, "-I", xlsx_child.__file__,
        str(path), str(settings.IMPORT_MAX_ROWS), str(settings.IMPORT_READ_MEMORY_MB), str(seconds),
    ]  # fmt: skip
    # No shell, and none of this process's environment: the secrets are in it.
    process = subprocess.Popen(  # noqa: S603  # nosec B603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"RUST_BACKTRACE": "0"},  # its stack, looked up in every library's symbols, takes seconds
    )
    try:
        yield _Child(process, seconds)
    finally:
        process.kill()
        if process.stdout:
            process.stdout.close()
        process.wait()


class _Child:
    """The lines of the reading process, bounded: seconds waited for it, bytes of a line, columns of a row.

    Only waiting counts as its time; while the rows are looked at, it waits for us.
    """

    def __init__(self, process: subprocess.Popen[bytes], cpu_seconds: int) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for above
        self._process = process
        self._pipe = process.stdout.fileno()
        # A loaded machine takes seconds to start a process.
        self._seconds_left = 5.0 + 3 * cpu_seconds
        self._lines: list[bytes] = []
        self._rest = b""

    def rows(self) -> Iterator[TableRow]:
        while isinstance(batch := self.line(), list):
            for number, hidden, cells in batch:
                if len(cells) > xlsx_child.MAX_COLUMNS:
                    raise _too_many_columns(xlsx_child.column_name(len(cells) - 1))
                yield TableRow(number, cells, bool(hidden))

    def line(self) -> Any:
        """The next line. Raises ValidationError if the process says why it stops, or died."""
        while not self._lines:
            self._fill()
        said = json.loads(self._lines.pop())
        if isinstance(said, dict) and "error" in said:
            raise refusal(said)
        return said

    def _fill(self) -> None:
        pieces = [self._rest]
        length = len(self._rest)
        while True:
            piece = self._wait()
            pieces.append(piece)
            length += len(piece)
            if length > MAX_LINE:
                raise refusal({"error": "xlsx_memory"})
            if b"\n" in piece:
                break
        *lines, self._rest = b"".join(pieces).split(b"\n")
        self._lines = lines[::-1]

    def _wait(self) -> bytes:
        started = time.monotonic()
        ready, _writable, _broken = select.select([self._pipe], [], [], max(self._seconds_left, 0))
        self._seconds_left -= time.monotonic() - started
        if not ready:
            raise refusal({"error": "xlsx_seconds"})
        piece = os.read(self._pipe, xlsx_child.CHUNK)
        if not piece:
            raise refusal({"error": _cause_of_death(self._process.wait())})
        return piece


def _cause_of_death(returncode: int) -> str:
    """SIGKILL and SIGXCPU end it at the limit of its seconds; everything else is memory: an allocation that
    fails aborts calamine, also deep inside of Python."""
    return "xlsx_seconds" if -returncode in (9, 24) else "xlsx_memory"


def refusal(said: dict[str, Any]) -> ValidationError:
    """The sentence for what the reading process said: `error` and what belongs to it."""
    code = said["error"]
    if code == "too_many_columns":
        return _too_many_columns(said["column"])
    return ValidationError(_sentence(code, said), code=_CODES.get(code, code))


# Two ways to be empty are one code.
_CODES: Final = {"sheet_empty": "file_empty", "no_visible_sheet": "file_empty"}


def _sentence(code: str, said: dict[str, Any]) -> str:
    sentences = {
        "not_xlsx": _("The file is an archive, but not an XLSX workbook. CSV and XLSX files are read."),
        "macros": _("The workbook holds macros. Save it as .xlsx."),
        "no_visible_sheet": _("The workbook has no visible sheet."),
        "sheet_empty": _("The sheet “%(sheet)s” is empty."),
        "formulas": _("The sheet holds formulas. Copy it and paste it as values, then save."),
        "too_many_rows": _(
            "The sheet has values down to row %(row)s; at most %(limit)s rows are taken. Split the file."
        ),
        "xlsx_too_big": _(
            "Unpacked, the workbook has %(files)s parts and %(size)s MB; at most %(max_files)s and"
            " %(max_size)s MB are read. Save the sheet as CSV."
        ),
        "xlsx_memory": _(
            "Reading the workbook takes more than %(memory)s MB of memory. A value may stand far out, to the"
            " right or below; copy the table alone to a new sheet, or save it as CSV."
        ),
        "xlsx_seconds": _("Reading the workbook takes too long. Save the sheet as CSV."),
    }
    broken = _("The file cannot be read as XLSX. Open it in a spreadsheet program and save it again.")
    return sentences.get(code, broken) % {
        "sheet": said.get("sheet", ""),
        "row": place_text(said.get("row", 0)),
        "limit": count_text(settings.IMPORT_MAX_ROWS),
        "files": count_text(said.get("members", 0)),
        "size": count_text(said.get("mib", 0)),
        "max_files": count_text(xlsx_child.MAX_MEMBERS),
        "max_size": count_text(xlsx_child.MAX_UNPACKED // 2**20),
        "memory": count_text(settings.IMPORT_READ_MEMORY_MB),
    }


def _too_many_columns(column: str) -> ValidationError:
    return ValidationError(
        _("The sheet has values in column %(column)s; at most %(limit)s columns are read.")
        % {"column": column, "limit": count_text(xlsx_child.MAX_COLUMNS)},
        code="too_many_columns",
    )


def _check_merged(merged: list[list[int]], header_row: int) -> None:
    for top, left, bottom, right in merged:
        if top <= header_row <= bottom:
            first, last = xlsx_child.column_name(left), xlsx_child.column_name(right)
            raise ValidationError(
                _(
                    "The header has merged cells: %(cells)s. Unmerge them; each column needs its own name in"
                    " row %(row)s."
                )
                % {"cells": f"{first}{top + 1}:{last}{bottom + 1}", "row": place_text(header_row + 1)},
                code="merged_header",
            )
