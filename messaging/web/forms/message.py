"""The forms of one message's page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy


class NumberForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=32,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Type a number.")},
    )


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why is it cancelled?"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
