"""Who must hold a second factor, and who holds one."""

from __future__ import annotations

from django.http import HttpRequest

from common.fresh_proof import holds_factor
from staff.models import User


def roles_of(request: HttpRequest) -> list[str]:
    known: list[str] | None = getattr(request, "_portal_roles", None)
    if known is None:
        user = request.user
        known = (
            list(user.groups.order_by("id").values_list("name", flat=True)) if isinstance(user, User) else []
        )
        request._portal_roles = known  # type: ignore[attr-defined]
    return known


def is_missing(request: HttpRequest) -> bool:
    """Whether the user needs a second factor and has enrolled none.

    Every role may do more than read and open an opt-out call, or reads what everybody did; a superuser
    without any role needs one too: the flag alone opens the back office.
    """
    user = request.user
    if not isinstance(user, User):
        return False
    return (user.is_superuser or bool(roles_of(request))) and not holds_factor(request)
