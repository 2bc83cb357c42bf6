"""The filter of the breaches' page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from common.filters import FilterForm
from common.wording import language
from messaging.models import Breach
from messaging.web.forms.filters import channel_choice
from persian.jalali import month_name, months_back, tehran_date


class BreachFilter(FilterForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        required=False,
        choices=[("", gettext_lazy("any kind")), *Breach.Kind.choices],
    )
    channel = channel_choice()
    month = forms.ChoiceField(label=gettext_lazy("Month"), required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._months = months_back(tehran_date(now), 12)
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        named = [(first.isoformat(), month_name(first, language())) for first, _end in self._months]
        field.choices = [("", gettext_lazy("any month")), *named]

    def chosen(self) -> dict[str, Any]:
        """What to filter breaches by."""
        found = super().chosen()
        if month := found.pop("month", None):
            first, end = next(span for span in self._months if span[0] == date.fromisoformat(month))
            found |= {"day__gte": first, "day__lt": end}
        return found
