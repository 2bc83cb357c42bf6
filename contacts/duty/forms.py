"""The forms of the duty roster: shape only; the rules are the actions'."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.form_fields import JalaliDateField
from common.wording import digits_text
from contacts.duty.experts import experts, extension_of, name_of
from contacts.duty.hours import Hours, typed_hours
from contacts.models.duty import Weekday
from staff.models import User


class ExpertField(forms.ModelChoiceField):
    """One of the VOC experts who work here, with their extension."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=User.objects.none(), **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        extension = extension_of(obj)
        return f"{name_of(obj)} ({digits_text(extension)})" if extension else name_of(obj)


class HoursField(forms.CharField):
    """Intervals of one day, as a list of minutes."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"dir": "auto", "autocomplete": "off"}
        super().__init__(max_length=100, widget=forms.TextInput(attrs=attrs), **kwargs)

    def clean(self, value: Any) -> list[Hours]:
        return typed_hours(super().clean(value))


class _ExpertsForm(forms.Form):
    """A form whose fields of experts offer those of `today`."""

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, ExpertField):
                field.queryset = experts(today)


class ShiftForm(_ExpertsForm):
    expert = ExpertField(label=_("VOC expert"))
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Days of the week"),
        choices=Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the days of the week.")},
    )
    hours = HoursField(label=_("Hours"), help_text=_("Such as 08:00-16:00, or 08:00-12:00, 13:00-17:00."))


class DayForm(_ExpertsForm):
    day = JalaliDateField(label=_("Date"))
    expert = ExpertField(label=_("VOC expert"), required=False, empty_label=_("Nobody on this day"))
    hours = HoursField(label=_("Hours"), required=False, help_text=_("Empty where nobody is on duty."))


class FallbackForm(_ExpertsForm):
    first = ExpertField(label=_("First fallback"), required=False, empty_label=_("Nobody"))
    second = ExpertField(label=_("Second fallback"), required=False, empty_label=_("Nobody"))
