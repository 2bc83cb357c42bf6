"""HR's records of who holds the keys, and of oneself, are told to others; one administrator remains."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from persian.jalali import tehran_date
from staff.actions.accounts import disable
from staff.actions.departments import change_department
from staff.actions.employees import EmployeeDetails, change_employee, disable_departed, leave
from staff.models import Employee, OutgoingMail, User
from tests.factories import NOW, EmployeeFactory, ManagerFactory, UserFactory

pytestmark = pytest.mark.django_db

TODAY = tehran_date(NOW)


def user_of(*roles: str, **fields: Any) -> User:
    user: User = UserFactory(roles=list(roles), **fields)
    User.objects.filter(pk=user.pk).update(email=f"{user.username}@example.com")
    user.refresh_from_db()
    return user


@pytest.fixture
def hr() -> User:
    return user_of("hr", username="hr")


@pytest.fixture
def others() -> None:
    for role in ("admin", "auditor", "senior"):
        user_of(role, username=role)


def told() -> list[str]:
    return sorted(to.partition("@")[0] for to in OutgoingMail.objects.values_list("to", flat=True))


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=3)])
@pytest.mark.parametrize("key", ["role", "superuser"])
def test_a_leave_of_who_may_change_log_ins_is_told_to_administrators_and_auditors(
    hr: User, day: Any, key: str
) -> None:
    holder = user_of("admin") if key == "role" else user_of(is_superuser=True)
    person = EmployeeFactory(user=holder)
    leave(employee=person, left_on=day, by=hr, now=NOW)
    assert User.objects.get(pk=holder.pk).is_active is (day != TODAY)
    assert told() == ["admin", "auditor"]
    leave(employee=person, left_on=day, by=hr, now=NOW)
    assert len(told()) == 2


@pytest.mark.usefixtures("others")
def test_anybody_else_s_leave_is_told_to_nobody(hr: User) -> None:
    leave(employee=EmployeeFactory(user=user_of("sender")), left_on=TODAY, by=hr, now=NOW)
    assert told() == []


def test_the_last_administrator_is_not_disabled_by_anybody(hr: User) -> None:
    person = EmployeeFactory(user=user_of("admin"))
    user_of("admin", is_active=False)
    # Of two who go, the second is the last.
    leave(employee=EmployeeFactory(user=user_of("admin")), left_on=TODAY + timedelta(days=9), by=hr, now=NOW)
    for act in (
        lambda: leave(employee=person, left_on=TODAY, by=hr, now=NOW),
        lambda: leave(employee=person, left_on=TODAY + timedelta(days=9), by=hr, now=NOW),
        lambda: disable(user=person.user, by=None, now=NOW),
    ):
        with pytest.raises(ValidationError):
            act()
    assert Employee.objects.filter(pk=person.pk, left_on=None, user__is_active=True).exists()
    Employee.objects.filter(pk=person.pk).update(left_on=TODAY)
    assert disable_departed(now=NOW) == 0
    user_of("admin")
    assert disable_departed(now=NOW) == 1


def test_hr_is_told_at_the_form_that_it_is_the_last_administrator(client: Any) -> None:
    client.force_login(user_of("hr", is_staff=True))
    person = EmployeeFactory(user=user_of("admin"))
    fields = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "department": person.department_id,
        "hired_on": person.hired_on.isoformat(),
        "direct_manager": person.direct_manager_id or "",
        "left_on": person.hired_on.isoformat(),
    }
    answer = client.post(reverse("admin:staff_employee_change", args=[person.pk]), fields, follow=True)
    assert "آخرین مدیر سامانه است" in answer.content.decode()
    assert Employee.objects.get(pk=person.pk).left_on is None


@pytest.mark.usefixtures("others")
class TestMakingOneselfAManager:
    def test_of_a_colleague_is_told_to_the_former_one_and_to_senior_management(self, hr: User) -> None:
        own = ManagerFactory(user=hr)
        person = EmployeeFactory()
        former = person.direct_manager
        former.user = user_of("manager", username="former")
        former.save()
        details = EmployeeDetails(
            first_name=person.first_name,
            last_name=person.last_name,
            department=person.department,
            hired_on=person.hired_on,
            direct_manager=own,
        )
        assert change_employee(employee=person, details=details, by=user_of("hr"), now=NOW)
        assert told() == []
        Employee.objects.filter(pk=person.pk).update(direct_manager=former)
        assert change_employee(employee=person, details=details, by=hr, now=NOW)
        assert told() == ["former", "senior"]

    def test_of_a_department_too(self) -> None:
        admin = User.objects.get(username="admin")
        own = ManagerFactory(user=admin)
        department = own.department
        names = {"name": department.name, "name_en": department.name_en}
        assert change_department(department=department, **names, manager=own, by=admin, now=NOW)
        assert told() == ["senior"]
