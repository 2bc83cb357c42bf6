"""The portal's own middlewares."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

Handler = Callable[[HttpRequest], HttpResponse]


class _Pass:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class HealthMiddleware(_Pass):
    pass


class ChosenLanguageMiddleware(_Pass):
    """Persian, unless the user chose English; the browser's header does not decide."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, settings.LANGUAGE_CODE)
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        translation.activate(language)
        request.LANGUAGE_CODE = language
        return self.get_response(request)


class SessionLimitsMiddleware(_Pass):
    pass


class SecondFactorMiddleware(_Pass):
    pass


class NoStoreMiddleware(_Pass):
    pass


class LogContextMiddleware(_Pass):
    pass
