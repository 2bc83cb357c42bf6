"""An end to every statement of a background process: one that waits for ever holds its worker for ever."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.signals import connection_created


def limit_statements() -> None:
    """Give each connection that this process opens from now on `TASK_STATEMENT_SECONDS` for a statement."""
    connection_created.connect(_limit, dispatch_uid="statement_timeout")


def _limit(connection: Any, **_said: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, false)", [f"{settings.TASK_STATEMENT_SECONDS}s"]
        )
