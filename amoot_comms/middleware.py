"""The portal's own middlewares."""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

import structlog
from csp.utils import build_policy
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from accounts import second_factor, sessions
from amoot_comms import health, metrics
from common.client_address import client_address
from common.htmx import htmx

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("amoot_comms.request")


class _Middleware:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response


class HeadersMiddleware(_Middleware):
    """Sets the headers that a refusal, such as a wrong host's, kept the later middlewares from setting."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in {
            # Without a nonce: nobody has read it.
            "Content-Security-Policy": build_policy(),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": settings.X_FRAME_OPTIONS,
            "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
            "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        }.items():
            response.headers.setdefault(name, value)
        return response


class HealthMiddleware(_Middleware):
    """Answers `/healthz`, `/readyz` and `/metrics` before anything that needs a host name or a session."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return health.alive()
        if request.path == "/readyz":
            # Which part is down is nobody's business who comes through the proxy.
            return health.ready(in_detail="X-Forwarded-For" not in request.headers)
        if request.path == "/metrics" and metrics.is_offered(request):
            return metrics.answer(request)
        return self.get_response(request)


class LogContextMiddleware(_Middleware):
    """Gives a request an id, binds it to every line that is logged meanwhile, and logs its end."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Letters only: a run of digits could look like a phone number and be masked.
        request_id = "".join(secrets.choice(string.ascii_lowercase) for _ in range(16))
        started = time.monotonic()
        with structlog.contextvars.bound_contextvars(request_id=request_id, path=request.path):
            response = self.get_response(request)
            user = getattr(request, "_cached_user", None)
            log.info(
                "request",
                method=request.method,
                status=response.status_code,
                ms=round((time.monotonic() - started) * 1000),
                user=getattr(user, "pk", None),
                client=client_address(request),
            )
        response["X-Request-ID"] = request_id
        return response


class ChosenLanguageMiddleware(_Middleware):
    """Persian, unless the user chose English; the browser's header does not decide."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = self.get_response(request)
        patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Content-Language", language)
        return response


class SessionLimitsMiddleware(_Middleware):
    """Ends a session that idled too long, lasted too long, or whose user's rights changed since.

    Limits are `SESSION_IDLE_SECONDS` and `SESSION_ABSOLUTE_SECONDS`. A page that polls by itself is
    not somebody at work, so htmx's GETs do not count as activity. A disabled user is anonymous
    already when this runs (the authentication backends drop inactive users).
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now().timestamp()
            ended = sessions.why_over(request.session, epoch=request.user.session_epoch, now=now)
            if ended:
                logout(request)
                request.session[sessions.ENDED] = ended
            elif not _is_polling(request):
                request.session[sessions.SEEN_AT] = now
        return _redirect_whole_page(request, self.get_response(request))


def _is_polling(request: HttpRequest) -> bool:
    return request.method == "GET" and bool(htmx(request))


def _redirect_whole_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Lets a fragment's request that met the sign-in page turn the whole page there.

    A fragment that was posted comes from a form in which somebody writes: leaving would lose the text, so
    the page stays, and `portal.js` says that the session has ended.
    """
    if not htmx(request) or response.status_code != HTTPStatus.FOUND:
        return response
    if not response["Location"].startswith(resolve_url(settings.LOGIN_URL)):
        return response
    page = htmx(request).current_url_abs_path or "/"
    sign_in = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': page})}"
    if request.method != "POST":
        return HttpResponseClientRedirect(sign_in)
    return trigger_client_event(reswap(HttpResponse(), "none"), "sessionEnded", {"url": sign_in})


class SecondFactorMiddleware(_Middleware):
    """Sends a user who must hold a second factor and has none to the enrolment, before anything else.

    The own account's pages, the language switch and static files stay open. With
    `SECOND_FACTOR_REQUIRED` off a banner offers what is demanded otherwise.
    """

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            settings.SECOND_FACTOR_REQUIRED
            and request.user.is_authenticated
            and not request.path.startswith(self._open_paths())
            and second_factor.is_missing(request)
        ):
            messages.warning(request, _("Your role needs a second factor. Set one up to go on."))
            return redirect("mfa_index")
        return self.get_response(request)

    @staticmethod
    def _open_paths() -> tuple[str, ...]:
        return ("/accounts/", reverse("set_language"), settings.STATIC_URL)


class NoStoreMiddleware(_Middleware):
    """No copy of a signed-in user's page, or of a sign-in page, stays in a cache."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated or request.path.startswith("/accounts/"):
            response["Cache-Control"] = "no-store, private"
        return response


class PressedElsewhereMiddleware(_Middleware):
    """A page instead of nothing where a button's address was opened by hand, or after signing in anew."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            response.status_code != HTTPStatus.METHOD_NOT_ALLOWED
            or request.method != "GET"
            or getattr(response, "content", None)
            or htmx(request)
        ):
            return response
        page = render(request, "errors/405.html", status=HTTPStatus.METHOD_NOT_ALLOWED)
        page["Allow"] = response["Allow"]
        return page
