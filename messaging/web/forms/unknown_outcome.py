"""The form of a decision about unknown outcomes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from messaging.models import DoubtDecision


class UnknownOutcomeForm(forms.Form):
    """A decision about unknown outcomes. `seen` and `until` say what the press was shown, `delivery` whether
    it is about one person alone."""

    choice = forms.ChoiceField(choices=DoubtDecision.Choice)
    reason = forms.CharField(
        label=gettext_lazy("Why do you decide so?"),
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Give the reason: it is kept with your name.")},
    )
    seen = forms.IntegerField(min_value=1, max_value=100_000_000)
    until = forms.DateTimeField()
    delivery = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
