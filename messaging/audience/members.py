"""Who is meant: everybody, a tag, an import, or the numbers of a file. Parsed once, kept as JSON on the
message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.paging import is_key
from common.sql import fetch
from common.wording import count_text
from contacts.imports.columns import is_header
from contacts.imports.notes import columns_of
from contacts.imports.read import open_table
from contacts.imports.table import Table, TableRow
from contacts.models import Contact, ContactImport
from contacts.selectors import imports_seen_by, known_tags
from messaging.audience.planning import EVERYBODY, Source, of_given_lines, tagged
from messaging.audience.planning import of_import as customers_of_import
from persian.phones import InvalidNumber, normalise
from persian.text import fold_line
from staff.models import User

# As many as an import takes.
MAX_LINES: Final = 200_000
# What people write between numbers.
_SEPARATORS: Final = re.compile(r"[,;\t،؛|\n\r]")
_EDGES: Final = ' \t\r\n\ufeff"'


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line of an audience file as given (the first 64 characters, which `AudienceMember` holds), with its
    E.164 number ('' if it is none)."""

    raw: str
    address: str


@dataclass(frozen=True, slots=True)
class Audience:
    """`kind` is `all`, `tag`, `import` or `file`; `name` is the tag or the file's name.

    Of an import: its key and the number of its `customers`.

    Of a file with a header: the `columns` that were taken, and of a workbook with several sheets the `sheet`.
    """

    kind: str
    name: str = ""
    lines: tuple[FileLine, ...] = ()
    columns: tuple[str, ...] = ()
    sheet: str = ""
    import_id: int | None = None
    customers: int = 0

    def as_json(self) -> dict[str, Any]:
        if self.kind == "file":
            return {"kind": "file", "name": self.name, "lines": len(self.lines)}
        if self.import_id is not None:
            return {
                "kind": "import",
                "import": self.import_id,
                "name": self.name,
                "customers": self.customers,
            }
        return {"kind": "tag", "tag": self.name} if self.kind == "tag" else {"kind": "all"}

    def source(self) -> Source:
        if self.kind == "file":
            return of_given_lines([line.raw for line in self.lines], [line.address for line in self.lines])
        if self.import_id is not None:
            return customers_of_import(self.import_id)
        return tagged(self.name) if self.kind == "tag" else EVERYBODY

    def check_not_empty(self) -> None:
        """Raises `ValidationError` naming the audience if nobody is in it."""
        if self.kind == "file":
            return  # an empty file is refused where it is read
        if self.kind == "tag" and not Contact.objects.tagged(self.name).exists():
            raise ValidationError(_("No customer has the tag “%(tag)s”.") % {"tag": self.name}, code="empty")
        if self.kind == "all" and not Contact.objects.exists():
            raise ValidationError(_("There are no customers yet; import some first."), code="empty")


def everybody() -> Audience:
    return Audience("all")


def with_tag(tag: str) -> Audience:
    """The customers with a tag, typed with any keyboard: `ك` finds what the import stored as `ک`."""
    return Audience("tag", fold_line(tag))


def of_import(import_id: int, user: User) -> Audience:
    """The customers of a finished import that the user may see. Raises `ValidationError` if there is none."""
    rows = imports_seen_by(user).filter(status=ContactImport.Status.DONE, customers__isnull=False)
    row = rows.filter(pk=import_id).first() if is_key(str(import_id)) else None
    if row is None or not row.taken:
        raise ValidationError(no_such_import(), code="no_import")
    return Audience("import", row.file_name, import_id=row.pk, customers=row.taken)


def no_such_import() -> str:
    return _("This import has no customers to write to, or it is somebody else's. Choose other recipients.")


def from_bytes(content: bytes, name: str) -> Audience:
    """The numbers in a file: CSV, text or XLSX, read as an import reads it (`contacts.imports.read`).

    Of a line with several fields, each that is a number is a recipient. A line without any stays, and becomes
    a recipient refused as `invalid_address`; a first line without a number is a heading if letters prevail,
    and blank lines are passed over. Where a header names a column of numbers, that one counts; where it names
    two, the landline is for rows without a mobile.

    Raises `ValidationError` as the import does, for hidden rows, and for a column that says who must not be
    sent to.
    """
    with NamedTemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR) as file:
        file.write(content)
        file.flush()
        try:
            return _of_file(Path(file.name), name)
        except ValidationError as error:
            text = " ".join(error.messages)
            raise ValidationError(text if name in text else f"«{name}»: {text}", code=error.code) from error


