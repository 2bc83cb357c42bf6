"""The back office about the staff: every saving is an action, and roles alone give rights."""

import pytest
from django.urls import reverse
from django.utils import timezone

from audit.models import Entry
from staff.models import Employee, User
from tests.factories import DAY, DepartmentFactory, EmployeeFactory, ManagerFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    client.force_login(UserFactory(roles=["admin"], is_staff=True))
    return client


@pytest.fixture
def hr(client):
    client.force_login(UserFactory(roles=["hr"], is_staff=True))
    return client


def form_of(person, **changes):
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "job_title": person.job_title,
        "department": person.department_id,
        "direct_manager": person.direct_manager_id or "",
        "extension": person.extension,
        "email": person.email,
        "hired_on": person.hired_on.isoformat(),
        "left_on": person.left_on or "",
        **changes,
    }


def change(client, person, **changes):
    return client.post(reverse("admin:staff_employee_change", args=[person.pk]), form_of(person, **changes))


def test_hr_hires_with_a_jalali_date(hr):
    department = DepartmentFactory()
    answer = hr.post(
        reverse("admin:staff_employee_add"),
        {
            "first_name": "سارا",
            "last_name": "رضايي",
            "department": department.pk,
            "direct_manager": "",
            "extension": "۱۱۸",
            "hired_on": "۱۴۰۵/۰۹/۰۱",
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    person = Employee.objects.get()
    assert (person.last_name, person.extension, person.hired_on.isoformat()) == ("رضایی", "118", "2026-11-22")
    assert Entry.objects.get(action="employee.hired").object_id == str(person.pk)


def test_hr_records_a_leave_and_the_log_in_ends(hr):
    person = EmployeeFactory()
    person.department.manager = person
    person.department.save()
    today = timezone.localdate()
    answer = change(hr, person, left_on=today.isoformat())
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert not User.objects.get(pk=person.user.pk).is_active
    assert person.department.name in hr.get(answer.url).content.decode()

    answer = change(hr, Employee.objects.get(pk=person.pk), left_on="")
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Employee.objects.get(pk=person.pk).left_on is None


def test_a_circle_is_shown_at_the_field(hr):
    boss = ManagerFactory()
    person = ManagerFactory(direct_manager=boss)
    answer = change(hr, boss, direct_manager=person.pk)
    assert answer.status_code == 200
    assert "direct_manager" in answer.context["adminform"].form.errors
    assert Employee.objects.get(pk=boss.pk).direct_manager is None


def test_a_leave_before_the_hiring_is_refused_in_words(hr):
    person = ManagerFactory()
    answer = change(hr, person, left_on=(person.hired_on - DAY).isoformat())
    assert answer.status_code in {200, 302}
    assert Employee.objects.get(pk=person.pk).left_on is None


def test_hr_does_not_choose_log_ins(hr):
    person, user = ManagerFactory(), UserFactory()
    change(hr, person, user=user.pk)
    assert Employee.objects.get(pk=person.pk).user is None


def test_nobody_is_deleted_by_hand(admin):
    person = ManagerFactory()
    for name, pk in (
        ("employee", person.pk),
        ("department", person.department_id),
        ("user", UserFactory().pk),
    ):
        assert (
            admin.post(reverse(f"admin:staff_{name}_delete", args=[pk]), {"post": "yes"}).status_code == 403
        )


def test_an_administrator_opens_a_log_in_with_roles(admin):
    answer = admin.post(
        reverse("admin:staff_user_add"),
        {
            "username": "n.nouri",
            "email": "n.nouri@example.com",
            "password1": "a long enough one",
            "password2": "a long enough one",
            "roles": ["voc", "sender"],
            "is_superuser": "on",
        },
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user = User.objects.get(username="n.nouri")
    assert user.may("contacts.set_consent")
    assert not user.has_usable_password()
    assert not user.is_superuser


def test_a_changed_role_ends_sessions_and_single_rights_cannot_be_given(admin):
    user = UserFactory(roles=["voc"])
    address = reverse("admin:staff_user_change", args=[user.pk])
    page = admin.get(address).content.decode()
    assert "user_permissions" not in page
    assert "is_superuser" not in page

    answer = admin.post(
        address, {"username": user.username, "roles": ["hr"], "is_active": "on", "is_superuser": "on"}
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    user = User.objects.get(pk=user.pk)
    assert (user.session_epoch, user.is_superuser, user.is_active) == (1, False, True)
    assert user.may("staff.add_employee")
    assert not user.may("contacts.set_consent")


def test_an_administrator_disables_a_log_in(admin):
    user = UserFactory(roles=["voc"])
    answer = admin.post(
        reverse("admin:staff_user_change", args=[user.pk]), {"username": user.username, "roles": ["voc"]}
    )
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert not User.objects.get(pk=user.pk).is_active


def test_nobody_types_another_s_password(admin):
    user = UserFactory(roles=["voc"])
    new = "another long one"
    typed = {"password1": new, "password2": new}
    # The address of the page that Django has for it leads nowhere.
    assert admin.post(f"/admin/staff/user/{user.pk}/password/", typed).status_code in {302, 404}
    fields = {"username": user.username, "roles": ["voc"], "is_active": "on", "password": new, **typed}
    admin.post(reverse("admin:staff_user_change", args=[user.pk]), fields)
    assert not User.objects.get(pk=user.pk).check_password(new)
    assert admin.get("/admin/staff/user/?password__startswith=a").status_code in {302, 400}


def test_an_administrator_cannot_change_a_superuser(admin):
    superuser = UserFactory(is_superuser=True, email="root@example.com")
    before = superuser.password
    addresses = (
        (reverse("admin:staff_user_change", args=[superuser.pk]), {"username": "x"}),
        (reverse("password_link", args=[superuser.pk]), {"end_password": "on"}),
    )
    for address, data in addresses:
        assert admin.post(address, data).status_code == 403
    assert User.objects.get(pk=superuser.pk).password == before


def test_an_administrators_own_roles_are_out_of_reach(admin):
    own = User.objects.get(groups__name="admin")
    address = reverse("admin:staff_user_change", args=[own.pk])
    answer = admin.post(address, {"username": own.username, "roles": ["admin", "voc"], "is_active": "on"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert not User.objects.get(pk=own.pk).may("contacts.set_consent")


def test_roles_are_not_edited_as_groups(admin):
    assert admin.get("/admin/auth/group/").status_code == 404
