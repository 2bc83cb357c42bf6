"""Colleagues, departments and log-ins in the back office. Every saving is an action."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ActionAdmin
from common.admin import JalaliDateFilter, when
from common.fresh_proof import AsksAgainAdmin
from staff.actions import accounts, departments, employees
from staff.actions.passwords import send_password_link
from staff.admin_forms import AccountForm, DepartmentForm, EmployeeForm, NewAccountForm
from staff.directory import matches
from staff.models import Department, Employee, User
from staff.permissions import signed_in
from staff.roles import ROLE_NAMES, role_labels


@admin.register(Employee)
class EmployeeAdmin(ActionAdmin):
    form = EmployeeForm
    list_display = (
        "name",
        "job_title",
        "department",
        "extension",
        "direct_manager",
        when("hired_on", _("hired on")),
        when("left_on", _("left on")),
    )
    list_filter = ("department", ("hired_on", JalaliDateFilter), ("left_on", JalaliDateFilter))
    list_select_related = ("department", "direct_manager")
    search_fields = ("last_name", "first_name")
    search_help_text = _("Name, title or extension")
    ordering = ("last_name", "id")
    fields = EmployeeForm.Meta.fields

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, person: Employee) -> str:
        return person.full_name

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        hidden = () if signed_in(request).may("staff.change_user") else ("log_in",)
        return hidden if obj else (*hidden, "left_on")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        names = super().get_fields(request, obj)
        if signed_in(request).may("staff.change_user"):
            return names
        # Without Django's link: the log-in's own page would answer 403.
        return ["log_in" if name == "user" else name for name in names]

    @admin.display(description=_("log-in"))
    def log_in(self, person: Employee) -> str:
        return person.user.username if person.user else "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Employee], search_term: str
    ) -> tuple[QuerySet[Employee], bool]:
        found = [
            person.pk for person in queryset.select_related("department") if matches(person, search_term)
        ]
        return queryset.filter(pk__in=found), False

    def save_model(self, request: HttpRequest, obj: Employee, form: ModelForm, change: bool) -> None:
        by, now = signed_in(request), timezone.now()
        details = form.details()  # type: ignore[attr-defined]
        if not change:
            user = form.cleaned_data.get("user")
            obj.pk = employees.hire(details=details, user=user, by=by, now=now).pk
            return
        employee = Employee.objects.get(pk=obj.pk)
        employees.change_employee(employee=employee, details=details, by=by, now=now)
        if "user" in form.cleaned_data and employee.user != form.cleaned_data["user"]:
            employees.link_account(employee=employee, user=form.cleaned_data["user"], by=by, now=now)
        self._leave_or_return(request, employee, form.cleaned_data.get("left_on"))

    def _leave_or_return(self, request: HttpRequest, employee: Employee, left_on: Any) -> None:
        by, now = signed_in(request), timezone.now()
        if left_on == employee.left_on:
            return
        if left_on is None:
            employees.reinstate(employee=employee, by=by, now=now)
            messages.info(request, gettext("The log-in stays disabled until an administrator enables it."))
            return
        departure = employees.leave(employee=employee, left_on=left_on, by=by, now=now)
        if departure.team:
            names = "، ".join(person.full_name for person in departure.team)
            messages.warning(
                request, gettext("Without a present direct manager now: %(names)s.") % {"names": names}
            )
        if departure.departments:
            names = "، ".join(department.display_name for department in departure.departments)
            messages.warning(request, gettext("Without a present manager now: %(names)s.") % {"names": names})


@admin.register(Department)
class DepartmentAdmin(ActionAdmin):
    form = DepartmentForm
    list_display = ("name", "code", "manager")
    list_select_related = ("manager",)
    search_fields = ("name", "name_en", "code")
    ordering = ("name", "id")
    fields = DepartmentForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Department, form: ModelForm, change: bool) -> None:
        by, now = signed_in(request), timezone.now()
        asked = {name: form.cleaned_data[name] for name in ("name", "name_en", "manager")}
        if change:
            department = Department.objects.get(pk=obj.pk)
            departments.change_department(department=department, **asked, by=by, now=now)
        else:
            obj.pk = departments.open_department(code=form.cleaned_data["code"], **asked, by=by, now=now).pk


class RoleFilter(admin.RelatedFieldListFilter):
    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        keys = dict(Group.objects.values_list("name", "pk"))
        return [(keys[role], str(name)) for role, name in ROLE_NAMES.items() if role in keys]


@admin.register(User)
class AccountAdmin(AsksAgainAdmin, ActionAdmin, UserAdmin):
    """Log-ins. What one may do is its roles alone; single permissions and superusers are not made here."""

    form = AccountForm
    add_form = NewAccountForm
    list_display = ("username", "name", "roles", "is_active", when("last_login", _("last login")))
    list_filter = ("is_active", ("groups", RoleFilter), ("last_login", JalaliDateFilter))
    search_fields = ("username", "first_name", "last_name")
    ordering = ("username",)
    filter_horizontal = ()
    readonly_fields = ()
    _pages = ("username", "password_page", "factor_page")
    fieldsets = ((None, {"fields": (*_pages, *AccountForm.Meta.fields[1:], "roles")}),)
    add_fieldsets = ((None, {"fields": (*NewAccountForm.Meta.fields, "roles")}),)

    def get_urls(self) -> list[URLPattern]:
        """Without Django's page that sets another's password: its owner chooses it, by a link."""
        return [page for page in super().get_urls() if page.name != "auth_user_password_change"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, user: User) -> str:
        return user.display_name

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return "، ".join(map(str, role_labels(group.name for group in user.groups.all()))) or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self._pages if obj else ()

    @admin.display(description=_("password"))
    def password_page(self, user: User) -> str:
        address = reverse("password_link", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("Send a link to choose a password"))

    @admin.display(description=_("second factor"))
    def factor_page(self, user: User) -> str:
        address = reverse("reset_factor", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, gettext("Reset the second factor"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not signed_in(request).is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        by, now, asked = signed_in(request), timezone.now(), form.cleaned_data
        names = {name: asked[name] for name in ("first_name", "last_name", "email")}
        if not change:
            user = accounts.open_account(
                username=asked["username"], roles=asked["roles"], **names, by=by, now=now
            )
            send_password_link(user=user, by=by, now=now)
            obj.pk = user.pk
            return
        user = User.objects.get(pk=obj.pk)
        accounts.change_account(user=user, **names, by=by, now=now)
        accounts.set_roles(user=user, roles=asked["roles"], by=by, now=now)
        if asked["is_active"] != user.is_active:
            switch = accounts.enable if asked["is_active"] else accounts.disable
            switch(user=user, by=by, now=now)
