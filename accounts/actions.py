"""Second factors of others: what an administrator does for a lost phone."""

from __future__ import annotations

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from staff.actions.accounts import end_sessions, lock
from staff.letters import send_letter, tell_auditors
from staff.models import User
from staff.permissions import demand


def reset_second_factor(*, user: User, reason: str, by: User, now: datetime) -> None:
    """Remove every factor and recovery code of `user`, end the sessions, and mail its owner and the auditors.

    Raises PermissionDenied unless `by` may change users; nobody resets their own (their own page asks for
    it), and only a superuser that of a superuser. ValidationError: `user` holds none.
    """
    demand(by, "staff.change_user")
    if by.pk == user.pk:
        raise PermissionDenied(_("Nobody resets their own second factor here; another administrator can."))
    with transaction.atomic():
        locked = lock(user=user, by=by)
        held = Authenticator.objects.filter(user=locked)
        kinds = sorted(held.values_list("type", flat=True))
        if not kinds:
            raise ValidationError(_("%(name)s holds no second factor.") % {"name": locked.display_name})
        held.delete()
        end_sessions(locked)
        record(by=by, action="factor.reset", obj=locked, data={"reason": reason, "factors": kinds}, now=now)
        for told in (send_letter, tell_auditors):
            told(locked, "factor_reset", by=by, now=now, reason=reason)
