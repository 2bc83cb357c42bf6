"""The forms of the desk: shape only; the rules are the actions'."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.consent.actions import REASON_MAX_LENGTH
from persian.jalali import TEHRAN, tehran_date
from staff.working_days import working_day_after

_TEN: Final = time(10)


def _note(label: Any, missing: Any, rows: int = 2) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": rows, "dir": "auto"}),
        error_messages={"required": missing},
    )


class TakeOverForm(forms.Form):
    """Why a call is taken from the expert who has it, and from whom."""

    reason = _note(_("Reason"), _("Write why you take the call over."))
    holder = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**63 - 1)


class NotReachedForm(forms.Form):
    """What happened when the customer was called back, and when it is tried again."""

    NEXT: Final = (
        ("hour", _("in an hour")),
        ("hours", _("in three hours")),
        ("day", _("next working day at 10:00")),
        ("days", _("in two working days at 10:00")),
    )

    note = _note(_("What happened?"), _("Write what happened: no answer, busy, switched off …"))
    next_try = forms.ChoiceField(label=_("Next try"), choices=NEXT, initial="hours")

    def next_try_at(self, now: datetime) -> datetime:
        chosen = self.cleaned_data["next_try"]
        if chosen in ("hour", "hours"):
            return now + timedelta(hours=1 if chosen == "hour" else 3)
        day = working_day_after(tehran_date(now))
        return datetime.combine(day if chosen == "day" else working_day_after(day), _TEN, TEHRAN)


class UnchangedForm(forms.Form):
    """What a customer said who wants no change."""

    reason = _note(_("Reason"), _("Write the reason: what did the customer say?"))


class EndForm(forms.Form):
    """How the VOC manager ends a call whose customer was not reached (reading 12)."""

    OUTCOMES: Final = (
        ("safe_side", _("No promotional messages, the safe side")),
        ("unchanged", _("Close the call, nothing changed")),
    )

    outcome = forms.ChoiceField(
        label=_("How does this call end?"),
        choices=OUTCOMES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the call ends.")},
    )
    reason = _note(_("Reason"), _("Write the reason in words, so that others understand it later."))
