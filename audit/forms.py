"""The filter of the audit trail."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from audit.querysets import EntryQuerySet
from audit.words import acts
from common.filters import FilterForm
from common.form_fields import JalaliDateField
from persian.jalali import TEHRAN


class EntryFilter(FilterForm):
    action = forms.ChoiceField(label=_("Act"), required=False, choices=lambda: [("", _("Any")), *acts()])
    actor = forms.CharField(label=_("By (user name)"), required=False, max_length=150)
    object_type = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60)
    object_id = forms.CharField(widget=forms.HiddenInput, required=False, max_length=60)
    since = JalaliDateField(label=_("From"), required=False)
    until = JalaliDateField(label=_("To (inclusive)"), required=False)

    def entries(self) -> EntryQuerySet:
        """The entries that were asked for. Everything, while nothing valid was."""
        rows: EntryQuerySet = Entry.objects.all()
        if not self.is_valid():
            return rows
        asked = self.cleaned_data
        if asked["action"]:
            rows = rows.filter(action=asked["action"])
        if asked["actor"]:
            rows = rows.filter(actor__iexact=asked["actor"].strip())
        if asked["object_type"]:
            rows = rows.about(asked["object_type"], asked["object_id"])
        since, until = asked["since"], asked["until"]
        return rows.between(
            datetime.combine(since, time(), TEHRAN) if since else None,
            datetime.combine(until + timedelta(days=1), time(), TEHRAN) if until else None,
        )
