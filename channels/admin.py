"""The register in the back office. Every saving is an action; outages are to read."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.admin_tools import ActionAdmin, ReadOnlyAdmin, when
from channels import actions
from channels.hours import Interval, check_intervals, clock_text
from channels.models import Channel, Outage, Purpose, SendingWindow
from channels.windows import DAY_MINUTES
from common.fresh_proof import AsksAgainAdmin
from persian.digits import to_ascii
from staff.permissions import signed_in

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


class ClockField(forms.CharField):
    """A time of the day as HH:MM, kept in minutes; 24:00 is the day's end."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.pop("min_value", None)
        super().__init__(
            **{"max_length": 5, "widget": forms.TextInput(attrs={"dir": "ltr", "size": 6}), **kwargs}
        )

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        match = _CLOCK.fullmatch(to_ascii(typed).strip())
        minutes = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else DAY_MINUTES + 1
        if minutes > DAY_MINUTES:
            raise ValidationError(_("“%(typed)s” is no time; write it as 08:00."), params={"typed": typed})
        return minutes

    def prepare_value(self, value: Any) -> Any:
        return clock_text(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial) != data)


class WindowForm(forms.ModelForm):
    opens = ClockField(label=_("opens"))
    closes = ClockField(label=_("closes"))

    class Meta:
        model = SendingWindow
        fields = ("purpose", "weekday", "opens", "closes")

    def validate_constraints(self) -> None:
        """The week is judged as a whole, by the formset: rows may change places with stored ones."""


class WeekFormSet(forms.BaseInlineFormSet):
    def intervals(self, purpose: str) -> list[Interval]:
        """The intervals of one purpose that the table holds now."""
        rows = [form.cleaned_data for form in self.forms if getattr(form, "cleaned_data", None)]
        return [
            (row["weekday"], row["opens"], row["closes"])
            for row in rows
            if row.get("purpose") == purpose and not row.get("DELETE")
        ]

    def clean(self) -> None:
        super().clean()
        if not any(self.errors):
            for purpose in Purpose:
                check_intervals(self.intervals(purpose))


class SendingWindowInline(admin.TabularInline):
    model = SendingWindow
    form = WindowForm
    formset = WeekFormSet
    extra = 0
    ordering = ("purpose", "weekday", "opens")


@admin.register(Channel)
class ChannelAdmin(AsksAgainAdmin, ActionAdmin):
    list_display = ("name", "kind", "address", "owner", "clause", "is_active")
    list_filter = ("kind", "is_active", "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "name_en", "address", "code")
    ordering = ("clause", "id")
    fields = (
        "code",
        "kind",
        "clause",
        "name",
        "name_en",
        "address",
        "owner",
        "usage_rule",
        "usage_rule_en",
        "is_active",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "kind", "clause") if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [SendingWindowInline] if obj and Channel.objects.sending().filter(pk=obj.pk).exists() else []

    def save_model(self, request: HttpRequest, obj: Channel, form: forms.ModelForm, change: bool) -> None:
        by, now, asked = signed_in(request), timezone.now(), form.cleaned_data
        details = actions.Details(
            **{
                name: asked[name]
                for name in (
                    "name",
                    "name_en",
                    "address",
                    "owner",
                    "usage_rule",
                    "usage_rule_en",
                    "is_active",
                )
            }
        )
        if change:
            actions.change_channel(channel=Channel.objects.get(pk=obj.pk), details=details, by=by, now=now)
        else:
            obj.pk = actions.add_channel(
                code=asked["code"],
                kind=asked["kind"],
                clause=asked["clause"],
                details=details,
                by=by,
                now=now,
            ).pk

    def save_formset(self, request: HttpRequest, form: forms.ModelForm, formset: Any, change: bool) -> None:
        """The week as the table holds it becomes the channel's, purpose by purpose."""
        formset.save(commit=False)  # writes nothing; the admin's own log reads what it found
        for purpose in Purpose:
            actions.set_windows(
                channel=form.instance,
                purpose=purpose,
                intervals=formset.intervals(purpose),
                by=signed_in(request),
                now=timezone.now(),
            )


@admin.register(Outage)
class OutageAdmin(ReadOnlyAdmin):
    list_display = (
        "channel",
        when("started_at", _("started at")),
        when("ended_at", _("ended at")),
        "origin",
        "cause",
        "code",
        "reason",
    )
    list_filter = ("channel", "origin", "cause")
    list_select_related = ("channel",)
    ordering = ("-started_at", "-id")
