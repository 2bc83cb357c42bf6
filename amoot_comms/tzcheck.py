"""Refuses a machine whose idea of Tehran's clock is out of date.

Iran gave up daylight saving in 2022; older zone data would open every window an hour early in summer.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

TEHRAN: Final = timedelta(hours=3, minutes=30)  # the law of 2022
SUMMER: Final = datetime(2030, 7, 1, 12, tzinfo=UTC)
_SQL: Final = (
    "SELECT extract(epoch FROM ((timestamptz '2030-07-01 12:00+00' AT TIME ZONE 'Asia/Tehran')"
    " - timestamp '2030-07-01 12:00'))"
)
ADVICE: Final = "Asia/Tehran must be +03:30 in July 2030; update the time zone data (package tzdata)."


def python_offset() -> timedelta | None:
    return SUMMER.astimezone(ZoneInfo("Asia/Tehran")).utcoffset()


def database_offset(connection: Any) -> timedelta:
    with connection.cursor() as cursor:
        cursor.execute(_SQL)
        return timedelta(seconds=float(cursor.fetchone()[0]))


def fault(where: str, offset: timedelta | None) -> str | None:
    """A sentence on what is wrong, or None."""
    return None if offset == TEHRAN else f"{where} says {offset} for Tehran in July 2030. {ADVICE}"


def refuse_stale_python() -> None:
    """Raises ImproperlyConfigured: also a server that runs no system checks must not start."""
    if wrong := fault("Python's zone data", python_offset()):
        raise ImproperlyConfigured(wrong)


_asked: set[str] = set()


def refuse_stale_database(connection: Any, **_kwargs: Any) -> None:
    """A `connection_created` receiver: the first connection of a process asks, and refuses."""
    if connection.alias in _asked:
        return
    if wrong := fault("The database", database_offset(connection)):
        connection.close()
        raise ImproperlyConfigured(wrong)
    _asked.add(connection.alias)
