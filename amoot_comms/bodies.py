"""Bodies of requests, refused by their length before anything parses them.

Django parses a form, and keeps its files in the temporary folder, as soon as the token against forgery is
looked for: for strangers, too. `BodyLimitMiddleware` stands before that. (`amoot_comms.chunked` gives a
chunked body, which says no length, one.)
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from common.body_limits import DEFAULT_BYTES, upload_limit
from common.permissions import may


class BodyLimitMiddleware(MiddlewareMixin):
    """413 for a body that is longer than its view takes; an upload is for those who may upload there.

    Stands before `CsrfViewMiddleware`, whose `process_view` is the first to parse.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        length = _length(request)
        if length <= DEFAULT_BYTES:
            return None
        limit = upload_limit(view)
        if limit is not None and not may(request.user, limit.permission):
            if request.user.is_authenticated:
                raise PermissionDenied
            return redirect_to_login(request.get_full_path())
        if limit is not None and length <= limit.bytes:
            return None
        return render(request, "errors/413.html", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _length(request: HttpRequest) -> int:
    """Bytes, as the header says; the server hands on no more than that."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
