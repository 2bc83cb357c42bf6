"""The filter of the breaches' page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy

from channels.models import Channel
from common.filters import FilterForm
from messaging.models import Breach
from persian.jalali import month_name, months_back, tehran_date

MONTHS = 12


class BreachFilter(FilterForm):
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        required=False,
        choices=[("", gettext_lazy("any kind")), *Breach.Kind.choices],
    )
    channel = forms.ModelChoiceField(
        label=gettext_lazy("Channel"),
        required=False,
        queryset=Channel.objects.of_messages().order_by("id"),
        to_field_name="code",
        empty_label=gettext_lazy("any channel"),
    )
    month = forms.ChoiceField(label=gettext_lazy("Month"), required=False)

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._months = months_back(tehran_date(now), MONTHS)
        language = get_language() or "fa"
        field = self.fields["month"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        named = [(first.isoformat(), month_name(first, language)) for first, _end in self._months]
        field.choices = [("", gettext_lazy("any month")), *named]

    def chosen(self) -> dict[str, Any]:
        """What to filter breaches by."""
        found = super().chosen()
        if month := found.pop("month", None):
            first, end = next(span for span in self._months if span[0] == date.fromisoformat(month))
            found |= {"day__gte": first, "day__lt": end}
        return found
