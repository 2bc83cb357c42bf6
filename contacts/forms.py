"""The forms of the customers' pages: shape only; the rules are the actions'."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from common.filters import FilterForm
from contacts.consent.actions import REASON_MAX_LENGTH
from contacts.imports.rows import one_tag


class CustomerFilter(FilterForm):
    """The list's search and filters."""

    REFUSED = [
        ("", _("All customers")),
        ("any", _("Refused something")),
        ("no_promotional", _("promotional messages are not sent")),
        ("no_messages", _("no message at all is sent")),
        ("voc_call_open", _("VOC call open")),
    ]

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "dir": "auto",
                "placeholder": _("Name, company, customer number or part of a number"),
            }
        ),
    )
    tag = forms.CharField(
        label=_("Tag"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"list": "tags", "dir": "auto"}),
    )
    refused = forms.ChoiceField(label=_("Consent"), required=False, choices=REFUSED)


class CallerForm(forms.Form):
    """The box of the opt-out call."""

    q = forms.CharField(
        label=_("The caller's number or name"),
        max_length=100,
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "dir": "auto",
                "autocomplete": "off",
                "class": "form-control form-control-lg",
                "id": "caller",
            }
        ),
        error_messages={"required": _("Type the caller's number or name.")},
    )


class PageKeys(forms.Form):
    """Where the page of the list begins, or ends."""

    before = forms.IntegerField(required=False, min_value=1)
    after = forms.IntegerField(required=False, min_value=1)

    def values(self) -> dict[str, int]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class ReasonForm(forms.Form):
    """Why a flag is set or cleared."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"required": _("Write the reason: what did the customer say?")},
    )


class CorrectionForm(forms.Form):
    """What was wrong with an entry of the consent history, and what was meant."""

    WRONG = [
        ("tick", _("It should not have been changed")),
        ("option", _("The other option was meant")),
        ("customer", _("Another customer was meant")),
    ]

    wrong = forms.ChoiceField(
        label=_("What was wrong?"),
        choices=WRONG,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what was wrong.")},
    )
    number = forms.CharField(
        label=_("Number of the customer who was meant"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        help_text=_("Only where another customer was meant."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"required": _("Write what was wrong, so that others understand it later.")},
    )


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
        error_messages={"required": _("Choose a CSV or XLSX file.")},
    )
    tag = forms.CharField(
        label=_("Tag for all of these rows (optional)"),
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"list": "known-tags", "autocomplete": "off", "dir": "auto"}),
        help_text=_("With it the customers of this file are found again, as a list to write to."),
    )

    def clean_tag(self) -> str:
        return one_tag(self.cleaned_data["tag"])
