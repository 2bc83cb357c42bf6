"""Who may open a page: `@requires("app.codename")` in front of a view. The table is `staff/roles.py`."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from audit.gate import may, requires
from staff.models import User

__all__ = ["demand", "may", "requires"]


def demand(by: User | None, permission: str) -> None:
    """Raise PermissionDenied unless one of `by`'s roles grants `permission`. None, the machine, may."""
    if by is not None and not by.may(permission):
        raise PermissionDenied(_("None of the roles of %(user)s allows this.") % {"user": by.username})
