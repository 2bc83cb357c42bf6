"""Colleagues come, move and leave. Who leaves is signed out at once (security bar, 3)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from audit.actions import record
from common.changes import plain, set_changed
from persian.digits import to_ascii
from persian.jalali import format_date, tehran_date
from persian.text import fold_line
from staff.actions.accounts import check_another_administrator, switch_off
from staff.letters import tell_administrators, tell_auditors, tell_new_manager
from staff.models import Department, Employee, User
from staff.permissions import demand
from staff.roles import Role

logger = logging.getLogger(__name__)

# Two moves that each are fine can close a circle together; they queue here.
_HIERARCHY_LOCK = 0x73746166  # "staf"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployeeDetails:
    """What is recorded of a colleague, as typed. `hired_on` is a Tehran date."""

    first_name: str
    last_name: str
    job_title: str = ""
    department: Department
    direct_manager: Employee | None = None
    extension: str = ""
    email: str = ""
    hired_on: date


@dataclass(frozen=True, slots=True)
class Departure:
    """What a leaver leaves behind: colleagues without a present direct manager, departments likewise."""

    team: tuple[Employee, ...]
    departments: tuple[Department, ...]


def hire(*, details: EmployeeDetails, user: User | None = None, by: User | None, now: datetime) -> Employee:
    """Record a new colleague. Raises ValidationError by field, PermissionDenied without the right."""
    demand(by, "staff.add_employee")
    with transaction.atomic():
        values = check_details(details, None, now)
        employee = Employee(user=user, **values)
        employee.full_clean()
        employee.save()
        data = {name: plain(value) for name, value in values.items()}
        record(by=by, action="employee.hired", obj=employee, data=data, now=now)
    return employee


def change_employee(*, employee: Employee, details: EmployeeDetails, by: User | None, now: datetime) -> bool:
    """Change what is recorded of a colleague: department, direct manager, extension, …

    Whether anything changed. Raises ValidationError by field, also for a circle of direct managers.
    """
    demand(by, "staff.change_employee")
    with transaction.atomic():
        values = check_details(details, employee, now)
        locked = Employee.objects.select_for_update(no_key=True).get(pk=employee.pk)
        former, manager = locked.direct_manager, details.direct_manager
        changes = set_changed(locked, values)
        if not changes:
            return False
        locked.full_clean()
        locked.save(update_fields=list(changes))
        record(by=by, action="employee.changed", obj=locked, data=changes, now=now)
        if by is not None and "direct_manager" in changes and manager and manager.user_id == by.pk:
            tell_new_manager(locked.full_name, by, former.user if former else None, now=now)
    return True


def leave(*, employee: Employee, left_on: date, by: User | None, now: datetime) -> Departure:
    """Record the first day on which the colleague no longer works here.

    From that day on (at once, if it has come) the log-in is disabled and its sessions end. The leave of an
    administrator or superuser is told to the other administrators and the auditors. Raises ValidationError
    for a day before the hiring and for the last administrator.
    """
    demand(by, "staff.change_employee")
    with transaction.atomic():
        locked = Employee.objects.select_for_update(no_key=True, of=("self",)).get(pk=employee.pk)
        if left_on < locked.hired_on:
            raise ValidationError({"left_on": _("A colleague cannot leave before the day of hiring.")})
        if locked.left_on != left_on:
            locked.left_on = left_on
            locked.save(update_fields=["left_on"])
            data = {"left_on": left_on.isoformat()}
            record(by=by, action="employee.left", obj=locked, data=data, now=now)
            _tell_of_leave(locked, by=by, now=now)
        if left_on <= tehran_date(now) and locked.user is not None:
            switch_off(user=locked.user, by=by, now=now, why="left")
    employee.left_on = left_on
    team = (
        Employee.objects.employed(tehran_date(now)).filter(direct_manager=locked).order_by("last_name", "id")
    )
    return Departure(tuple(team), tuple(Department.objects.filter(manager=locked).order_by("id")))


def reinstate(*, employee: Employee, by: User | None, now: datetime) -> bool:
    """Take a leave back. The log-in stays disabled until an administrator enables it."""
    demand(by, "staff.change_employee")
    with transaction.atomic():
        taken_back = Employee.objects.filter(pk=employee.pk, left_on__isnull=False).update(left_on=None)
        if taken_back:
            record(by=by, action="employee.reinstated", obj=employee, now=now)
    employee.left_on = None
    return bool(taken_back)


def link_account(*, employee: Employee, user: User | None, by: User | None, now: datetime) -> bool:
    """Say which log-in is the colleague's. Raises ValidationError where it is somebody else's."""
    demand(by, "staff.change_user")
    if user is not None and Employee.objects.filter(user=user).exclude(pk=employee.pk).exists():
        raise ValidationError({"user": _("The log-in belongs to another colleague.")})
    with transaction.atomic():
        locked = Employee.objects.select_for_update(no_key=True, of=("self",)).get(pk=employee.pk)
        if locked.user == user:
            return False
        data = {"before": locked.user_id, "after": user.pk if user else None}
        locked.user = user
        locked.save(update_fields=["user"])
        record(by=by, action="employee.account_linked", obj=locked, data=data, now=now)
    return True


def disable_departed(*, now: datetime) -> int:
    """Disable the log-ins of those whose last day has passed since it was recorded; how many."""
    today = tehran_date(now)
    departed = Employee.objects.filter(left_on__lte=today, user__is_active=True).select_related("user")
    count = 0
    for employee in departed.order_by("id"):
        with transaction.atomic():
            if employee.user is not None:
                count += _switch_off_departed(employee.user, now)
    return count


def _switch_off_departed(user: User, now: datetime) -> bool:
    try:
        return switch_off(user=user, by=None, now=now, why="left")
    except ValidationError as last_administrator:
        logger.error("a log-in stays enabled after the leave", extra={"reason": last_administrator.messages})
        return False


def _tell_of_leave(employee: Employee, *, by: User | None, now: datetime) -> None:
    user = employee.user
    if user is None or not user.is_active:
        return
    if user.is_superuser or user.groups.filter(name=Role.ADMIN).exists():
        check_another_administrator(user, now=now)
        for told in (tell_administrators, tell_auditors):
            told(user, "administrator_left", by=by, now=now, day=employee.left_on)


def check_manager(employee_id: int | None, manager: Employee, *, now: datetime) -> None:
    """Raises ValidationError if `manager` has left, or would come to stand under the employee."""
    today = tehran_date(now)
    if not manager.works_here(today):
        raise ValidationError(
            _("%(name)s does not work here on %(day)s and cannot be a direct manager.")
            % {"name": manager.full_name, "day": format_date(today, get_language() or "fa")}
        )
    above = dict(Employee.objects.values_list("id", "direct_manager_id"))
    chain: list[int] = []
    step: int | None = manager.pk
    while step is not None and step not in chain:
        if step == employee_id:
            raise ValidationError(
                _("%(name)s stands under this colleague and cannot be the direct manager too (%(chain)s).")
                % {"name": manager.full_name, "chain": _names([*chain, step])},
                code="manager_circle",
            )
        chain.append(step)
        step = above.get(step)


def _names(ids: list[int]) -> str:
    names = {employee.pk: employee.full_name for employee in Employee.objects.filter(pk__in=ids)}
    return " ← ".join(names[pk] for pk in reversed(ids))


def check_details(details: EmployeeDetails, employee: Employee | None, now: datetime) -> dict[str, Any]:
    """The values to store, cleaned. Raises ValidationError by field. Belongs into a transaction."""
    values: dict[str, Any] = {field.name: getattr(details, field.name) for field in fields(details)}
    for name in ("first_name", "last_name", "job_title"):
        values[name] = fold_line(values[name])
    values["extension"] = to_ascii(details.extension).strip()
    values["email"] = details.email.strip().lower()
    faults: dict[str, list[str]] = {
        name: [_("A colleague has a first and a last name.")]
        for name in ("first_name", "last_name")
        if not values[name]
    }
    if values["extension"] and not values["extension"].isdecimal():
        faults["extension"] = [_("An extension is digits only.")]
    if values["email"]:
        _collect(faults, "email", lambda: validate_email(values["email"]))
    _collect(faults, "direct_manager", lambda: _check_new_manager(employee, details.direct_manager, now))
    if faults:
        raise ValidationError(faults)
    return values


def _check_new_manager(employee: Employee | None, manager: Employee | None, now: datetime) -> None:
    if manager is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_HIERARCHY_LOCK])
    employee_id = employee.pk if employee else None
    # Who has a leaver above them keeps this until somebody says who comes next.
    if employee is None or not Employee.objects.filter(pk=employee.pk, direct_manager=manager).exists():
        check_manager(employee_id, manager, now=now)


def _collect(faults: dict[str, list[str]], field: str, check: Callable[[], None]) -> None:
    try:
        check()
    except ValidationError as error:
        faults[field] = list(error.messages)
