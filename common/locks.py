"""Advisory locks: one process at a time, across all machines."""

from __future__ import annotations

from common.sql import fetch


def take_lock(name: bytes) -> bool:
    """Take the lock of that name (four letters) until the transaction ends; False where another has it."""
    [(taken,)] = fetch("SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(name)])
    return bool(taken)
