"""Refuses a machine whose idea of Tehran's clock is out of date.

Iran gave up daylight saving in 2022; older zone data would open every window an hour early in summer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

TEHRAN: Final = timedelta(hours=3, minutes=30)
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


def check_python(app_configs: Any = None, **_kwargs: Any) -> list[CheckMessage]:
    wrong = fault("Python's zone data", python_offset())
    return [Error(wrong, id="portal.E001")] if wrong else []


def check_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for alias in databases or []:
        wrong = fault(f"The database '{alias}'", database_offset(connections[alias]))
        if wrong:
            found.append(Error(wrong, id="portal.E002"))
    return found


def refuse_stale_python() -> None:
    """Raises ImproperlyConfigured: also a server that runs no system checks must not start."""
    wrong = fault("Python's zone data", python_offset())
    if wrong:
        raise ImproperlyConfigured(wrong)


_asked: set[str] = set()


def refuse_stale_database(connection: Any, **_kwargs: Any) -> None:
    """A `connection_created` receiver: the first connection of a process asks, and refuses."""
    if connection.alias in _asked:
        return
    _asked.add(connection.alias)
    wrong = fault("The database", database_offset(connection))
    if wrong:
        _asked.discard(connection.alias)
        connection.close()
        raise ImproperlyConfigured(wrong)
