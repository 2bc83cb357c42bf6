"""Who must hold a second factor, and who holds one."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

from staff.models import User
from staff.roles import WITHOUT_SECOND_FACTOR

_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


def roles_of(request: HttpRequest) -> list[str]:
    """The names of the user's roles, asked once a request."""
    known: list[str] | None = getattr(request, "_portal_roles", None)
    if known is None:
        user = request.user
        known = (
            list(user.groups.order_by("id").values_list("name", flat=True)) if isinstance(user, User) else []
        )
        request._portal_roles = known  # type: ignore[attr-defined]
    return known


def is_missing(request: HttpRequest) -> bool:
    """Whether the user's roles ask for a second factor that has not been enrolled.

    A superuser without any role needs one too: the flag alone opens the back office.
    """
    user = request.user
    if not isinstance(user, User):
        return False
    needs = user.is_superuser or any(role not in WITHOUT_SECOND_FACTOR for role in roles_of(request))
    if not needs:
        return False
    known: bool | None = getattr(request, "_portal_factor_missing", None)
    if known is None:
        known = not is_mfa_enabled(user, _FACTORS)
        request._portal_factor_missing = known  # type: ignore[attr-defined]
    return known
