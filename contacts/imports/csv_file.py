"""Reading CSV: UTF-8 with or without a mark, or UTF-16 with one; the separator is found out."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts.imports.table import Row, Table, split_header
from contacts.wording import place_text

_SEPARATORS: Final = (",", ";", "\t", "|")
_QUOTED: Final = re.compile(r'"[^"]*"')
_EXCEL_HINT: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)


@contextmanager
def open_csv(path: Path) -> Iterator[Table]:
    """The table in a CSV file. Raises ValidationError naming the line where it cannot be read."""
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            yield split_header(_rows(stream))
    except UnicodeError as error:
        raise _not_unicode(path, encoding) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(4)
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _rows(stream: TextIO) -> Iterator[Row]:
    lines = _checked_lines(stream)
    passed, first = 0, ""
    separator = ""
    for first in lines:
        hint = _EXCEL_HINT.fullmatch(first)
        if hint:
            separator = hint[1]
        elif first.strip():
            break
        passed += 1
    else:
        return
    reader = csv.reader(
        _chained(first, lines), delimiter=separator or _separator(first), strict=True, skipinitialspace=True
    )
    begins = 1
    try:
        for cells in reader:
            yield Row(passed + begins, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise ValidationError(
            _(
                "Line %(line)s cannot be read as CSV (%(error)s). A quotation mark may be missing or stand"
                " alone there."
            )
            % {"line": place_text(passed + begins), "error": error},
            code="csv_broken",
        ) from error


def _chained(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _checked_lines(stream: TextIO) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        if "\0" in line:
            raise ValidationError(
                _("Line %(line)s holds NUL characters: this is not a text file.")
                % {"line": place_text(number)},
                code="binary",
            )
        yield line


def _separator(line: str) -> str:
    """The separator that the header uses most, outside quotation marks; a comma if it uses none."""
    bare = _QUOTED.sub("", line)
    return max(_SEPARATORS, key=bare.count)


def _not_unicode(path: Path, encoding: str) -> ValidationError:
    line = _first_bad_line(path) if encoding == "utf-8-sig" else None
    where = _("line %(line)s") % {"line": place_text(line)} if line else _("the file")
    return ValidationError(
        _("The file is not UTF-8: %(where)s cannot be read. In Excel save it as “CSV UTF-8”.")
        % {"where": where},
        code="not_utf8",
    )


def _first_bad_line(path: Path) -> int | None:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return None
