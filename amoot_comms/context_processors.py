"""What every page knows. Lazily: a page that does not ask costs no query."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import second_factor
from amoot_comms import navigation
from channels.models import Outage
from staff.models import User
from staff.roles import role_labels


def portal(request: HttpRequest) -> dict[str, Any]:
    """The menu, the user's roles in words, and whether the second factor is missing."""
    if not hasattr(request, "user"):
        return {}
    return {
        "portal_navigation": SimpleLazyObject(lambda: navigation.entries(request)),
        "portal_roles": SimpleLazyObject(lambda: role_labels(second_factor.roles_of(request))),
        "portal_outages": SimpleLazyObject(lambda: _outages(request)),
        # Those that a page tells of by itself; its view says which.
        "outages_told": (),
        "portal_second_factor_missing": SimpleLazyObject(lambda: second_factor.is_missing(request)),
    }


# Pages that tell of all outages at length.
_TELL_THEMSELVES = frozenset({"home", "messaging:operations"})


def _outages(request: HttpRequest) -> list[Outage]:
    """Open outages, for users who read messages or may end one: a look at an index that holds
    nothing else, so that it is asked on every page rather than kept and shown too late."""
    user = request.user
    page = request.resolver_match.view_name if request.resolver_match else ""
    if not isinstance(user, User) or page in _TELL_THEMSELVES:
        return []
    if not (user.may("messaging.view_message") or user.may("channels.declare_outage")):
        return []
    return list(Outage.objects.open().shown())
