"""The directory's search."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from common.filters import FilterForm
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
