"""The gateways by the code of their channel, built from the settings alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from common.media import MEDIA
from gateways.amootsms.client import AmootSms
from gateways.avanak.client import Avanak
from gateways.base import Gateway
from gateways.http import Http, checked_base_url, checked_token


def gateway_for(code: str) -> Gateway:
    """A new client for a sending channel's code; the caller closes it.

    Raises ImproperlyConfigured for a code without a gateway and for settings that cannot be right: an
    address that is not https outside loopback, a token that no header can hold, a batch of nobody.
    """
    if code not in MEDIA:
        raise ImproperlyConfigured(
            f"There is no gateway for the channel {code!r}; known are {' and '.join(MEDIA)}."
        )
    return _FACTORIES[MEDIA[code].gateway]()


def check_settings() -> None:
    """Raises ImproperlyConfigured for a gateway's settings that cannot be right; each process asks first."""
    for code, row in MEDIA.items():
        if f"{row.gateway.upper()}_TOKEN" not in settings.WITHOUT_SECRETS:
            gateway_for(code)


def _amootsms() -> Gateway:
    return AmootSms(
        _http("AMOOTSMS"),
        line=settings.AMOOTSMS_LINE,
        max_batch=_positive("AMOOTSMS_MAX_BATCH"),
        rate=_rate("AMOOTSMS_RATE"),
    )


def _avanak() -> Gateway:
    if settings.AVANAK_SPEAKER not in {"male", "female"}:
        raise ImproperlyConfigured("AVANAK_SPEAKER must be male or female.")
    return Avanak(
        _http("AVANAK"),
        speaker=settings.AVANAK_SPEAKER,
        max_batch=_positive("AVANAK_MAX_BATCH"),
        rate=_rate("AVANAK_RATE"),
    )


_FACTORIES: Final[dict[str, Callable[[], Gateway]]] = {"amootsms": _amootsms, "avanak": _avanak}


def _http(prefix: str) -> Http:
    address, token = f"{prefix}_BASE_URL", f"{prefix}_TOKEN"
    if settings.GATEWAY_TIMEOUT_SECONDS <= 0:
        raise ImproperlyConfigured("GATEWAY_TIMEOUT_SECONDS must be more than 0.")
    return Http(
        checked_base_url(getattr(settings, address), address),
        checked_token(getattr(settings, token), token),
        timeout=settings.GATEWAY_TIMEOUT_SECONDS,
    )


def _rate(name: str) -> float:
    value = float(getattr(settings, name))
    if not 0 <= value < float("inf"):
        raise ImproperlyConfigured(f"{name} must be 0 (no limit) or more, not {value}.")
    return value


def _positive(name: str) -> int:
    value = int(getattr(settings, name))
    if value < 1:
        raise ImproperlyConfigured(f"{name} must be 1 or more, not {value}.")
    return value
