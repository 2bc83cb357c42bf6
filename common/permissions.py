"""The gate in front of a page: signed in, and one of the user's roles grants the permission.

It knows no app: the rest of the house imports it as
`staff.permissions.requires`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

View = Callable[..., HttpResponseBase]


def requires(permission: str) -> Callable[[View], View]:
    """Let only those in whose roles grant `permission` (`app.codename`, see `staff/roles.py`).

    Strangers are sent to the sign-in page; everyone else gets a 403. The permission stays readable on
    the view as `required_permission`, so that a test can walk every URL.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, permission):
                raise PermissionDenied(_("None of your roles allows this."))
            return view(request, *args, **kwargs)

        guarded = login_required(gated)
        guarded.required_permission = permission  # type: ignore[attr-defined]
        return guarded

    return decorate


def may(user: Any, permission: str) -> bool:
    """Whether `user` is signed in and may; an anonymous visitor may nothing."""
    return bool(user.is_authenticated and user.may(permission))
