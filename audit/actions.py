"""Write an audit entry, in the transaction of the act that it records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from django.db import connection
from django.db.models import Model

from audit.models import Entry
from audit.origin import os_user


class Actor(Protocol):
    """A log-in, as far as the audit needs to know it."""

    pk: Any
    username: str


SYSTEM = "system"


def record(
    *,
    by: Actor | None,
    action: str,
    obj: Model | None = None,
    object_type: str = "",
    object_id: object = "",
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> Entry:
    """Write one entry about `obj` (or about the named type and id). `by=None` is the machine.

    Where a command speaks for `by`, the operating system's user stands beside the data as `os_user`.
    Raises `RuntimeError` outside a transaction: an entry stands or falls with its act.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"audit entry {action!r} outside a transaction")
    shell = {"os_user": os_user.get()} if by is not None and os_user.get() else {}
    return Entry.objects.create(
        at=now,
        actor_id=by.pk if by is not None else None,
        actor=by.username if by is not None else SYSTEM,
        action=action,
        object_type=obj._meta.label_lower if obj is not None else object_type,
        object_id=str(obj.pk if obj is not None else object_id),
        data={**(data or {}), **shell},
    )
