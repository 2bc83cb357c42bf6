"""How sending goes: workers, backlog, throughput, gateways."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from messaging.dispatch.clock import database_clock
from messaging.operations import figures
from messaging.operations.overview import overview
from messaging.web.operations_presenting import rows_of
from staff.outbox import troubles
from staff.permissions import requires


def _context() -> dict[str, Any]:
    now = database_clock()
    seen = overview(now)
    return {
        "now": now,
        "seen": seen,
        "channels": rows_of(seen, now),
        "mails": troubles(now),
        "worker_minutes": figures.WORKER_MINUTES,
    }


@requires("messaging.view_operations")
@require_GET
def operations(request: HttpRequest) -> HttpResponse:
    return render(request, "messaging/operations.html", _context())


@requires("messaging.view_operations")
@require_GET
def operations_now(request: HttpRequest) -> HttpResponse:
    return render(request, "messaging/_operations.html", _context())
