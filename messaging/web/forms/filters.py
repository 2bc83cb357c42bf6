"""The filters of the lists of messages and recipients."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from channels.models import PURPOSES, Channel
from common.filters import FilterForm
from messaging.states import DeliveryState, MessageStatus
from messaging.web.labels import REASONS


def _any(label: Any, choices: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [("", label), *choices]


def channel_choice() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        label=gettext_lazy("Channel"),
        required=False,
        queryset=Channel.objects.of_messages().order_by("id"),
        to_field_name="code",
        empty_label=gettext_lazy("any channel"),
    )


class MessageFilter(FilterForm):
    status = forms.ChoiceField(
        label=gettext_lazy("Status"),
        required=False,
        choices=_any(gettext_lazy("any status"), MessageStatus.choices),
    )
    channel = channel_choice()
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"),
        required=False,
        choices=_any(gettext_lazy("any purpose"), [(str(code), name) for code, name in PURPOSES.items()]),
    )


class RecipientFilter(FilterForm):
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=_any(gettext_lazy("any state"), DeliveryState.choices),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        required=False,
        choices=_any(
            gettext_lazy("any reason"), [(code.value, label.name) for code, label in REASONS.items()]
        ),
    )
    number = forms.CharField(
        label=gettext_lazy("Number"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"class": "ltr-input", "inputmode": "tel", "autocomplete": "off"}),
    )
