"""The demo's people: one log-in a role, named after it, and colleagues without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from accounts.passwords import DEMO_PASSWORD
from persian.jalali import tehran_date
from staff.actions.accounts import open_account
from staff.actions.departments import change_department
from staff.actions.employees import EmployeeDetails, hire, leave
from staff.models import Department, Employee, User
from staff.roles import Role

# For everybody to read: it opens demo data only (refused without DEMO).
PASSWORD: Final = DEMO_PASSWORD


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A colleague; `role` is the log-in's name as well. `manager` is the key of the direct manager's row."""

    key: str
    first_name: str
    last_name: str
    job_title: str
    department: str
    extension: str
    manager: str = ""
    email: str = ""
    role: Role | None = None
    days_here: int = 900
    left_days_ago: int | None = None


# A direct manager stands above their people.
PEOPLE: Final = (
    DemoPerson("senior", "بهرام", "کیانی", "مدیرعامل", "management", "100", "", "manager", Role.SENIOR, 5200),
    DemoPerson(
        "manager",
        "امید",
        "موحد",
        "مدیر دپارتمان آوانک-پیامک",
        "sms-avanak",
        "120",
        "senior",
        "o.movahed",
        Role.MANAGER,
        3100,
    ),
    DemoPerson(
        "sender",
        "نگار",
        "یوسفی",
        "کارشناس اطلاع‌رسانی",
        "sms-avanak",
        "121",
        "manager",
        "n.yousefi",
        Role.SENDER,
        740,
    ),
    DemoPerson("voc", "سارا", "رضایی", "کارشناس VOC", "voc", "118", "senior", "s.rezaei", Role.VOC, 1500),
    DemoPerson(
        "branding",
        "آرش",
        "دانشور",
        "مدیر تبلیغات و برندینگ",
        "branding",
        "130",
        "senior",
        "a.daneshvar",
        Role.BRANDING,
        1900,
    ),
    DemoPerson(
        "hr", "مریم", "صالحی", "کارشناس منابع انسانی", "hr", "140", "senior", "m.salehi", Role.HR, 2400
    ),
    DemoPerson(
        "admin", "پژمان", "طاهری", "مدیر فناوری اطلاعات", "it", "150", "senior", "p.taheri", Role.ADMIN, 2800
    ),
    DemoPerson("it", "کاوه", "شریفی", "کارشناس IT", "it", "151", "admin", "k.sharifi", Role.IT, 620),
    DemoPerson(
        "auditor",
        "لیلا",
        "مرادی",
        "ممیز داخلی ایزو",
        "management",
        "105",
        "senior",
        "l.moradi",
        Role.AUDITOR,
        1100,
    ),
    DemoPerson(
        "owj", "حامد", "گودرزی", "مدیر دپارتمان اوج", "owj", "160", "senior", "h.goodarzi", None, 2100
    ),
    DemoPerson("owj-1", "الهام", "چگینی", "کارشناس فنی اوج", "owj", "161", "owj", "e.chegini"),
    DemoPerson("owj-2", "پویا", "ژیان", "کارشناس پشتیبانی اوج", "owj", "162", "owj", "p.jian", None, 410),
    DemoPerson("sales", "فرهاد", "ایزدی", "مدیر فروش", "sales", "170", "senior", "f.izadi", None, 2600),
    DemoPerson("sales-1", "شیوا", "نوری", "کارشناس فروش", "sales", "171", "sales", "sh.nouri", None, 830),
    DemoPerson("sales-2", "مهدی", "عباسی", "کارشناس مشاوره", "sales", "172", "sales", "m.abbasi", None, 365),
    DemoPerson(
        "sms-1", "زهرا", "کریمی", "کارشناس پشتیبانی آوانک", "sms-avanak", "122", "manager", "z.karimi"
    ),
    DemoPerson("branding-1", "نیما", "آذری", "گرافیست", "branding", "131", "branding", "n.azari", None, 510),
    # A new colleague in the trial of C9.6, so without an address yet, and one who left.
    DemoPerson("sms-2", "پریسا", "قاسمی", "کارشناس محتوا", "sms-avanak", "123", "manager", "", None, 4),
    DemoPerson("left", "سهیل", "ثابتی", "کارشناس فروش", "sales", "173", "sales", "s.sabeti", None, 1200, 45),
)

MANAGERS: Final = {
    "management": "senior",
    "sms-avanak": "manager",
    "branding": "branding",
    "hr": "hr",
    "it": "admin",
    "voc": "voc",
    "owj": "owj",
    "sales": "sales",
}


def load_staff(now: datetime) -> dict[str, User]:
    """Log-ins, colleagues and the departments' managers; the log-ins by their names."""
    departments = {row.code: row for row in Department.objects.all()}
    hired: dict[str, Employee] = {}
    users: dict[str, User] = {}
    for person in PEOPLE:
        user = None
        if person.role is not None:
            user = users[person.role] = _open_account(person, now)
        hired[person.key] = _hire(
            person, departments[person.department], hired.get(person.manager), user, now
        )
    for code, key in MANAGERS.items():
        row = departments[code]
        if row.manager_id is None:
            change_department(
                department=row, name=row.name, name_en=row.name_en, manager=hired[key], by=None, now=now
            )
    return users


def _open_account(person: DemoPerson, now: datetime) -> User:
    return open_account(
        username=str(person.role),
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
        hired_on=_days_before(today, person.days_here),
        direct_manager=manager,
        job_title=person.job_title,
        extension=person.extension,
        email=_email(person),
    )
    employee = hire(details=details, user=user, by=None, now=now)
    if person.left_days_ago is not None:
        leave(employee=employee, left_on=_days_before(today, person.left_days_ago), by=None, now=now)
    return employee


def _email(person: DemoPerson) -> str:
    return f"{person.email}@amootsoft.com" if person.email else ""


def _days_before(day: date, days: int) -> date:
    return day - timedelta(days=days)
