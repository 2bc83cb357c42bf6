"""Form fields of every app: a date as people here type it, and the look of a filter's controls."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from persian.jalali import numeric_date, parse_date


def with_look(form: forms.BaseForm) -> None:
    """Give the controls of a filter, which stands in one line without crispy's frames, their classes."""
    for field in form.fields.values():
        look = "form-control"
        if isinstance(field.widget, forms.Select):
            look = "form-select"
        elif isinstance(field.widget, forms.CheckboxInput):
            look = "form-check-input"
        before = field.widget.attrs.get("class", "")
        field.widget.attrs["class"] = f"{before} {look}".strip()


class JalaliDateField(forms.CharField):
    """«۱۴۰۵/۰۹/۰۱» or `2026-11-22` in any digits.

    Cleans to a `datetime.date` (or None); shows Jalali on a Persian page and ISO on an
    English one.
    """

    default_error_messages = {"no_date": _("“%(typed)s” is no date; write it as 1405/09/01 or 2026-11-22.")}

    def __init__(self, **kwargs: Any) -> None:
        # the attribute on which the page's date picker opens
        widget = forms.TextInput(
            attrs={"data-jdp": "", "dir": "ltr", "class": "ltr-input", "autocomplete": "off"}
        )
        super().__init__(**{"widget": widget, "max_length": 20, **kwargs})

    def to_python(self, value: Any) -> Any:
        if value is None or isinstance(value, date):
            return value
        typed = str(value).strip()
        if not typed:
            return None
        try:
            return parse_date(typed)
        except ValueError as error:
            raise ValidationError(
                self.error_messages["no_date"], code="no_date", params={"typed": typed}
            ) from error

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)

    def run_validators(self, value: Any) -> None:
        """None of a text's validators is for a date."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, datetime | date):
            return numeric_date(value, get_language() or "fa")
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True
