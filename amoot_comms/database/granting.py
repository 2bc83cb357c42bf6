"""Reads and sets the application's rights."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.conf import settings
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from amoot_comms.database.grants import GRANTS, SEQUENCES, Grant

logger = logging.getLogger(__name__)

_ROLE: Final = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
_COLUMNS: Final = """
    SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     GROUP BY c.relname
"""
# Rights given to the role itself: of tables and sequences, and of columns.
_GRANTED: Final = """
    SELECT c.relname, NULL, x.privilege_type FROM pg_class c CROSS JOIN aclexplode(c.relacl) x
     WHERE c.relnamespace = 'public'::regnamespace AND x.grantee = %(role)s::regrole
    UNION ALL
    SELECT c.relname, a.attname, x.privilege_type FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid CROSS JOIN aclexplode(a.attacl) x
     WHERE c.relnamespace = 'public'::regnamespace AND x.grantee = %(role)s::regrole
       AND NOT a.attisdropped
"""
_SEQUENCES: Final = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
"""

# (column or None for the whole, privilege)
Right = tuple[str | None, str]


def wanted(columns: Iterable[str], grant: Grant) -> set[Right]:
    """The rights of a table that has these columns."""
    given: set[Right] = {(None, "SELECT")}
    if grant.insert:
        given.add((None, "INSERT"))
    if grant.delete:
        given.add((None, "DELETE"))
    return given | {(column, "UPDATE") for column in grant.update.intersection(columns)}


def apply(connection: BaseDatabaseWrapper, role: str) -> bool:
    """Give the role exactly the rights of the table of grants; whether it exists.

    What is right already stays untouched, so that a second run changes nothing and needs no rights.
    """
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(_ROLE, [role])
        if not cursor.fetchone()[0]:
            return False
        for statement in _statements(cursor, role):
            cursor.execute(statement)
        _enter(cursor, role)
    return True


def _statements(cursor: Any, role: str) -> Iterator[sql.Composed]:
    cursor.execute(_GRANTED, {"role": sql.Identifier(role).as_string()})
    granted: dict[str, set[Right]] = {}
    for relation, column, privilege in cursor.fetchall():
        granted.setdefault(relation, set()).add((column, privilege))
    cursor.execute(_COLUMNS)
    tables = dict(cursor.fetchall())
    for table, columns in sorted(tables.items()):
        given = wanted(columns, GRANTS[table]) if table in GRANTS else set()
        if granted.get(table, set()) != given:
            yield from _anew("TABLE", table, given, role)
    cursor.execute(_SEQUENCES)
    for (sequence,) in cursor.fetchall():
        given = {(None, "USAGE")} if sequence in SEQUENCES else set()
        if granted.get(sequence, set()) != given:
            yield from _anew("SEQUENCE", sequence, given, role)


def _anew(kind: str, name: str, rights: set[Right], role: str) -> Iterator[sql.Composed]:
    """Take every right away (those of the columns, too) and give these."""
    place = sql.SQL("{} {}").format(sql.SQL(kind), sql.Identifier("public", name))
    to = sql.Identifier(role)
    yield sql.SQL("REVOKE ALL ON {} FROM {}").format(place, to)
    whole = sorted(privilege for column, privilege in rights if column is None)
    if whole:
        yield sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(", ".join(whole)), place, to)
    columns = sorted(column for column, _ in rights if column is not None)
    if columns:
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        yield sql.SQL("GRANT UPDATE ({}) ON {} TO {}").format(names, place, to)


def _enter(cursor: Any, role: str) -> None:
    """The database itself: connecting, and temporary tables for imports and comparisons."""
    cursor.execute(
        "SELECT current_database(), has_database_privilege(%s, current_database(), 'TEMP')", [role]
    )
    name, may = cursor.fetchone()
    if not may:
        statement = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}")
        cursor.execute(statement.format(sql.Identifier(name), sql.Identifier(role)))


def after_migrate(using: str, **_kwargs: Any) -> None:
    role = settings.DATABASE_APPLICATION_ROLE
    if not apply(connections[using], role) and settings.PRODUCTION:
        logger.warning("the database has no role of the application; its rights were not set")
