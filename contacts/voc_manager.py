"""The VOC manager: whoever manages the department `voc` and whose role may manage the desk (reading 12)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from persian.jalali import tehran_date
from staff.models import Employee, User

VOC_DEPARTMENT: Final = "voc"


def is_voc_manager(user: User, now: datetime) -> bool:
    if not user.may("contacts.manage_desk"):
        return False
    people = Employee.objects.employed(tehran_date(now))
    return people.filter(user=user, manages__code=VOC_DEPARTMENT).exists()


def may_read_ledger(user: User, now: datetime) -> bool:
    """Whether the consent history is shown to `user`: who reads it by role, and the VOC manager."""
    return user.may("contacts.view_consententry") or is_voc_manager(user, now)


def voc_manager(now: datetime) -> User | None:
    """The log-in of the VOC department's manager; None where it has none, or one who may not."""
    people = Employee.objects.employed(tehran_date(now)).filter(manages__code=VOC_DEPARTMENT)
    manager = people.select_related("user").first()
    user = manager.user if manager is not None else None
    return user if user is not None and user.may("contacts.manage_desk") else None
