"""The directory's search."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.fields import with_look
from staff.models import Department


class DirectoryForm(forms.Form):
    q = forms.CharField(label=_("Name, title or extension"), required=False, max_length=100)
    department = forms.ModelChoiceField(
        Department.objects.order_by("name", "id"),
        to_field_name="code",
        label=_("Department"),
        required=False,
        empty_label=_("All departments"),
    )
    leavers = forms.BooleanField(label=_("Include former colleagues"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        with_look(self)
