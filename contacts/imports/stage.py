"""A file's rows in a temporary table, judged and applied as sets. The same way for a look and in earnest.

`staged` opens the transaction that everything belongs to: whatever fails, nothing was written. Memory
does not grow with the file; the rows go straight from the reader into COPY.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from common.copying import ROWS_AT_ONCE
from common.sanitise import sanitise
from common.wording import count_text
from contacts.hooks import Event, announce
from contacts.imports.columns import Columns, title_of
from contacts.imports.escaping import plain_cell
from contacts.imports.export import FaultyRow
from contacts.imports.notes import Notes, columns_of
from contacts.imports.read import open_table
from contacts.imports.rows import Person, Problem, RowReader, with_tag
from contacts.imports.table import Table, TableRow

_COLUMNS = (
    "row, field, value, code, name, company, customer_no, email, mobile, phone, address, tags, search_text,"
    " cells"
)

_CREATE = """
    CREATE TEMPORARY TABLE contact_staging (
        row integer NOT NULL, field text, value text, code text,
        name text, company text, customer_no text, email text, mobile text, phone text, address text,
        tags text[], search_text text, cells text[]) ON COMMIT DROP
"""

_CUSTOMER_NO_TAKEN = """
    UPDATE contact_staging s SET field = 'customer_no', value = s.customer_no, code = 'customer_no_taken'
      FROM contacts_contact c
     WHERE s.code IS NULL AND s.customer_no <> '' AND c.customer_no <> ''
       AND contacts_key(c.customer_no) = contacts_key(s.customer_no) AND c.address <> s.address
"""

# An empty cell says nothing, and a tag is never taken away. {new} is the file's row, {old} the customer.
_CHANGES = """(
       ({new}.name <> '' AND {new}.name <> {old}.name)
    OR ({new}.company <> '' AND {new}.company <> {old}.company)
    OR ({new}.customer_no <> '' AND contacts_key({new}.customer_no) <> contacts_key({old}.customer_no))
    OR ({new}.email <> '' AND {new}.email <> {old}.email)
    OR ({new}.mobile IS NOT NULL AND {new}.mobile IS DISTINCT FROM {old}.mobile)
    OR ({new}.phone IS NOT NULL AND {new}.phone IS DISTINCT FROM {old}.phone)
    OR (NOT {new}.tags::text[] <@ {old}.tags::text[]
        AND NOT contacts_tag_keys({new}.tags) <@ contacts_tag_keys({old}.tags)))"""

_SEARCH_LINES = (
    ("excluded.name <> ''", 1),
    ("excluded.company <> ''", 2),
    ("excluded.customer_no <> ''", 3),
)
_MERGED_SEARCH = " || E'\\n' || ".join(
    f"split_part(CASE WHEN {given} THEN excluded.search_text ELSE c.search_text END, E'\\n', {line})"
    for given, line in _SEARCH_LINES
)

_BEFORE_AND_AFTER = ", ".join(
    f"'{name}', CASE WHEN o.{name} IS DISTINCT FROM w.{name} THEN jsonb_build_array(o.{name}, w.{name}) END"
    for name in ("name", "company", "customer_no", "email", "mobile", "phone", "tags")
)

# Ordered by number, as every other writer of many customers does: two of them cannot wait for each other.
_APPLY = f"""
    WITH written AS (
        INSERT INTO contacts_contact AS c
               (name, company, customer_no, email, mobile, phone, tags, search_text,
                no_promotional, no_messages, voc_call_open, created_at, updated_at)
        SELECT s.name, s.company, s.customer_no, s.email, s.mobile, s.phone, s.tags, s.search_text,
               false, false, false, %(now)s, %(now)s
          FROM contact_staging s LEFT JOIN contacts_contact x ON x.address = s.address
         WHERE s.code IS NULL AND (x.id IS NULL OR {_CHANGES.format(new="s", old="x")})
         ORDER BY s.address
        ON CONFLICT (address) DO UPDATE
           SET name = coalesce(nullif(excluded.name, ''), c.name),
               company = coalesce(nullif(excluded.company, ''), c.company),
               customer_no = coalesce(nullif(excluded.customer_no, ''), c.customer_no),
               email = coalesce(nullif(excluded.email, ''), c.email),
               mobile = coalesce(excluded.mobile, c.mobile),
               phone = coalesce(excluded.phone, c.phone),
               tags = c.tags || ARRAY(
                   SELECT t.tag FROM unnest(excluded.tags) WITH ORDINALITY t(tag, place)
                    WHERE contacts_key(t.tag) <> ALL (contacts_tag_keys(c.tags)) ORDER BY t.place),
               search_text = {_MERGED_SEARCH} || E'\\n' || concat_ws(' ',
                   regexp_replace(coalesce(excluded.mobile, c.mobile), '^\\+98', '0'),
                   regexp_replace(coalesce(excluded.phone, c.phone), '^\\+98', '0')),
               updated_at = %(now)s
         WHERE {_CHANGES.format(new="excluded", old="c")}
        RETURNING c.id, c.name, c.company, c.customer_no, c.email, c.mobile, c.phone, c.tags,
                  (xmax = 0) AS created),
    kept AS (
        -- Every part of the statement sees the customers as they were before it.
        INSERT INTO contacts_importchange (imported_id, contact_id, changes)
        SELECT %(imported)s, o.id, jsonb_strip_nulls(jsonb_build_object({_BEFORE_AND_AFTER}))
          FROM written w JOIN contacts_contact o ON o.id = w.id WHERE NOT w.created)
    SELECT count(*) FILTER (WHERE created), count(*) FILTER (WHERE NOT created) FROM written
