"""Forms about log-ins of others."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class FactorResetForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"),
        min_length=5,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("How you made sure who asks, for example: in person, with the lost phone reported."),
    )


class PasswordLinkForm(forms.Form):
    end_password = forms.BooleanField(
        label=_("The present password ends at once, with all sessions"),
        required=False,
        help_text=_(
            "For a password that became known to others. Otherwise it is valid until the link is used."
        ),
    )
