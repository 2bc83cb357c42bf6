"""Days and times of day in a form, as people write them here."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from common.wording import digits_text, in_persian, language
from persian.digits import to_ascii
from persian.jalali import numeric_date, parse_date


class JalaliDateField(forms.DateField):
    """«۱۴۰۵/۰۹/۰۱» or `2026-11-22` in any digits; shown in the calendar of the page's language."""

    default_error_messages = {
        "invalid": gettext_lazy("“%(value)s” is no date; write it as 1405/09/01 or 2026-11-22."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"widget": DayInput(attrs={"class": "ltr-input"}), **kwargs})

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return value or None
        try:
            return parse_date(str(value))
        except ValueError as error:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            ) from error


class DayInput(forms.TextInput):
    """A text field with the Jalali picker; in English the browser's own, which is Gregorian."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if in_persian():
            context["widget"]["attrs"] |= {
                "data-jdp": "",
                "autocomplete": "off",
                "inputmode": "numeric",
                "dir": "ltr",
                "placeholder": "۱۴۰۵/۰۹/۰۱",
            }
        else:
            context["widget"]["type"] = "date"
        return context

    def format_value(self, value: Any) -> Any:
        # ASCII digits: the picker cannot read any other.
        return to_ascii(numeric_date(value, language())) if isinstance(value, date) else value


class ClockField(forms.TimeField):
    """A time of day in any digits."""

    default_error_messages = {
        "invalid": gettext_lazy("“%(value)s” is no time of day. Write it as 08:30."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=ClockInput(format="%H:%M"), **kwargs)

    def to_python(self, value: Any) -> time | None:
        try:
            return super().to_python(to_ascii(value) if isinstance(value, str) else value)
        except ValidationError as error:
            raise ValidationError(
                self.error_messages["invalid"], code="invalid", params={"value": value}
            ) from error


class ClockInput(forms.TimeInput):
    """A text field in Persian: a browser's own shows Latin digits, and AM or PM, by its own language."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"]["dir"] = "ltr"
        if in_persian():
            context["widget"]["attrs"] |= {"autocomplete": "off", "placeholder": "۰۸:۳۰", "maxlength": "8"}
        else:
            context["widget"]["type"] = "time"
        return context

    def format_value(self, value: Any) -> Any:
        shown = super().format_value(value)
        return shown and digits_text(shown)
