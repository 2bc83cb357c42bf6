"""`/healthz`: the process answers. `/readyz`: it can do its work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, JsonResponse
from kombu import Connection

from amoot_comms import tzcheck

log = structlog.get_logger(__name__)

_NOT_READY: Final = "not ready"
_lock = threading.Lock()
_remembered: tuple[float, dict[str, Any]] | None = None


def alive() -> HttpResponse:
    """Always 200: no database, no broker, nothing that may be slow."""
    return JsonResponse({"status": "ok"})


def ready(*, in_detail: bool) -> HttpResponse:
    """200 when the database answers, is migrated and knows Tehran's clock; else 503.

    Without its broker the portal is ready but `degraded`: messages are taken and wait. The checks are made
    once in two seconds however often they are asked for; `in_detail` names each.
    """
    global _remembered
    with _lock:
        if _remembered is None or time.monotonic() - _remembered[0] > 2:
            _remembered = (time.monotonic(), _looked())
        looked = _remembered[1]
    ok = looked["status"] != _NOT_READY
    body = looked if in_detail else {"status": looked["status"]}
    return JsonResponse(body, status=HTTPStatus.OK if ok else HTTPStatus.SERVICE_UNAVAILABLE)


def forget() -> None:
    global _remembered
    _remembered = None


def _looked() -> dict[str, Any]:
    needed = {name: _holds(name, check) for name, check in _NEEDED.items()}
    broker = _holds("broker", _broker_answers)
    status = _NOT_READY if not all(needed.values()) else "ready" if broker else "degraded"
    return {"status": status, "checks": {**needed, "broker": broker}}


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:
        log.warning("not_ready", check=name, error=type(error).__name__)
        return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return bool(cursor.fetchone() == (1,))


def _is_migrated() -> bool:
    """Whether every migration of this code has been applied. Asked again only until it is true."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        _migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _migrated


def _zones_agree() -> bool:
    offsets = (tzcheck.python_offset(), tzcheck.database_offset(connection))
    return all(offset == tzcheck.TEHRAN for offset in offsets)


def _broker_answers() -> bool:
    with Connection(settings.CELERY_BROKER_URL, connect_timeout=1) as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
    return True


_migrated = False
_NEEDED = {"database": _database_answers, "migrations": _is_migrated, "time_zone": _zones_agree}
