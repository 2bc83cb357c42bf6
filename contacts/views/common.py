"""What every page of this app needs."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from staff.models import User


def user_of(request: HttpRequest) -> User:
    """The person who asks. The gate in front of each view let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
