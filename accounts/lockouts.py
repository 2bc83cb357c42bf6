"""Who is locked out by wrong passwords now, and how an administrator ends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import Max, Q, Sum
from django.db.models.functions import Lower

from accounts.devices import counted_names_of, owner_of
from audit.actions import record
from staff.models import User
from staff.permissions import demand


@dataclass(frozen=True, slots=True)
class Lockout:
    """A user name that may not sign in: from an address, or (None) in a browser of its own until `until`."""

    user: User
    address: str | None
    failures: int
    until: datetime


def locked_out(*, now: datetime) -> list[Lockout]:
    """The lock-outs at `now` of names that somebody has; the latest first.

    A name that nobody has may be a password that was typed in the wrong field: it is not shown.
    """
    span = cool_off()
    attempts = AccessAttempt.objects.filter(attempt_time__gt=now - span).order_by()
    found: dict[tuple[str, str | None], tuple[int, datetime]] = {}
    for row in attempts.values("username", "ip_address").annotate(
        failures=Sum("failures_since_start"), latest=Max("attempt_time")
    ):
        known = owner_of(row["username"] or "")[1]
        key = (row["username"] or "", None if known else row["ip_address"])
        failures, latest = found.get(key, (0, row["latest"]))
        found[key] = (failures + row["failures"], max(latest, row["latest"]))
    locked = {key: value for key, value in found.items() if value[0] >= settings.AXES_FAILURE_LIMIT}
    users = _users_by_name({owner_of(counted)[0] for counted, _address in locked})
    return sorted(
        (
            Lockout(users[name], address, failures, latest + span)
            for (counted, address), (failures, latest) in locked.items()
            if (name := owner_of(counted)[0]) in users
        ),
        key=lambda lockout: lockout.until,
        reverse=True,
    )


def unlock(*, user: User, by: User | None, now: datetime) -> bool:
    """Forget the wrong passwords of `user`, from every address and browser; whether there were any.

    Raises PermissionDenied unless `by` may change users.
    """
    demand(by, "staff.change_user")
    strangers, browsers = counted_names_of(user)
    with transaction.atomic():
        attempts = AccessAttempt.objects.filter(Q(username=strangers) | Q(username__startswith=browsers))
        addresses = sorted({str(address) for address in attempts.values_list("ip_address", flat=True)})
        if not addresses:
            return False
        attempts.delete()
        record(by=by, action="user.unlocked", obj=user, data={"addresses": addresses}, now=now)
    cache.delete_many([noted_key(user, address, known) for address in addresses for known in (True, False)])
    return True


def cool_off() -> timedelta:
    return timedelta(hours=settings.AXES_COOLOFF_TIME)


def noted_key(user: User, address: str | None, known: bool) -> str:
    """The cache's key that says: this lock-out stands in the audit already."""
    return f"locked-{user.pk}-{address}-{'browser' if known else 'address'}"


def _users_by_name(names: set[str]) -> dict[str, User]:
    users = User.objects.annotate(lower=Lower("username")).filter(lower__in=names)
    return {user.username.casefold(): user for user in users}
