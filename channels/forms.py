"""Forms of the register: an outage's reason, and a week of sending windows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels.actions import REASON_MAX_LENGTH
from channels.hours import Interval, check_intervals, check_limit, parse_hours, span_words, week_of
from channels.models import SendingWindow
from channels.windows import WeeklyWindows
from common.media import Purpose

DAYS = tuple(SendingWindow.Weekday)


class OutageForm(forms.Form):
    reason = forms.CharField(
        label=_("What is down, and who says so?"),
        max_length=REASON_MAX_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class WeekForm(forms.Form):
    """A week of intervals: one line for every day alike, or a line a day. `intervals` is the result.

    `limit`: the procedure's hours, which no interval may exceed. A form without any interval is refused,
    unless `without` says that there shall be none.
    """

    every_day = forms.CharField(
        label=_("Every day"),
        required=False,
        max_length=200,
        help_text=_("Intervals such as 08:00-12:00, 16:00-22:00. One may run past midnight: 22:00-02:00."),
    )
    without = forms.BooleanField(required=False)
    reason = forms.CharField(
        label=_("Why do the hours change?"),
        max_length=REASON_MAX_LENGTH,
        help_text=_("Senior management and the auditors get it by mail."),
    )

    intervals: list[Interval]

    def __init__(self, *args: Any, purpose: Purpose, limit: WeeklyWindows | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit = limit
        self.fields["without"].label = (
            _("Without sending windows: no promotional message leaves by this channel")
            if purpose is Purpose.PROMOTIONAL
            else _("Without sending windows: these messages go at any hour")
        )
        for day in DAYS:
            self.fields[field_of(day)] = forms.CharField(label=day.label, required=False, max_length=200)
        for name in ("every_day", "reason", *map(field_of, DAYS)):
            self.fields[name].widget.attrs.update(
                {"dir": "auto", "class": "form-control", "autocomplete": "off"}
            )

    @property
    def day_fields(self) -> list[forms.BoundField]:
        return [self[field_of(day)] for day in DAYS]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        lines = ("every_day", *map(field_of, DAYS))
        typed = {name: data[name] for name in lines if data.get(name)}
        if "every_day" in typed and len(typed) > 1:
            self.add_error("every_day", _("Fill in either this line or the days' own lines."))
        if typed and data.get("without"):
            self.add_error("without", _("Either intervals or none: one of the two."))
        if not typed and not data.get("without"):
            self.add_error(None, _("No interval was filled in; nothing was changed."))
        spans = {name: self._spans(name, text) for name, text in typed.items()}
        if "every_day" in spans:
            days = {day.value: spans["every_day"] for day in DAYS}
        else:
            days = {day.value: spans.get(field_of(day), []) for day in DAYS}
        self.intervals = week_of(days)
        if not self.errors:
            check_intervals(self.intervals)
        return data

    def _spans(self, name: str, text: str) -> list[tuple[int, int]]:
        """The intervals of a line, none of them where one is wrong or exceeds the limit."""
        days = [day.value for day in DAYS if name in ("every_day", field_of(day))]
        try:
            spans = parse_hours(text)
            check_limit(week_of({days[0]: spans}), self.limit)
        except ValidationError as error:
            self.add_error(name, error)
            return []
        return spans


def field_of(day: int) -> str:
    return f"day_{int(day)}"


def week_initial(windows: list[Interval]) -> dict[str, str]:
    """What the form shows of stored windows: one line if all days are alike."""
    days = {
        day.value: gettext(", ").join(
            span_words(opens, closes) for weekday, opens, closes in windows if weekday == day
        )
        for day in DAYS
    }
    lines = set(days.values())
    if len(lines) == 1:
        return {"every_day": lines.pop()}
    return {field_of(day): line for day, line in days.items()}
