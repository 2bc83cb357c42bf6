"""The home page, and the pages that say what went wrong."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import structlog
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils import timezone
from django.views.decorators.http import require_safe

from amoot_comms import home as at_home
from messaging.operations.figures import skewed_workers
from staff.permissions import signed_in


@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html", {**_now(request), **_weeks(request)})


@login_required
@require_safe
def home_now(request: HttpRequest) -> HttpResponse:
    return render(request, "home/_now.html", _now(request))


def _now(request: HttpRequest) -> dict[str, Any]:
    user, now = signed_in(request), timezone.now()
    return {
        "now": now,
        "channels": at_home.channels_now(now),
        "outages": at_home.outages_now(),
        "may_end": user.may("channels.declare_outage"),
        "skewed": skewed_workers(now) if user.may("messaging.view_operations") else [],
        "sees_messages": user.may("messaging.view_message"),
        "may_compose": user.may("messaging.submit_message"),
        "running": at_home.running(user, now),
        "waiting": at_home.waiting(user, now),
    }


def _weeks(request: HttpRequest) -> dict[str, Any]:
    user, now = signed_in(request), timezone.now()
    charts: dict[str, Any] = {}
    if user.may("messaging.view_message"):
        charts["deliveries"] = at_home.deliveries_chart(user, now)
    if user.may("contacts.view_contact"):
        charts["opt_outs"] = at_home.opt_outs_chart(now)
    return charts


def closed(_request: HttpRequest) -> HttpResponse:
    """An address of the sign-in package that this portal does not offer."""
    raise Http404


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, HTTPStatus.FORBIDDEN)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _error(request, HTTPStatus.NOT_FOUND)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long, or that another site sent."""
    return render(request, "errors/csrf.html", status=HTTPStatus.FORBIDDEN)


def server_error(request: HttpRequest) -> HttpResponse:
    """Without context processors: whatever broke may be what they need."""
    body = loader.get_template("errors/500.html").render({"request_id": _request_id()})
    return HttpResponse(body, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def _error(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    return render(request, f"errors/{status.value}.html", status=status)