"""  # noqa: S608 - fragments of our own, no input

_VERDICT = f"""
    CASE WHEN s.code IS NOT NULL THEN 'refused' WHEN x.id IS NULL THEN 'new'
         WHEN {_CHANGES.format(new="s", old="x")} THEN 'changed' ELSE 'unchanged' END
"""
_JUDGED = "FROM contact_staging s LEFT JOIN contacts_contact x ON s.code IS NULL AND x.address = s.address"


# The cells of the rows that were refused after staging, which kept none of theirs.
_GIVE_CELLS = """
    UPDATE contact_staging s SET cells = g.cells::text[]
      FROM unnest(%s::int[], %s::text[]) g(row, cells) WHERE s.row = g.row
"""
_NO_PERSON = (None,) * 9


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """`rows` is all that say something; the other four add up to it."""

    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row as it would be stored, and what would become of it: new, changed or unchanged."""

    row: int
    verdict: str
    name: str
    company: str
    customer_no: str
    email: str
    mobile: str | None
    phone: str | None
    tags: list[str]


@dataclass(frozen=True, slots=True)
class RestrictedRow:
    """A row with a number that another customer's word restricts; the row is taken, the number stays so."""

    row: int
    number: str
    contact_id: int
    contact: str


_RESTRICTED = """
    SELECT DISTINCT s.row, n.number, k.id, coalesce(nullif(k.name, ''), nullif(k.company, ''), k.address)
      FROM contact_staging s
     CROSS JOIN LATERAL (VALUES (s.mobile), (s.phone)) n(number)
      JOIN contacts_restriction r ON r.address = n.number AND r.source IN ('refusal', 'call')
      JOIN contacts_contact k ON k.id = r.source_id
     WHERE s.code IS NULL AND k.address <> s.address
     ORDER BY s.row, n.number, k.id LIMIT %s
"""


_CUSTOMERS = """
    INSERT INTO contacts_importedcustomers (imported_id, contact_ids)
    SELECT %s, coalesce(array_agg(c.id ORDER BY c.id), '{}')
      FROM contact_staging s JOIN contacts_contact c ON c.address = s.address
     WHERE s.code IS NULL
"""

