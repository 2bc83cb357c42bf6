"""Words of the audit trail for colleagues and their log-ins."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from audit import words
from staff.roles import ROLE_NAMES

ACTIONS: Final = {
    "department.changed": _("department changed"),
    "department.opened": _("department added"),
    "employee.account_linked": _("log-in linked to a colleague"),
    "employee.changed": _("colleague's record changed"),
    "employee.hired": _("colleague hired"),
    "employee.left": _("colleague's leave recorded"),
    "employee.reinstated": _("colleague's leave taken back"),
    "holiday.added": _("public holiday added"),
    "holiday.removed": _("public holiday taken out"),
    "holidays.confirmed": _("holidays of a year confirmed"),
    "holidays.loaded": _("holidays taken from the official calendar"),
    "user.changed": _("log-in changed"),
    "user.disabled": _("log-in disabled"),
    "user.enabled": _("log-in enabled"),
    "user.opened": _("log-in opened"),
    "user.password_link_sent": _("link to choose a password sent"),
    "user.password_set": _("password set by somebody else"),
    "user.roles_set": _("roles set"),
    "user.superuser_made": _("superuser made"),
}
NAMES: Final = {
    "days": _("days"),
    "department": _("department"),
    "department_id": _("department"),
    "direct_manager": _("direct manager"),
    "direct_manager_id": _("direct manager"),
    "email": _("e-mail"),
    "extension": _("extension"),
    "first_name": _("first name"),
    "hired_on": _("hired on"),
    "job_title": _("job title"),
    "last_name": _("last name"),
    "left_on": _("left on"),
    "manager": _("manager"),
    "manager_id": _("manager"),
    "roles": _("roles"),
    "year": _("year"),
}


def register() -> None:
    words.register(
        actions=ACTIONS,
        names=NAMES,
        values=dict.fromkeys(("roles", "before", "after"), ROLE_NAMES),
        references={
            "department": "staff.department",
            "department_id": "staff.department",
            "direct_manager": "staff.employee",
            "direct_manager_id": "staff.employee",
            "manager": "staff.employee",
            "manager_id": "staff.employee",
        },
        technical={"year"},
        lists={"roles", "before", "after"},
    )
