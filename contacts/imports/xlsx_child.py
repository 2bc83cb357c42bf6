"""A process of its own that reads one XLSX file: `python xlsx_child.py FILE ROWS MEMORY_MIB CPU_SECONDS`.

It imports nothing of the portal and limits itself before it opens the file: a workbook that is made to fill
memory or time ends this process, not the web server's. What it writes to its standard output are lines of
JSON, each at most a few hundred kB:

1. `{"sheet": name, "others": [names of the other visible ones], "merged": [[top, left, bottom, right], …]}`,
   positions from 0, only merged cells near the top;
2. any number of `[[row number from 1, 1 if the row is hidden else 0, [texts]], …]`, without blank rows;
3. `{"end": rows}`. Without this line the process died.

Instead of any of them `{"error": code, …}`: the file cannot be used, and the parent words it.
"""

from __future__ import annotations

import json
import resource
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from xml.parsers import expat

# Of a workbook (OOXML): parts of the archive, bytes unpacked, columns, rows with the header and above it.
MAX_MEMBERS: Final = 500
MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_COLUMNS: Final = 256
TITLE_ROWS: Final = 100
# Bytes read at once, and those of one tag of XML or of the list of sheets; Excel's own stay below a kilobyte.
CHUNK: Final = 64 * 1024
_MAX_TOKEN: Final = 1024 * 1024
# Bytes of a sheet that is parsed in any case.
_SMALL: Final = 4 * 1024 * 1024
_MARKS: Final = (b"<f", b":f", b"hidden", b"mergeCell")

Value = int | float | str | bool | time | date | datetime | timedelta
Attributes = list[str]


class RefusedFile(Exception):
    """The file cannot be used: `code` says why, `said` is what the sentence needs."""

    def __init__(self, code: str, **said: object) -> None:
        super().__init__(code)
        self.code = code
        self.said = said


def limit(memory_mib: int, cpu_seconds: int) -> None:
    """Memory, seconds of computing, no files to write, no dump of the memory."""
    memory = memory_mib * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(path: str, max_rows: int) -> Iterator[Any]:
    """The lines to write, as objects. Raises Refused, or whatever a broken file makes of its readers."""
    with zipfile.ZipFile(path) as archive:
        _check_archive(archive)
        index, name, member, others = _first_visible(archive)
        shape = Shape(max_rows)
        if _is_worth_parsing(archive, member):
            parse(archive, member, shape.start)
    # Only now: it keeps every cell up to the farthest one in memory.
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_path(path).get_sheet_by_index(index)
    if sheet.start is None:
        raise RefusedFile("sheet_empty", sheet=name)
    yield {"sheet": name, "others": others, "merged": shape.merged}
    left = [""] * sheet.start[1]
    batch: list[tuple[int, int, list[str]]] = []
    count = 0
    for number, values in enumerate(sheet.iter_rows()):
        cells = left + [_text(value) for value in values]
        if number in shape.formulas:
            for column in shape.formulas[number]:
                cells[column:] = cells[column:] or [""] * (column + 1 - len(cells))
                cells[column] = "=…"
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        count += 1
        batch.append((number + 1, int(number in shape.hidden), cells))
        if len(batch) == 100:
            yield batch
            batch = []
    if batch:
        yield batch
    yield {"end": count}


def _is_worth_parsing(archive: zipfile.ZipFile, member: str) -> bool:
    """Whether the sheet's XML says anything beside values. Parsing a large sheet of values alone doubles the
    time; its reader goes by bytes, so that what has none of these has no formula and no hidden row for it."""
    if archive.getinfo(member).file_size <= _SMALL:
        return True
    last = b""
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            piece = last + chunk
            if any(mark in piece for mark in _MARKS):
                return True
            last = piece[-16:]
    return False


