"""What commands share that speak for somebody."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from staff.models import User


def user_named(username: str, *, also_disabled: bool = False) -> User:
    """Whose user name it is. Raises `CommandError` where nobody has it, or only a disabled log-in."""
    user = User.objects.filter(username=username).first()
    if user is not None and (user.is_active or also_disabled):
        return user
    text = _("There is no user “%(user)s”.") if also_disabled else _("There is no active user “%(user)s”.")
    raise CommandError(text % {"user": username})
