"""Empties the tables after a test that committed, past the rights and the triggers: in the suite alone.

`migrate` leaves rows behind in the tables of `KEPT`. Django's own emptying has them made anew after each such
test, which takes most of a second; here they are read once and copied back.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction

KEPT: Final = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")
_rows: Final[dict[str, bytes]] = {}


def keep() -> None:
    """Read the rows that `migrate` made; no test may have begun."""
    with connection.cursor() as cursor:
        for table in KEPT:
            with cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy:
                _rows[table] = b"".join(map(bytes, copy))


def empty(*_test: Any) -> None:
    """Empty all tables but for the rows that were kept."""
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        with transaction.atomic():
            cursor.execute("SET LOCAL session_replication_role = replica")
            tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
            looks = (f"SELECT '{t}' WHERE EXISTS (SELECT FROM {t})" for t in tables)  # noqa: S608
            cursor.execute(" UNION ALL ".join(looks))
            # Few tables hold anything: emptying all by TRUNCATE takes ten times as long.
            for (table,) in cursor.fetchall():
                cursor.execute(f"DELETE FROM {table}")  # noqa: S608
            for table, content in _rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
                    copy.write(content)
    # The next connection begins as the application.
    connection.close()
