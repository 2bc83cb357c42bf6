"""Tables of the benchmarks' own database, emptied and described."""

from __future__ import annotations

from django.db import connection, transaction


def empty(tables: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # The triggers that keep every message are the product's; this database is dropped in a minute.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"TRUNCATE {tables} CASCADE")


def columns_of(table: str, without: str = "") -> str:
    """The names of the columns that are no others' results, as a list in SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)"
            " FROM information_schema.columns WHERE table_schema = current_schema()"
            " AND table_name = %s AND column_name <> %s AND is_generated = 'NEVER'",
            [table, without],
        )
        return str(cursor.fetchone()[0])
