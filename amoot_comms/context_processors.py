"""What every page knows. Lazily: a page that does not ask costs no query."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from amoot_comms import navigation, second_factor
from staff.roles import ROLE_NAMES, Role


def portal(request: HttpRequest) -> dict[str, Any]:
    """The menu, the user's roles in words, and whether the second factor is missing."""
    if not hasattr(request, "user"):
        return {}
    return {
        "portal_navigation": SimpleLazyObject(lambda: navigation.entries(request)),
        "portal_roles": SimpleLazyObject(lambda: _role_names(request)),
        "portal_second_factor_missing": SimpleLazyObject(lambda: second_factor.is_missing(request)),
    }


def _role_names(request: HttpRequest) -> list[Any]:
    return [ROLE_NAMES[Role(name)] for name in second_factor.roles_of(request) if name in list(Role)]
