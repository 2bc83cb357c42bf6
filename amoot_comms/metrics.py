"""`/metrics`: how sending goes, for Prometheus. No session, no page; a token of its own."""

from __future__ import annotations

import secrets
from http import HTTPStatus

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from common.client_address import is_loopback
from messaging.dispatch.clock import database_clock
from messaging.operations.metrics import metrics_text

log = structlog.get_logger(__name__)


def is_offered(request: HttpRequest) -> bool:
    """Whether the address exists for this request: with a token set; without one, in development and
    from this machine only."""
    in_development = settings.DEVELOPMENT and is_loopback(request.META.get("REMOTE_ADDR"))
    return bool(settings.METRICS_TOKEN or in_development)


@require_safe
@cache_control(no_store=True)
def answer(request: HttpRequest) -> HttpResponse:
    """The figures; 401 without the token, 503 while the database does not answer."""
    if settings.METRICS_TOKEN and not _has_token(request):
        status, headers = HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Bearer"}
        return HttpResponse("401\n", status=status, content_type="text/plain", headers=headers)
    try:
        text = metrics_text(database_clock())
    except DatabaseError as error:
        log.warning("no_metrics", error=type(error).__name__)
        return HttpResponse("503\n", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    right = secrets.compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())
    return right and scheme.lower() == "bearer"