def _check_archive(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if "xl/workbook.xml" not in names:
        raise RefusedFile("not_xlsx")
    if "xl/vbaProject.bin" in names:
        raise RefusedFile("macros")
    unpacked = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or unpacked > MAX_UNPACKED:
        raise RefusedFile("xlsx_too_big", members=len(members), mib=unpacked // 2**20)
    # A sheet of customers unpacks to ten times its size.
    if any(m.file_size > _SMALL * 2 and m.file_size > 100 * m.compress_size for m in members):
        raise RefusedFile("xlsx_memory")


def _first_visible(archive: zipfile.ZipFile) -> tuple[int, str, str, list[str]]:
    """The first visible sheet: its place in the workbook, its name, its member, and the others' names."""
    targets: dict[str, str] = {}
    sheets: list[tuple[str, str, bool]] = []

    def relation(name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            said = _as_dict(attributes)
            if said.get("Type", "").endswith("/worksheet"):
                targets[said["Id"]] = said["Target"]

    def sheet(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            said = _as_dict(attributes)
            sheets.append((said["name"], said["id"], said.get("state", "visible") == "visible"))

    for member, handle in (("xl/_rels/workbook.xml.rels", relation), ("xl/workbook.xml", sheet)):
        if archive.getinfo(member).file_size > _MAX_TOKEN:
            raise RefusedFile("xlsx_broken")
        parse(archive, member, handle)
    visible = [
        (n, name, targets[key]) for n, (name, key, seen) in enumerate(sheets) if seen and key in targets
    ]
    if not visible:
        raise RefusedFile("no_visible_sheet")
    index, name, target = visible[0]
    member = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return index, name, member, [other for _index, other, _target in visible[1:]][:20]


def _as_dict(attributes: Attributes) -> dict[str, str]:
    """Attributes by name, without the prefix of a namespace."""
    names = [name.rpartition(":")[2] for name in attributes[::2]]
    return dict(zip(names, attributes[1::2], strict=True))


def parse(archive: zipfile.ZipFile, member: str, handle: Callable[[str, Attributes], None]) -> None:
    """Call `handle(local name, attributes)` for every element, piece by piece.

    Raises Refused for XML that declares a document type or holds one endless tag: no spreadsheet does.
    """
    parser = expat.ParserCreate()
    parser.ordered_attributes = True

    def start(name: str, attributes: Attributes) -> None:
        handle(name.rpartition(":")[2] if ":" in name else name, attributes)

    def doctype(*_said: object) -> None:
        raise RefusedFile("xlsx_broken")

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    fed = 0
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            parser.Parse(chunk, False)
            fed += len(chunk)
            if fed > MAX_UNPACKED or fed - parser.CurrentByteIndex > _MAX_TOKEN:
                raise RefusedFile("xlsx_broken")
    parser.Parse(b"", True)


class Shape:
    """What the sheet's XML says beside the values: formulas, hidden rows, merged cells, and how far it goes.

    `formulas` are columns by row, `hidden` are rows, from 0. Cells are counted as their reader counts them:
    a cell or a row without a reference follows the one before it.
    """

    def __init__(self, max_rows: int) -> None:
        self.formulas: dict[int, list[int]] = {}
        self.hidden: set[int] = set()
        self.merged: list[tuple[int, int, int, int]] = []
        self._last_row = max_rows + TITLE_ROWS
        self._row = self._column = -1
        self._formula_count = 0
        self._cell: Attributes = []

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            if attributes[:1] == ["r"]:
                self._cell = attributes
            else:
                self._follow(attributes)
        elif name in ("v", "is"):
            self._place()
        elif name == "row":
            self._begin_row(_as_dict(attributes))
        elif name == "f":
            self._formula()
        elif name == "mergeCell":
            self._merge(_as_dict(attributes).get("ref", ""))

    def _begin_row(self, said: dict[str, str]) -> None:
        self._row = int(said["r"]) - 1 if "r" in said else self._row + 1
        self._column = -1
        self._cell = []
        if said.get("hidden") in ("1", "true"):
            self.hidden.add(self._row)

    def _follow(self, attributes: Attributes) -> None:
        """A cell that may lack its reference: it stands right of the one before."""
        self._locate()
        ref = _as_dict(attributes).get("r")
        self._cell = ["r", ref] if ref else []
        self._column += 1

    def _locate(self) -> None:
        if self._cell:
            ref = self._cell[1]
            if len(ref) < 7 and ref[1:].isdecimal() and "A" <= ref[0] <= "Z":
                self._column = ord(ref[0]) - 65
                self._row = int(ref[1:]) - 1
            else:
                self._row, self._column = _position(ref)

    def _place(self) -> None:
        """The cell has a value. Raises Refused if it stands too far out."""
        self._locate()
        if self._column >= MAX_COLUMNS:
            raise RefusedFile("too_many_columns", column=column_name(self._column), limit=MAX_COLUMNS)
        if self._row > self._last_row:
            raise RefusedFile("too_many_rows", row=self._row + 1)

    def _formula(self) -> None:
        self._place()
        self._formula_count += 1
        if self._formula_count > 200_000:
            raise RefusedFile("formulas")
        self.formulas.setdefault(self._row, []).append(self._column)

    def _merge(self, ref: str) -> None:
        first, _colon, last = ref.partition(":")
        top, left = _position(first)
        bottom, right = _position(last or first)
        if top <= TITLE_ROWS and left < right and len(self.merged) < TITLE_ROWS:
            self.merged.append((top, left, bottom, right))


def _position(ref: str) -> tuple[int, int]:
    letters = ref.rstrip("0123456789")
    return int(ref[len(letters) :]) - 1, _column_index(letters)


def _column_index(letters: str) -> int:
    if not 0 < len(letters) <= 3 or not letters.isascii() or not letters.isalpha():
        raise RefusedFile("xlsx_broken")
    index = 0
    for letter in letters.upper():
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def column_name(column: int) -> str:
    """The letters of a column counted from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _text(value: Value) -> str:
    """A cell as it would stand in a CSV: whole numbers without a decimal point."""
    if isinstance(value, str):
        return value[:4_000]  # longer than any column of a customer takes
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _answer(path: str, max_rows: int) -> Iterator[Any]:
    broken: tuple[type[Exception], ...] = (
        zipfile.BadZipFile, expat.ExpatError, KeyError, ValueError, EOFError, OSError, RuntimeError,
        NotImplementedError,
    )  # fmt: skip
    try:
        yield from read(path, max_rows)
    except RefusedFile as refused:
        yield {"error": refused.code, **refused.said}
    except MemoryError:
        yield {"error": "xlsx_memory"}
    except broken:
        yield {"error": "xlsx_broken"}
    except Exception as error:
        # calamine's own errors; its module may be what could not be loaded
        yield {"error": "xlsx_broken", "kind": type(error).__name__}


def main(path: str, max_rows: str, memory_mib: str, cpu_seconds: str) -> None:
    limit(int(memory_mib), int(cpu_seconds))
    write = sys.stdout.buffer.write
    for line in _answer(path, int(max_rows)):
        write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:5])
