"""The name that somebody signs in under."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def login_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str | None:
    """The user name of a sign-in, one for all spellings of upper and lower case."""
    found = (credentials or {}).get("username") or request.POST.get("login") or request.POST.get("username")
    return str(found).strip().casefold() if found else None
