"""The directory's search, and a public holiday."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from common.filters import FilterForm
from common.form_fields import JalaliDateField
from staff.actions.holidays import NAME_MAX_LENGTH
from staff.models import Department


class DirectoryForm(FilterForm):
    q = forms.CharField(label=_("Name, title or extension"), required=False, max_length=100)
    department = forms.ModelChoiceField(
        Department.objects.order_by("name", "id"),
        to_field_name="code",
        label=_("Department"),
        required=False,
        empty_label=_("All departments"),
    )
    leavers = forms.BooleanField(label=_("Include former colleagues"), required=False)


class HolidayForm(forms.Form):
    day = JalaliDateField(label=_("day"))
    name = forms.CharField(
        label=_("occasion"), max_length=NAME_MAX_LENGTH, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    name_en = forms.CharField(label=_("occasion in English"), max_length=NAME_MAX_LENGTH, required=False)