def _of_file(path: Path, name: str) -> Audience:
    with open_table(path) as table:
        if not table.headless and is_header(table.header.cells):
            return _of_columns(table, name)
        rows = table.rows if table.headless else chain([table.header], table.rows)
        return _of_rows((_fields(row) for row in rows), name)


def _of_columns(table: Table, name: str) -> Audience:
    columns = columns_of(table)
    asking = (*columns.refusals, *columns.permissions)
    if asking:
        raise ValidationError(
            _(
                "“%(name)s” has a column that says who must not be sent to: “%(column)s”. Delete these rows"
                " and the column, and hand the list to a VOC expert."
            )
            % {"name": name, "column": fold_line(table.header.cells[asking[0]])},
            code="says_not_to_send",
        )
    places = [columns.position[field] for field in ("mobile", "phone") if field in columns.position]

    def typed(row: TableRow) -> list[str]:
        _demand_seen(row)
        cells = (row.cells[place].strip() for place in places if place < len(row.cells))
        return [next((cell for cell in cells if cell), "")]

    titles = [fold_line(table.header.cells[place])[:80] for place in places]
    found = _of_rows(chain([titles], map(typed, table.rows)), name)
    return replace(found, columns=tuple(titles), sheet=table.sheet if table.other_sheets else "")


def _fields(row: TableRow) -> list[str]:
    _demand_seen(row)
    return [part for cell in row.cells for part in _SEPARATORS.split(cell)]


def _demand_seen(row: TableRow) -> None:
    if row.hidden:
        raise ValidationError(
            _("Row %(row)s of the sheet is hidden. Show or delete the hidden rows, so that all can be seen.")
            % {"row": count_text(row.number)},
            code="hidden_row",
        )


def _of_rows(rows: Iterable[Sequence[str]], name: str) -> Audience:
    found: list[FileLine] = []
    for number, fields in enumerate(rows, start=1):
        texts = [text for text in (field.strip(_EDGES) for field in fields) if text]
        lines = [FileLine(text[:64], _address(text)) for text in texts]
        numbers = [line for line in lines if line.address] or lines[:1]
        if number == 1 and _is_heading(texts, numbers):
            continue
        found += numbers
        if len(found) > MAX_LINES:
            raise ValidationError(
                _("“%(name)s” has more than %(limit)s lines. Split it, or import it with a tag.")
                % {"name": name, "limit": count_text(MAX_LINES)},
                code="too_long",
            )
    if not found:
        raise ValidationError(_("There is no number in “%(name)s”.") % {"name": name}, code="empty")
    return Audience("file", name, tuple(found))


def _is_heading(texts: Sequence[str], lines: Sequence[FileLine]) -> bool:
    if any(line.address for line in lines):
        return False
    text = "".join(texts)
    return sum(map(str.isalpha, text)) > sum(map(str.isdigit, text))


def _address(raw: str) -> str:
    try:
        return normalise(raw)
    except InvalidNumber:
        return ""


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many customers have it; `is_more` where counting stopped at that number."""

    tag: str
    count: int
    is_more: bool


_TAG_LIMIT = 10_000


def tag_counts() -> list[TagCount]:
    """The tags to choose from, each counted no further than `_TAG_LIMIT`."""
    counts = fetch(
        "SELECT t.tag, (SELECT count(*) FROM (SELECT FROM contacts_contact c"
        "  WHERE contacts_tag_keys(c.tags) @> ARRAY[contacts_key(t.tag)] LIMIT %s) capped)"
        " FROM unnest(%s::varchar[]) WITH ORDINALITY AS t(tag, nth) ORDER BY t.nth",
        [_TAG_LIMIT + 1, known_tags()],
    )
    return [TagCount(tag, min(n, _TAG_LIMIT), n > _TAG_LIMIT) for tag, n in counts]
