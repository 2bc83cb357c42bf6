"""Refuses a database that takes no Persian letter for a letter: the customers' search would have no index.

pg_trgm asks the database's LC_CTYPE what a letter is. With `C` the trigrams of «محمد» are an empty list,
and each search reads the whole table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.checks import CheckMessage, Error
from django.db import connections

_ADVICE: Final = (
    "Make the cluster anew with LC_CTYPE C.UTF-8 (initdb --lc-ctype=C.UTF-8) and restore the data into it."
)
# Before the first migration there is no extension to ask, but C and POSIX are known.
_CTYPE: Final = "SELECT datctype NOT IN ('C', 'POSIX') FROM pg_database WHERE datname = current_database()"
_EXTENSION: Final = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')"
_TRIGRAMS: Final = "SELECT cardinality(show_trgm('محمد')) > 0"


def knows_persian(connection: Any) -> bool:
    """Whether the trigrams of a Persian word hold its letters."""
    with connection.cursor() as cursor:
        cursor.execute(_EXTENSION)
        has_trigrams = cursor.fetchone()[0]
        cursor.execute(_TRIGRAMS if has_trigrams else _CTYPE)
        return bool(cursor.fetchone()[0])


def faults(connection: Any) -> list[CheckMessage]:
    """An error where the connection's database knows no Persian letter."""
    if knows_persian(connection):
        return []
    sentence = f"The database '{connection.settings_dict['NAME']}' knows no Persian letter."
    return [Error(sentence, hint=_ADVICE, id="portal.E003")]


def check_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    return [error for alias in databases or [] for error in faults(connections[alias])]
