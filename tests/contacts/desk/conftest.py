"""The people of the VOC desk, and a call that waits there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from contacts.models import OptOutCall
    from staff.models import User


@pytest.fixture
def other(db: None) -> User:
    """A second VOC expert."""
    from tests.factories import UserFactory

    user: User = UserFactory(username="other", first_name="نرگس", roles=["voc"], email="other@example.com")
    return user


@pytest.fixture
def chief(db: None) -> User:
    """The VOC manager: a manager who manages the department `voc`."""
    from staff.models import Department
    from tests.factories import DepartmentFactory, ManagerFactory, UserFactory

    user: User = UserFactory(username="chief", roles=["manager"], email="chief@example.com")
    department = Department.objects.filter(code="voc").first() or DepartmentFactory(code="voc")
    department.manager = ManagerFactory(user=user, department=department)
    department.save()
    return user


@pytest.fixture
def call(sender: User) -> OptOutCall:
    from contacts.consent.actions import open_call
    from tests.factories import NOW, ContactFactory

    opened, _effect = open_call(contact=ContactFactory(), by=sender, now=NOW)
    return opened
