"""The refusal of a database that takes no Persian letter for a letter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from amoot_comms import letters


@pytest.fixture
def database_of_c(transactional_db: None) -> Iterator[Any]:
    """A connection to a database whose LC_CTYPE is C."""
    other = connection.copy()
    name = f"{connection.settings_dict['NAME']}_c"
    # As the superuser: the application makes neither databases nor extensions.
    other.settings_dict = {**connection.settings_dict, "NAME": name, "OPTIONS": {}}
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    yield other
    other.close()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name}")


@pytest.mark.django_db
def test_the_database_of_the_portal_knows_persian() -> None:
    assert letters.knows_persian(connection)
    assert letters.check_database(databases=["default"]) == []


@pytest.mark.parametrize("migrated", [False, True])
def test_a_database_without_persian_letters_is_refused(database_of_c: Any, migrated: bool) -> None:
    if migrated:
        with database_of_c.cursor() as cursor:
            cursor.execute("CREATE EXTENSION pg_trgm")

    (error,) = letters.faults(database_of_c)

    assert error.id == "portal.E003"
    assert error.hint is not None
    assert "--lc-ctype=C.UTF-8" in error.hint
