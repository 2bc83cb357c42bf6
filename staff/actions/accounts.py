"""Log-ins and their roles. A role that changes, or a log-in that is disabled, ends its sessions at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from audit.actions import record
from common.changes import set_changed
from persian.jalali import tehran_date
from persian.text import fold_line
from staff.letters import send_letter, tell_auditors, tell_former_address
from staff.models import User
from staff.permissions import demand
from staff.roles import BACK_OFFICE, Role, role_labels

# The number of administrators is looked at by one at a time.
_ADMINISTRATORS_LOCK = 0x61646D6E  # "admn"


def open_account(
    *,
    username: str,
    first_name: str = "",
    last_name: str = "",
    email: str = "",
    roles: Iterable[str] = (),
    password: str | None = None,
    by: User | None,
    now: datetime,
) -> User:
    """Make a log-in. Without a password nobody can sign in until its owner has chosen one by a link.

    A command (`by=None`) may give a password; a person never chooses another's. Owner and auditors are
    told of roles that a person gives. Raises PermissionDenied unless `by` may add users, and
    ValidationError for a name that is taken, a password that is too weak, or a role that does not exist.
    """
    demand(by, "staff.add_user")
    if by is not None and password is not None:
        raise PermissionDenied(_("Nobody chooses another's password; send a link instead."))
    user = User(
        username=User.normalize_username(username.strip()),
        first_name=fold_line(first_name),
        last_name=fold_line(last_name),
        email=email.strip(),
        date_joined=now,
    )
    user.set_password(password)
    user.full_clean()
    if password is not None:
        validate_password(password, user)
    names = _known(roles)
    with transaction.atomic():
        user.save()
        _assign(user, names)
        record(by=by, action="user.opened", obj=user, data={"roles": sorted(names)}, now=now)
        if by is not None and names:
            _tell_roles(user, set(), names, by=by, now=now)
    return user


def change_account(
    *, user: User, first_name: str, last_name: str, email: str, by: User | None, now: datetime
) -> bool:
    """Change the names and the e-mail address; whether anything changed.

    A changed address is told to the former one and to the auditors: links to choose a password go there.
    """
    demand(by, "staff.change_user")
    with transaction.atomic():
        locked = lock(user=user, by=by)
        names = {"first_name": fold_line(first_name), "last_name": fold_line(last_name)}
        changes = set_changed(locked, {**names, "email": email.strip()})
        if not changes:
            return False
        locked.full_clean(exclude=["password"])
        locked.save(update_fields=list(changes))
        record(by=by, action="user.changed", obj=locked, data=changes, now=now)
        if "email" in changes:
            before, after = changes["email"]
            tell_former_address(locked, before, after, by=by, now=now)
    return True


def set_roles(*, user: User, roles: Iterable[str], by: User | None, now: datetime) -> bool:
    """Give the log-in exactly these roles and end its sessions; whether anything changed.

    Raises PermissionDenied unless `by` may change users; nobody changes their own roles, and only a
    superuser those of a superuser. ValidationError names a role that does not exist.
    """
    demand(by, "staff.change_user")
    names = _known(roles)
    with transaction.atomic():
        locked = lock(user=user, by=by)
        before = set(locked.groups.values_list("name", flat=True))
        if before == names:
            return False
        if by is not None and by.pk == locked.pk:
            raise PermissionDenied(_("Nobody changes their own roles; another administrator can."))
        _assign(locked, names)
        end_sessions(locked)
        data = {"before": sorted(before), "after": sorted(names)}
        record(by=by, action="user.roles_set", obj=locked, data=data, now=now)
        _tell_roles(locked, before, names, by=by, now=now)
    user.__dict__.pop("_granted", None)  # the caller's copy must not go on answering by the roles of before
    return True


def disable(*, user: User, by: User | None, now: datetime, why: str = "") -> bool:
    """Let the log-in no longer sign in and end its sessions at once; whether it could until now.

    Raises PermissionDenied as `set_roles`, ValidationError for the last administrator.
    """
    demand(by, "staff.change_user")
    with transaction.atomic():
        locked = lock(user=user, by=by)
        if by is not None and by.pk == locked.pk:
            raise PermissionDenied(_("Nobody disables their own log-in; another administrator can."))
        disabled = switch_off(user=locked, by=by, now=now, why=why)
    user.is_active = False
    return disabled


def switch_off(*, user: User, by: User | None, now: datetime, why: str) -> bool:
    """`disable` without the check of rights: the part that a colleague's leave shares.

    Raises ValidationError for the last administrator.
    """
    check_another_administrator(user, now=now)
    disabled = bool(User.objects.filter(pk=user.pk, is_active=True).update(is_active=False))
    if disabled:
        end_sessions(user)
        record(by=by, action="user.disabled", obj=user, data={"why": why}, now=now)
    user.is_active = False
    return disabled


def check_another_administrator(user: User, *, now: datetime) -> None:
    """Raises ValidationError if nobody could manage log-ins once `user` is gone. Belongs into a transaction.

    Those whose leave is recorded do not count: they go, too.
    """
    if not user.groups.filter(name=Role.ADMIN).exists():
        return
    with connection.cursor() as cursor:
        # Two administrators who disable each other queue here.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMINISTRATORS_LOCK])
    others = User.objects.filter(groups__name=Role.ADMIN, is_active=True).exclude(pk=user.pk)
    if not others.exclude(employee__left_on__isnull=False).exists():
        raise ValidationError(
            _("%(name)s is the last administrator; make another one first.") % {"name": user.display_name}
        )


def enable(*, user: User, by: User | None, now: datetime) -> bool:
    """Let the log-in sign in again. Raises ValidationError while its colleague does not work here."""
    demand(by, "staff.change_user")
    with transaction.atomic():
        locked = lock(user=user, by=by)
        employee = getattr(locked, "employee", None)
        if employee is not None and not employee.works_here(tehran_date(now)):
            raise ValidationError(
                _("%(name)s does not work here; record the return first.") % {"name": employee.full_name}
            )
        enabled = bool(User.objects.filter(pk=locked.pk, is_active=False).update(is_active=True))
        if enabled:
            record(by=by, action="user.enabled", obj=locked, now=now)
    user.is_active = True
    return enabled


def end_sessions(user: User) -> None:
    """Make every session of the user end at its next request: each remembers the epoch it began in."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)


