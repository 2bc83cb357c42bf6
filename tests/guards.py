"""Rows as they can only come to be with time, or by an intruder: past the database's rights and triggers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def as_owner() -> Iterator[None]:
    """The statements within are the superuser's, whom triggers stop and missing rights do not.

    Everything else in the suite has the application's rights.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        role = cursor.fetchone()[0]
        cursor.execute("SET LOCAL ROLE NONE")
        yield
        cursor.execute("SELECT set_config('role', %s, true)", [role])


@contextmanager
def unguarded() -> Iterator[None]:
    """No right is missing and no trigger fires for the statements within (`session_replication_role`)."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")
