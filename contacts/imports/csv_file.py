"""Reading CSV: UTF-8 with or without a mark, UTF-16 with one, or windows-1256; the separator is found out."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Final, TextIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.wording import place_text
from contacts.imports.columns import is_header
from contacts.imports.table import HEADER_WITHIN, Table, TableRow, split_header

_SEPARATORS: Final = (",", ";", "\t", "|", "؛")
_OLD_CODE_PAGE: Final = "cp1256"
_LETTERS_OF_1256: Final = frozenset(
    "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگکھ\u200c\u200d\u200e\u200f،؛؟ـ«»–\u00a0"
    + "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
)
_QUOTED: Final = re.compile(r'"[^"]*"')
_WITHOUT_SEPARATORS: Final = str.maketrans(dict.fromkeys("".join(_SEPARATORS)))
_EXCEL_HINT: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@contextmanager
def open_csv(path: Path) -> Iterator[Table]:
    """The table in a CSV file. Raises ValidationError naming the line where it cannot be read."""
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as stream:
            yield replace(split_header(_rows(stream)), old_code_page=encoding == _OLD_CODE_PAGE)
    except UnicodeError as error:
        raise _not_unicode(path, encoding) from error


def _encoding(path: Path) -> str:
    with path.open("rb") as stream:
        head = stream.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return _OLD_CODE_PAGE if _is_windows_1256(path) else "utf-8-sig"


def _is_windows_1256(path: Path) -> bool:
    """Whether the file is no UTF-8, and its bytes are Persian or Arabic letters in the old code page: what
    Excel writes as “CSV” in Persian. Damaged UTF-8 is not: half of its bytes would be signs."""
    line = _first_bad_line(path)
    if line is None:
        return False
    with path.open("rb") as stream:
        high = bytes(byte for byte in stream.read(1024 * 1024) if byte > 0x7F)
    letters = sum(char in _LETTERS_OF_1256 for char in high.decode(_OLD_CODE_PAGE))
    return letters > 0.95 * len(high) and len(high.decode("utf-8", "ignore")) * 4 < len(high)


def _rows(stream: TextIO) -> Iterator[TableRow]:
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
    beginning = [first, *islice(lines, HEADER_WITHIN - 1)]
    reader = csv.reader(
        chain(beginning, lines),
        delimiter=separator or _separator(beginning),
        strict=True,
        skipinitialspace=True,
    )
    begins = 1
    try:
        for cells in reader:
            yield TableRow(passed + begins, cells)
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


def _checked_lines(stream: TextIO) -> Iterator[str]:
    for number, line in enumerate(stream, start=1):
        if "\0" in line:
            raise ValidationError(
                _("Line %(line)s holds NUL characters: this is not a text file.")
                % {"line": place_text(number)},
                code="binary",
            )
        yield line


def _separator(beginning: list[str]) -> str:
    """The separator that makes a header of one of the first lines, in the most columns; else what the first
    line uses most, outside quotation marks; a comma if it uses none."""
    for line in beginning:
        bare = _QUOTED.sub(lambda quoted: quoted[0].translate(_WITHOUT_SEPARATORS), line)
        makes = [one for one in _SEPARATORS if is_header([cell.strip(' "\r\n') for cell in bare.split(one)])]
        if makes:
            return max(makes, key=bare.count)
    return max(_SEPARATORS, key=_QUOTED.sub("", beginning[0]).count)


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
