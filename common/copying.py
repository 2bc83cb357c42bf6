"""Rows into a table by COPY, the fast way of PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.db import connection

# The rows that a long loop holds in memory, and hands to the database, at once.
ROWS_AT_ONCE: Final = 2_000


def copy_rows(table: str, rows: Iterable[Sequence[Any]]) -> None:
    """COPY `rows` into a table (its name is ours) in the running transaction; memory does not grow."""
    with connection.cursor() as cursor, cursor.cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
