"""Colleagues and log-ins: hiring, moving, leaving, roles."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import Entry
from staff.actions.accounts import change_account, disable, enable, open_account, set_roles
from staff.actions.departments import change_department, open_department
from staff.actions.employees import (
    EmployeeDetails,
    change_employee,
    disable_departed,
    hire,
    leave,
    link_account,
    reinstate,
)
from staff.models import Employee, User
from tests.factories import DAY, NOW, DepartmentFactory, EmployeeFactory, ManagerFactory, UserFactory

pytestmark = pytest.mark.django_db

TODAY = NOW.date()


@pytest.fixture
def hr():
    return UserFactory(roles=["hr"])


@pytest.fixture
def admin():
    return UserFactory(roles=["admin"])


def details(**changes):
    values = {
        "first_name": "سارا",
        "last_name": "رضایی",
        "department": changes.pop("department", None) or DepartmentFactory(),
        "hired_on": TODAY,
    }
    return EmployeeDetails(**values | changes)


def as_they_are(person, **changes):
    names = EmployeeDetails.__dataclass_fields__
    return EmployeeDetails(**{name: getattr(person, name) for name in names} | changes)


def last_entry():
    return Entry.objects.order_by("id").last()


class TestHiring:
    def test_a_colleague_is_recorded_in_one_spelling(self, hr):
        person = hire(
            details=details(
                first_name=" علي  رضا ", last_name="كاظمي", extension="۱۲۳", email="A@Amootsoft.com "
            ),
            by=hr,
            now=NOW,
        )
        assert (person.first_name, person.last_name) == ("علی رضا", "کاظمی")
        assert (person.extension, person.email) == ("123", "a@amootsoft.com")
        assert last_entry().action == "employee.hired"
        assert last_entry().data["hired_on"] == TODAY.isoformat()

    @pytest.mark.parametrize(
        ("field", "wrong"),
        [
            ("first_name", " "),
            ("last_name", "\u200c"),
            ("extension", "12a"),
            ("email", "nobody"),
            ("extension", "1" * 11),
        ],
    )
    def test_each_fault_is_named_by_its_field(self, hr, field, wrong):
        with pytest.raises(ValidationError) as caught:
            hire(details=details(**{field: wrong}), by=hr, now=NOW)
        assert list(caught.value.message_dict) == [field]
        assert not Employee.objects.exists()

    def test_a_leaver_cannot_become_a_direct_manager(self, hr):
        gone = ManagerFactory(left_on=TODAY)
        with pytest.raises(ValidationError) as caught:
            hire(details=details(direct_manager=gone), by=hr, now=NOW)
        assert gone.full_name in caught.value.message_dict["direct_manager"][0]

    @pytest.mark.parametrize("role", ["sender", "voc", "manager", "senior", "it", "branding", "auditor"])
    def test_only_hr_and_administrators_hire(self, role):
        with pytest.raises(PermissionDenied):
            hire(details=details(), by=UserFactory(roles=[role]), now=NOW)


class TestMoving:
    def test_a_change_says_what_changed(self, hr):
        person = EmployeeFactory()
        other = DepartmentFactory()
        before = person.department_id
        assert change_employee(employee=person, details=as_they_are(person, department=other), by=hr, now=NOW)
        assert last_entry().data == {"department": [before, other.pk]}
        person.refresh_from_db()
        assert not change_employee(employee=person, details=as_they_are(person), by=hr, now=NOW)

    def test_nobody_is_their_own_direct_manager(self, hr):
        person = ManagerFactory()
        with pytest.raises(ValidationError) as caught:
            change_employee(
                employee=person, details=as_they_are(person, direct_manager=person), by=hr, now=NOW
            )
        assert "direct_manager" in caught.value.message_dict

    def test_a_circle_of_direct_managers_is_refused_and_named(self, hr):
        top = ManagerFactory()
        middle = ManagerFactory(direct_manager=top)
        low = ManagerFactory(direct_manager=middle)
        with pytest.raises(ValidationError) as caught:
            change_employee(employee=top, details=as_they_are(top, direct_manager=low), by=hr, now=NOW)
        told = caught.value.message_dict["direct_manager"][0]
        assert all(person.full_name in told for person in (top, middle, low))

    def test_a_manager_who_left_stays_until_somebody_names_the_next(self, hr):
        manager = ManagerFactory()
        person = ManagerFactory(direct_manager=manager)
        leave(employee=manager, left_on=TODAY, by=hr, now=NOW)
        assert change_employee(employee=person, details=as_they_are(person, extension="9"), by=hr, now=NOW)

    @pytest.mark.django_db(transaction=True)
    def test_two_moves_at_once_cannot_close_a_circle(self):
        hr = UserFactory(roles=["hr"])
        first, second = ManagerFactory(), ManagerFactory()
        start = Barrier(2)
        refused = []

        def move(person, manager):
            try:
                start.wait()
                moved = as_they_are(person, direct_manager=manager)
                change_employee(employee=person, details=moved, by=hr, now=NOW)
            except ValidationError as error:
                refused.append(error)
            finally:
                connection.close()

        threads = [Thread(target=move, args=pair) for pair in ((first, second), (second, first))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1
        assert Employee.objects.filter(direct_manager__isnull=False).count() == 1


class TestLeaving:
    def test_who_leaves_is_signed_out_at_once(self, hr, client):
        person = EmployeeFactory()
        client.force_login(person.user)
        epoch = person.user.session_epoch

        leave(employee=person, left_on=TODAY, by=hr, now=NOW)

        person.user.refresh_from_db()
        assert not person.user.is_active
        assert person.user.session_epoch == epoch + 1
        assert not person.user.may("messaging.submit_message")
        assert not person.works_here(TODAY)

    def test_an_announced_leave_ends_the_log_in_on_its_day(self, hr):
        person = EmployeeFactory()
        leave(employee=person, left_on=TODAY + DAY, by=hr, now=NOW)
        assert User.objects.get(pk=person.user.pk).is_active
        assert disable_departed(now=NOW) == 0
        assert disable_departed(now=NOW + DAY) == 1
        assert not User.objects.get(pk=person.user.pk).is_active
        assert disable_departed(now=NOW + DAY) == 0

    def test_who_and_what_is_left_without_a_manager_is_told(self, hr):
        manager = ManagerFactory()
        person = ManagerFactory(direct_manager=manager)
        ManagerFactory(direct_manager=manager, left_on=TODAY - DAY)
        manager.department.manager = manager
        manager.department.save()
        departure = leave(employee=manager, left_on=TODAY, by=hr, now=NOW)
        assert departure.team == (person,)
        assert departure.departments == (manager.department,)

    def test_nobody_leaves_before_the_day_of_hiring(self, hr):
        person = ManagerFactory(hired_on=TODAY)
        with pytest.raises(ValidationError):
            leave(employee=person, left_on=TODAY - DAY, by=hr, now=NOW)

    def test_a_leave_is_taken_back_and_the_log_in_stays_disabled(self, hr, admin):
        person = EmployeeFactory()
        leave(employee=person, left_on=TODAY, by=hr, now=NOW)
        with pytest.raises(ValidationError):
            enable(user=person.user, by=admin, now=NOW)
        assert reinstate(employee=person, by=hr, now=NOW)
        assert not User.objects.get(pk=person.user.pk).is_active
        assert enable(user=User.objects.get(pk=person.user.pk), by=admin, now=NOW)
        assert User.objects.get(pk=person.user.pk).is_active


class TestAccounts:
    def test_roles_come_with_the_log_in_and_decide_on_the_back_office(self, admin):
        user = open_account(username="n.nouri", roles=["voc"], by=admin, now=NOW)
        assert user.may("contacts.set_consent")
        assert user.is_staff
        assert not user.is_superuser

    def test_a_change_of_roles_ends_the_sessions_at_once(self, admin):
        user = UserFactory(roles=["voc"])
        assert user.may("contacts.set_consent")
        epoch = user.session_epoch
        assert set_roles(user=user, roles=["sender"], by=admin, now=NOW)
        assert not user.may("contacts.set_consent")
        user.refresh_from_db()
        assert user.session_epoch == epoch + 1
        assert not user.is_staff
        assert last_entry().data == {"before": ["voc"], "after": ["sender"]}

    def test_the_same_roles_change_nothing(self, admin):
        user = UserFactory(roles=["voc"])
        assert not set_roles(user=user, roles=["voc"], by=admin, now=NOW)
        user.refresh_from_db()
        assert user.session_epoch == 0

    def test_a_role_that_does_not_exist_is_named(self, admin):
        with pytest.raises(ValidationError, match="king"):
            set_roles(user=UserFactory(), roles=["king"], by=admin, now=NOW)

    def test_nobody_changes_their_own_roles_or_disables_themselves(self, admin):
        with pytest.raises(PermissionDenied):
            set_roles(user=admin, roles=["admin", "voc"], by=admin, now=NOW)
        with pytest.raises(PermissionDenied):
            disable(user=admin, by=admin, now=NOW)

    def test_an_administrator_cannot_touch_a_superuser(self, admin):
        superuser = UserFactory(is_superuser=True)
        for act in (
            lambda: set_roles(user=superuser, roles=["it"], by=admin, now=NOW),
            lambda: disable(user=superuser, by=admin, now=NOW),
            lambda: change_account(user=superuser, first_name="x", last_name="", email="", by=admin, now=NOW),
        ):
            with pytest.raises(PermissionDenied):
                act()

    @pytest.mark.parametrize(
        "role", ["sender", "voc", "manager", "senior", "it", "hr", "branding", "auditor"]
    )
    def test_only_an_administrator_gives_roles(self, role):
        with pytest.raises(PermissionDenied):
            set_roles(user=UserFactory(), roles=["voc"], by=UserFactory(roles=[role]), now=NOW)

    @pytest.mark.parametrize("password", ["short", "password1234", "123456789012"])
    def test_a_weak_password_is_refused(self, password):
        with pytest.raises(ValidationError):
            open_account(username="x", password=password, by=None, now=NOW)
        assert not User.objects.filter(username="x").exists()

    def test_a_name_is_taken_once(self, admin):
        UserFactory(username="n.nouri")
        with pytest.raises(ValidationError):
            open_account(username="n.nouri", by=admin, now=NOW)

    def test_a_log_in_belongs_to_one_colleague(self, admin):
        person, other = EmployeeFactory(), ManagerFactory()
        with pytest.raises(ValidationError):
            link_account(employee=other, user=person.user, by=admin, now=NOW)
        assert link_account(employee=person, user=None, by=admin, now=NOW)
        assert link_account(employee=other, user=person.user, by=admin, now=NOW)

    def test_a_disabled_log_in_may_nothing(self, admin):
        user = UserFactory(roles=["voc"])
        assert disable(user=user, by=admin, now=NOW)
        assert not user.may("contacts.set_consent")
        assert not disable(user=user, by=admin, now=NOW)

    def test_the_first_administrator_is_made_by_command(self):
        user = UserFactory(username="root", is_superuser=True)
        call_command("set_roles", "root", "admin")
        assert User.objects.get(pk=user.pk).may("staff.change_user")
        with pytest.raises(CommandError, match="nobody"):
            call_command("set_roles", "nobody", "admin")
        with pytest.raises(CommandError, match="king"):
            call_command("set_roles", "root", "king")


class TestDepartments:
    def test_a_department_gets_a_manager_who_works_here(self, admin):
        gone = ManagerFactory(left_on=TODAY)
        here = ManagerFactory()
        with pytest.raises(ValidationError):
            open_department(code="new", name="تازه", manager=gone, by=admin, now=NOW)
        department = open_department(code="new", name="تازه", manager=here, by=admin, now=NOW)
        assert not change_department(
            department=department, name="تازه", name_en="", manager=here, by=admin, now=NOW
        )
        assert change_department(
            department=department, name="تازه", name_en="New", manager=None, by=admin, now=NOW
        )
        assert last_entry().data == {"name_en": ["", "New"], "manager_id": [here.pk, None]}

    def test_hr_does_not_change_departments(self, hr):
        with pytest.raises(PermissionDenied):
            change_department(
                department=DepartmentFactory(), name="x", name_en="", manager=None, by=hr, now=NOW
            )


def test_the_last_day_is_exclusive():
    person = ManagerFactory(hired_on=TODAY, left_on=TODAY + 2 * DAY)
    assert [person.works_here(TODAY + timedelta(days=n)) for n in (-1, 0, 1, 2)] == [False, True, True, False]
    found = [Employee.objects.employed(TODAY + timedelta(days=n)).exists() for n in (-1, 0, 1, 2)]
    assert found == [False, True, True, False]