# Customers who had refused something, and have a number from this file that was not theirs before.
_REFUSERS_WITH_MORE = """
    SELECT DISTINCT c.id FROM contact_staging s
      JOIN contacts_contact c ON c.address = s.address
       AND (c.no_promotional OR c.no_messages OR c.voc_call_open)
      JOIN contacts_number n ON n.contact_id = c.id AND n.number = s.phone AND n.since = %(now)s
     WHERE s.code IS NULL ORDER BY c.id
"""


class Stage:
    """The staged file, inside the transaction that `staged` opened. `tag` is put on each of its rows."""

    def __init__(self, cursor: Any, tag: str = "") -> None:
        self._cursor = cursor
        self._tag = tag
        self._rows = 0
        self._refused = 0
        self._limit: int = settings.IMPORT_MAX_ROWS
        self.notes = Notes()
        self.header: list[str] = []

    def fill(self, path: Path) -> None:
        """Read the file into the table. Raises ValidationError as the readers do."""
        # for this transaction: a file is sorted in memory, not on disk
        self._cursor.execute("SET LOCAL work_mem = '64MB'")
        self._cursor.execute("DROP TABLE IF EXISTS contact_staging")
        self._cursor.execute(_CREATE)
        with (
            open_table(path) as table,
            self._cursor.copy(f"COPY contact_staging ({_COLUMNS}) FROM STDIN") as copy,
        ):
            columns = columns_of(table)
            self.notes = Notes.of(table, columns)
            self.header = _header_of(table)
            reader = RowReader(columns)
            for row in _rows_of(table, columns):
                read = reader.hidden(row) if row.hidden else reader.read(row)
                self.notes.hidden_rows += row.hidden and read is not None
                if read is not None:
                    self._count_row()
                    self._keep(copy, read, row)
        if not self._rows:
            raise ValidationError(_("The file has a header, but no row under it."), code="no_rows")
        self._cursor.execute("ANALYZE contact_staging")
        self._cursor.execute(_CUSTOMER_NO_TAKEN)
        self._refused += self._cursor.rowcount
        if self._cursor.rowcount:
            self._give_cells(path)

    def _give_cells(self, path: Path) -> None:
        """Read the file once more, for the rows that the database refused."""
        self._cursor.execute("SELECT row FROM contact_staging WHERE code IS NOT NULL AND cells IS NULL")
        wanted = {row for (row,) in self._cursor.fetchall()}
        with open_table(path) as table:
            rows = (row for row in _rows_of(table, columns_of(table)) if row.number in wanted)
            while batch := list(islice(rows, ROWS_AT_ONCE)):
                given = [row.number for row in batch], [_cells_literal(row) for row in batch]
                self._cursor.execute(_GIVE_CELLS, given)

    def _count_row(self) -> None:
        self._rows += 1
        if self._rows > self._limit:
            raise ValidationError(
                _("The file has more than %(limit)s rows. Split it.") % {"limit": count_text(self._limit)},
                code="too_many_rows",
            )

    def _keep(self, copy: Any, read: Person | list[Problem], row: TableRow) -> None:
        if isinstance(read, Person):
            copy.write_row(_line_of(read, self._tag))
            return
        self._refused += 1
        cells: str | None = _cells_literal(row)
        for problem in read:
            fault = (problem.row, problem.field, sanitise(problem.value), problem.code)
            copy.write_row((*fault, *_NO_PERSON, cells))
            cells = None

    def look(self) -> ImportCounts:
        """What applying would do."""
        self._cursor.execute(
            f"SELECT v, count(*) FROM (SELECT {_VERDICT} AS v {_JUDGED} WHERE s.code IS NULL) j GROUP BY v"  # noqa: S608
        )
        by_verdict: dict[str, int] = dict(self._cursor.fetchall())
        return ImportCounts(
            self._rows,
            by_verdict.get("new", 0),
            by_verdict.get("changed", 0),
            by_verdict.get("unchanged", 0),
            self._refused,
        )

    def sample(self, limit: int) -> list[SampleRow]:
        """The first rows that are not refused."""
        self._cursor.execute(
            f"SELECT s.row, {_VERDICT}, s.name, s.company, s.customer_no, s.email, s.mobile, s.phone, s.tags"
            f" {_JUDGED} WHERE s.code IS NULL ORDER BY s.row LIMIT %s",
            [limit],
        )
        return [SampleRow(*row) for row in self._cursor.fetchall()]

    def restricted(self, limit: int) -> list[RestrictedRow]:
        """The first rows with a number that somebody else refused, or is on the line about."""
        self._cursor.execute(_RESTRICTED, [limit])
        return [RestrictedRow(*row) for row in self._cursor.fetchall()]

    def refusals(self) -> Iterator[FaultyRow]:
        """Everything that was refused, in the file's order."""
        self._cursor.execute(
            "SELECT row, field, value, code, cells FROM contact_staging WHERE code IS NOT NULL"
            " ORDER BY row, field"
        )
        while rows := self._cursor.fetchmany(ROWS_AT_ONCE):
            for *fault, cells in rows:
                yield FaultyRow(Problem(*fault), cells)

    def keep_refusals(self, import_id: int) -> None:
        """Store what was refused with the import, and the file's header."""
        self._cursor.execute(
            "UPDATE contacts_contactimport SET header = %s WHERE id = %s",
            [list(map(sanitise, self.header)), import_id],
        )
        self._cursor.execute("DELETE FROM contacts_refusedrow WHERE imported_id = %s", [import_id])
        self._cursor.execute(
            "INSERT INTO contacts_refusedrow (imported_id, row, field, value, code, cells)"
            " SELECT %s, row, field, value, code, cells FROM contact_staging"
            " WHERE code IS NOT NULL ORDER BY row",
            [import_id],
        )

    def keep_customers(self, import_id: int) -> None:
        """Store, after `apply`, who was in the list."""
        self._cursor.execute(_CUSTOMERS, [import_id])

    def apply(self, now: datetime, import_id: int) -> ImportCounts:
        """Write what is new or changed, and keep what it was before. The flags of consent are never touched;
        what waits for a number that came to a customer who had refused is stopped."""
        self._cursor.execute(_APPLY, {"now": now, "imported": import_id})
        created, updated = self._cursor.fetchone()
        self._cursor.execute(_REFUSERS_WITH_MORE, {"now": now})
        for (contact_id,) in self._cursor.fetchall():
            announce(Event.TIGHTENED, contact_id, now)
        unchanged = self._rows - self._refused - created - updated
        return ImportCounts(self._rows, created, updated, unchanged, self._refused)


