"""`/metrics`: how sending goes, for Prometheus. No session, no page; a token of its own."""

from __future__ import annotations

import ipaddress
import secrets
from http import HTTPStatus

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from prometheus_client import CONTENT_TYPE_LATEST

from messaging.dispatch.clock import database_clock
from messaging.operations.metrics import metrics_text

log = structlog.get_logger(__name__)


def is_offered(request: HttpRequest) -> bool:
    """Whether the address exists for this request: with a token set; without one, in development and
    from this machine only."""
    return bool(settings.METRICS_TOKEN) or (settings.DEVELOPMENT and _is_loopback(request))


def answer(request: HttpRequest) -> HttpResponse:
    """The figures; 401 without the token, 503 while the database does not answer."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if settings.METRICS_TOKEN and not _has_token(request):
        refusal = HttpResponse("401\n", status=HTTPStatus.UNAUTHORIZED, content_type="text/plain")
        refusal["WWW-Authenticate"] = "Bearer"
        return _unkept(refusal)
    try:
        text = metrics_text(database_clock())
    except DatabaseError as error:
        log.warning("no_metrics", error=type(error).__name__)
        return _unkept(
            HttpResponse("503\n", status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain")
        )
    return _unkept(HttpResponse(text, content_type=CONTENT_TYPE_LATEST))


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _has_token(request: HttpRequest) -> bool:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    right = secrets.compare_digest(given.strip().encode(), settings.METRICS_TOKEN.encode())
    return right and scheme.lower() == "bearer"


def _is_loopback(request: HttpRequest) -> bool:
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
