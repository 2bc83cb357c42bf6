"""The back office's forms about the staff. They check beforehand what the actions will."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.form_fields import JalaliDateField
from staff.actions.departments import check_works_here
from staff.actions.employees import EmployeeDetails, check_details
from staff.models import Department, Employee, User
from staff.roles import ROLE_NAMES, Role

_DETAILS = tuple(field.name for field in fields(EmployeeDetails))


class EmployeeForm(forms.ModelForm):
    hired_on = JalaliDateField(label=_("hired on"))
    left_on = JalaliDateField(
        label=_("left on"),
        required=False,
        help_text=_("The first day on which the colleague no longer works here; the log-in ends with it."),
    )

    class Meta:
        model = Employee
        fields = (*_DETAILS, "left_on", "user")

    def details(self) -> EmployeeDetails:
        return EmployeeDetails(**{name: self.cleaned_data[name] for name in _DETAILS})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            employee = Employee.objects.get(pk=self.instance.pk) if self.instance.pk else None
            check_details(self.details(), employee, timezone.now())
        return data


class DepartmentForm(forms.ModelForm):
    class Meta:
        model = Department
        fields = ("code", "name", "name_en", "manager")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "manager" in self.changed_data:
            check_works_here(data.get("manager"), now=timezone.now())
        return data


def _roles_field() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("roles"),
        required=False,
        choices=[(role.value, ROLE_NAMES[role]) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("A change of roles ends the sessions of the log-in at once."),
    )


class NewAccountForm(forms.ModelForm):
    """A new log-in. Its owner chooses the password, by a link to the address given here."""

    email = forms.EmailField(
        label=_("e-mail"), help_text=_("A link to choose the password is sent to this address.")
    )
    roles = _roles_field()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")


class AccountForm(forms.ModelForm):
    roles = _roles_field()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["roles"] = list(self.instance.groups.values_list("name", flat=True))
