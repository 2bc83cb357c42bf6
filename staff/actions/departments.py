"""Departments and who manages them."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.changes import set_changed
from persian.jalali import tehran_date
from persian.text import fold_line
from staff.letters import tell_new_manager
from staff.models import Department, Employee, User
from staff.permissions import demand


def open_department(
    *,
    code: str,
    name: str,
    name_en: str = "",
    manager: Employee | None = None,
    by: User | None,
    now: datetime,
) -> Department:
    """Add a department. Raises ValidationError for a code that is taken or a manager who left."""
    demand(by, "staff.add_department")
    department = Department(code=code, name=fold_line(name), name_en=fold_line(name_en), manager=manager)
    with transaction.atomic():
        check_works_here(manager, now=now)
        department.full_clean()
        department.save()
        data = {"code": code, "manager": manager.pk if manager else None}
        record(by=by, action="department.opened", obj=department, data=data, now=now)
    return department


def change_department(
    *,
    department: Department,
    name: str,
    name_en: str,
    manager: Employee | None,
    by: User | None,
    now: datetime,
) -> bool:
    """Change a department's names and manager; whether anything changed. Raises as `open_department`."""
    demand(by, "staff.change_department")
    wanted = {
        "name": fold_line(name),
        "name_en": fold_line(name_en),
        "manager_id": manager.pk if manager else None,
    }
    with transaction.atomic():
        locked = Department.objects.select_for_update(no_key=True).get(pk=department.pk)
        former = locked.manager
        changes = set_changed(locked, wanted)
        if not changes:
            return False
        if "manager_id" in changes:
            check_works_here(manager, now=now)
        locked.full_clean()
        locked.save(update_fields=[field.removesuffix("_id") for field in changes])
        record(by=by, action="department.changed", obj=locked, data=changes, now=now)
        if by is not None and "manager_id" in changes and manager and manager.user_id == by.pk:
            tell_new_manager(locked.name, by, former.user if former else None, now=now)
    return True


def check_works_here(manager: Employee | None, *, now: datetime) -> None:
    """Raises ValidationError (field `manager`) for somebody who does not work here at `now`."""
    if manager is not None and not manager.works_here(tehran_date(now)):
        message = _("%(name)s does not work here and cannot manage a department.")
        raise ValidationError({"manager": message % {"name": manager.full_name}})
