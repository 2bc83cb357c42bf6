"""Advisory locks: one process at a time, across all machines."""

from __future__ import annotations

from django.db import connection


def take_lock(name: bytes) -> bool:
    """Take the lock of that name (four letters) until the transaction ends; False where another has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name)])
        (taken,) = cursor.fetchone()
    return bool(taken)
