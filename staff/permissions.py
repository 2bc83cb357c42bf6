"""Who may open a page: `@requires("app.codename")` in front of a view. The table is `staff/roles.py`."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from audit.gate import may, requires
from staff.models import User

__all__ = ["demand", "may", "requires", "signed_in"]


def demand(by: User | None, permission: str) -> None:
    """Raise PermissionDenied unless one of `by`'s roles grants `permission`. None, the machine, may."""
    if by is not None and not by.may(permission):
        raise PermissionDenied(_("None of the roles of %(user)s allows this.") % {"user": by.username})


def signed_in(request: HttpRequest) -> User:
    """Who asks, behind `requires`. Raises TypeError in front of it: a fault of ours, not of a visitor."""
    if not isinstance(request.user, User):
        raise TypeError("nobody is signed in")
    return request.user
