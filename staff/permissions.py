"""Who may open a page: `@requires("app.codename")` in front of a view. The table is `staff/roles.py`."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from common.permissions import may, requires
from staff.models import User
from staff.roles import Role

__all__ = [
    "demand",
    "granted",
    "holders_of",
    "may",
    "members_of",
    "readers_of_the_trail",
    "requires",
    "signed_in",
]


def demand(by: User | None, permission: str) -> None:
    """Raise PermissionDenied unless one of `by`'s roles grants `permission`. None, the machine, may."""
    if by is not None and not by.may(permission):
        raise PermissionDenied(_("None of the roles of %(user)s allows this.") % {"user": by.username})


def granted(permission: str) -> QuerySet[User]:
    """The log-ins in use to whom a role grants `permission`; not one of the base role, which all have."""
    app, _dot, codename = permission.partition(".")
    holders = User.objects.filter(
        groups__permissions__content_type__app_label=app, groups__permissions__codename=codename
    )
    return User.objects.filter(pk__in=holders.values("pk"), is_active=True)


def holders_of(permission: str) -> QuerySet[User]:
    """Those of them who have an address for mail."""
    return granted(permission).exclude(email="")


def members_of(*roles: Role) -> QuerySet[User]:
    """The log-ins in use that have one of the roles, and an address for mail."""
    members = User.objects.filter(groups__name__in=[role.value for role in roles])
    return User.objects.filter(pk__in=members.values("pk"), is_active=True).exclude(email="")


def readers_of_the_trail() -> list[str]:
    """The readers of a bad verdict about the audit trail, by mail: those who may read the trail."""
    return list(holders_of("audit.view_entry").values_list("email", flat=True))


def signed_in(request: HttpRequest) -> User:
    """Who asks, behind `requires`. Raises TypeError in front of it: a fault of ours, not of a visitor."""
    if not isinstance(request.user, User):
        raise TypeError("nobody is signed in")
    return request.user
