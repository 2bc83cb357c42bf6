"""A customer's consent as it was known at an instant."""

from __future__ import annotations

from datetime import datetime, time

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from common.form_fields import ClockField, JalaliDateField
from contacts.consent.as_of import known_at
from contacts.models import Contact
from persian.jalali import TEHRAN
from staff.permissions import requires


class InstantForm(forms.Form):
    """A day, and a time of day in Tehran."""

    day = JalaliDateField(label=_("Day"))
    clock = ClockField(label=_("Time"), initial=time(0, 0))

    def instant(self) -> datetime:
        return datetime.combine(self.cleaned_data["day"], self.cleaned_data["clock"], tzinfo=TEHRAN)


@requires("contacts.view_consententry")
@require_safe
def as_of(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    now = timezone.now().astimezone(TEHRAN)
    asked = {name: request.GET.get(name, "") for name in ("day", "clock")}
    form = InstantForm(
        asked if any(asked.values()) else None, initial={"day": now.date(), "clock": now.time()}
    )
    at = form.instant() if form.is_valid() else None
    if at is not None and at > now:
        form.add_error("day", _("Nothing is known of the future: choose an instant that has passed."))
        at = None
    context = {"contact": contact, "form": form, "known": known_at(contact, at) if at else None}
    return render(request, "contacts/as_of.html", context, status=422 if form.errors else 200)
