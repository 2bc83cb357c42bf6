"""What the duty's tests share: the VOC department, its manager and two experts who signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from staff.models import User


@pytest.fixture
def department(db: None):
    from tests.factories import DepartmentFactory

    return DepartmentFactory(code="voc")


@pytest.fixture
def planner(department) -> User:
    """The VOC manager, who is no VOC expert."""
    from tests.factories import ManagerFactory, UserFactory

    user: User = UserFactory(username="voc-manager", roles=["manager"])
    department.manager = ManagerFactory(user=user, department=department)
    department.save()
    return user


@pytest.fixture
def expert(department):
    """Makes a VOC expert who works here and signed in at `NOW`; keywords change the colleague's record."""
    from tests.factories import NOW, ManagerFactory, UserFactory

    def make(name: str, extension: str, last_login=NOW, **fields) -> User:
        user: User = UserFactory(username=f"expert-{extension}", roles=["voc"], last_login=last_login)
        fields = {"first_name": "", "last_name": name, "extension": extension, "user": user, **fields}
        ManagerFactory(department=department, **fields)
        return user

    return make


@pytest.fixture
def sara(expert) -> User:
    made: User = expert("سارا رضایی", "118")
    return made


@pytest.fixture
def nazanin(expert) -> User:
    made: User = expert("نازنین فلاح", "119")
    return made
