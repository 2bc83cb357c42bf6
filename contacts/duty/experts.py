"""Who can be on duty, and what keeps an expert from being named to a caller."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.own_sessions import is_signed_in
from common.wording import Label
from persian.jalali import tehran_date
from staff.models import Employee, User
from staff.permissions import granted

RIGHT = "contacts.set_consent"


class Absence(StrEnum):
    """Why an expert is not named; the first that holds is told."""

    LEFT = "left"
    NO_ROLE = "no_role"
    NO_EXTENSION = "no_extension"
    NOT_SIGNED_IN = "not_signed_in"


ABSENCES: dict[Absence, Label] = {
    Absence.LEFT: _("does not work here"),
    Absence.NO_ROLE: _("is no VOC expert any more"),
    Absence.NO_EXTENSION: _("has no extension on record"),
    Absence.NOT_SIGNED_IN: _("has not signed in today"),
}


def experts(today: date) -> QuerySet[User]:
    """The VOC experts who work here on `today`, by their names."""
    people = Employee.objects.employed(today).filter(user__isnull=False)
    found = granted(RIGHT).filter(pk__in=people.values("user_id"))
    return found.select_related("employee").order_by("employee__last_name", "employee__first_name", "pk")


def absence_from_roster(user: User, today: date) -> Absence | None:
    """Why `user` can be on no roster; None for a VOC expert who works here."""
    employee = employee_of(user)
    if employee is None or not employee.works_here(today) or not user.is_active:
        return Absence.LEFT
    return None if user.may(RIGHT) else Absence.NO_ROLE


def absence(user: User, now: datetime) -> Absence | None:
    """Why `user` cannot be named to a caller at `now`; None for one who can.

    Signed in is who signed in today in Tehran, or has a session since before midnight.
    """
    today = tehran_date(now)
    if gone := absence_from_roster(user, today):
        return gone
    if not extension_of(user):
        return Absence.NO_EXTENSION
    signed_in_today = user.last_login is not None and tehran_date(user.last_login) == today
    return None if signed_in_today or is_signed_in(user, now=now) else Absence.NOT_SIGNED_IN


def employee_of(user: User) -> Employee | None:
    return getattr(user, "employee", None)


def extension_of(user: User) -> str:
    employee = employee_of(user)
    return employee.extension if employee is not None else ""


def name_of(user: User) -> str:
    """The colleague's name, as the directory has it."""
    employee = employee_of(user)
    return employee.full_name if employee is not None else user.display_name
