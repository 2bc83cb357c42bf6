"""Says where the portal connects as a role to which no right of the table of grants matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.core.checks import CheckMessage, Warning
from django.db import connections

_ADVICE: Final = (
    "Make the roles (amoot_comms/database/roles.sql), give the portal the application's address in"
    " DATABASE_URL and the owner's in DATABASE_OWNER_URL, and run migrate."
)
_FAULT: Final = """
    SELECT CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN 'is a superuser'
                WHEN EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
                                AND c.relkind = 'r' AND pg_has_role(current_user, c.relowner, 'MEMBER'))
                THEN 'owns the tables' END, current_user::text
"""


def faults(connection: Any) -> list[CheckMessage]:
    """A warning where the connection's role could change what the database guards."""
    with connection.cursor() as cursor:
        cursor.execute(_FAULT)
        fault, role = cursor.fetchone()
    if fault is None:
        return []
    return [
        Warning(
            f"The portal connects to its database as {role!r}, which {fault}.", hint=_ADVICE, id="portal.W004"
        )
    ]


def check_database(
    app_configs: Any = None, databases: Sequence[str] | None = None, **_kwargs: Any
) -> list[CheckMessage]:
    """Django's system check for `check --deploy --database default`."""
    return [message for alias in databases or [] for message in faults(connections[alias])]