@contextmanager
def staged(path: Path, tag: str = "") -> Iterator[Stage]:
    """The file's rows, staged and judged, in a transaction; what the caller applies commits at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        stage = Stage(cursor, tag)
        stage.fill(path)
        yield stage


def _line_of(person: Person, tag: str) -> tuple[Any, ...]:
    return (
        person.row,
        None,
        None,
        None,
        person.name,
        person.company,
        person.customer_no,
        person.email,
        person.mobile,
        person.phone,
        person.address,
        _array_literal(with_tag(person.tags, tag)),
        person.search_text,
        None,
    )


def _header_of(table: Table) -> list[str]:
    """The header as it stood in the file; where the file has none, one that is read again."""
    return [title_of(cell) if table.headless else cell for cell in table.header.cells]


def _rows_of(table: Table, columns: Columns) -> Iterator[TableRow]:
    """The table's rows; those of a report of refused rows as they were before it."""
    if not columns.report:
        return table.rows
    return (row._replace(cells=list(map(plain_cell, row.cells))) for row in table.rows)


def _cells_literal(row: TableRow) -> str:
    return _quoted(map(sanitise, row.cells))


@lru_cache(maxsize=4_096)
def _array_literal(tags: tuple[str, ...]) -> str:
    return _quoted(tags)


def _quoted(texts: Iterable[str]) -> str:
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
