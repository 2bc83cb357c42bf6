"""The demo's people: a log-in a role, named after it, two more of the VOC desk, and colleagues without."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from accounts.passwords import DEMO_PASSWORD
from persian.jalali import tehran_date
from staff.actions.accounts import open_account
from staff.actions.departments import change_department
from staff.actions.employees import EmployeeDetails, hire, leave
from staff.models import Department, Employee, User
from staff.roles import Role

# For everybody to read: it opens demo data only (refused without DEMO).
PASSWORD: Final = DEMO_PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """A row of people.csv, where a direct manager stands above their people.

    The log-in is named `login`, or after its `role`; `manager` is the key of the direct manager's row;
    `manages`: the department, too.
    """

    key: str
    first_name: str
    last_name: str
    job_title: str
    department: str
    extension: str
    manager: str
    email: str
    role: Role | None
    manages: bool
    days_here: int
    left_days_ago: int | None
    login: str

    @property
    def username(self) -> str:
        return self.login or str(self.role or "")


def _person(row: dict[str, str]) -> DemoPerson:
    typed: dict[str, Any] = {
        "role": Role(row["role"]) if row["role"] else None,
        "manages": bool(row["manages"]),
        "days_here": int(row["days_here"]),
        "left_days_ago": int(row["left_days_ago"]) if row["left_days_ago"] else None,
    }
    return DemoPerson(**{**row, **typed})


with Path(__file__).with_name("people.csv").open(encoding="utf-8", newline="") as _file:
    PEOPLE: Final = tuple(map(_person, csv.DictReader(_file)))


def load_staff(now: datetime) -> dict[str, User]:
    """Log-ins, colleagues and the departments' managers; the log-ins by their names."""
    departments = {row.code: row for row in Department.objects.all()}
    hired: dict[str, Employee] = {}
    users: dict[str, User] = {}
    for person in PEOPLE:
        user = None
        if person.role is not None:
            user = users[person.username] = _open_account(person, now)
        hired[person.key] = _hire(
            person, departments[person.department], hired.get(person.manager), user, now
        )
        row = departments[person.department]
        if person.manages and row.manager_id is None:
            names = {"name": row.name, "name_en": row.name_en}
            change_department(department=row, **names, manager=hired[person.key], by=None, now=now)
    return users


def _open_account(person: DemoPerson, now: datetime) -> User:
    return open_account(
        username=person.username,
        first_name=person.first_name,
        last_name=person.last_name,
        email=_email(person),
        roles=[str(person.role)],
        password=PASSWORD,
        by=None,
        now=now,
    )


def _hire(
    person: DemoPerson, department: Department, manager: Employee | None, user: User | None, now: datetime
) -> Employee:
    today = tehran_date(now)
    details = EmployeeDetails(
        first_name=person.first_name,
        last_name=person.last_name,
        department=department,
        hired_on=today - timedelta(days=person.days_here),
        direct_manager=manager,
        job_title=person.job_title,
        extension=person.extension,
        email=_email(person),
    )
    employee = hire(details=details, user=user, by=None, now=now)
    if person.left_days_ago is not None:
        left_on = today - timedelta(days=person.left_days_ago)
        leave(employee=employee, left_on=left_on, by=None, now=now)
    return employee


def _email(person: DemoPerson) -> str:
    return f"{person.email}@amootsoft.com" if person.email else ""