def lock(*, user: User, by: User | None) -> User:
    """The row of `user`, locked. Raises PermissionDenied for a superuser's, unless `by` is one."""
    locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if locked.is_superuser and by is not None and not by.is_superuser:
        raise PermissionDenied(_("Only a superuser changes a superuser's log-in."))
    return locked


def _known(roles: Iterable[str]) -> set[str]:
    names = {str(role) for role in roles}
    unknown = sorted(names - {role.value for role in Role})
    if unknown:
        raise ValidationError(
            _("There is no role “%(unknown)s”; the roles are: %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(role.value for role in Role)},
            code="unknown_role",
        )
    return names


def _assign(user: User, names: set[str]) -> None:
    groups = list(Group.objects.filter(name__in=names))
    if len(groups) != len(names):
        raise ValidationError(_("The roles are not in the database yet; run “migrate”."))
    user.groups.set(groups)
    user.is_staff = user.is_superuser or bool(names & BACK_OFFICE)
    user.save(update_fields=["is_staff"])


def _tell_roles(user: User, before: set[str], after: set[str], *, by: User | None, now: datetime) -> None:
    for told in (send_letter, tell_auditors):
        told(user, "roles_set", by=by, now=now, before=_labels(before), after=_labels(after))


def _labels(names: set[str]) -> str:
    with translation.override(settings.LANGUAGE_CODE):
        return "، ".join(map(str, role_labels(names))) or "–"
