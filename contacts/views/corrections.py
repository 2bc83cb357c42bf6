"""Setting a wrong entry of the consent history right."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from contacts.consent.corrections import Meant, correct, may_correct
from contacts.consent.effects import stopped_sentences, total_effect
from contacts.forms import CorrectionForm
from contacts.models import ConsentEntry, Contact
from contacts.reasons import reason_text
from contacts.selectors import owners_of
from contacts.views.customers import card_page
from contacts.views.desk import on_the_desk
from persian.phones import InvalidNumber, normalise
from staff.permissions import signed_in


@on_the_desk
@require_POST
def correct_entry(request: HttpRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(ConsentEntry.objects.select_related("contact"), pk=pk)
    by, now = signed_in(request), timezone.now()
    if not may_correct(entry=entry, by=by, now=now):
        raise PermissionDenied(
            _("An entry is corrected by its expert within 15 minutes, later by the VOC manager.")
        )
    form = CorrectionForm(request.POST, prefix=f"entry{pk}")
    if form.is_valid():
        try:
            meant = _meant(entry, form)
            decided = correct(entry=entry, reason=form.cleaned_data["reason"], by=by, now=now, meant=meant)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            total = total_effect(decided)
            told = _("The entry is corrected; the wrong one stays in the history.")
            messages.success(request, " ".join([told, *stopped_sentences(total.stopped, total.in_flight)]))
            return redirect("contacts:card", pk=decided[-1].contact.pk)
    return card_page(request, entry.contact, corrections={pk: form})


def _meant(entry: ConsentEntry, form: CorrectionForm) -> Meant | None:
    """The customer and the option that were meant. Raises ValidationError for a number of nobody's."""
    wrong = form.cleaned_data["wrong"]
    if wrong == "tick":
        return None
    if wrong == "option":
        return Meant(entry.contact, next(flag for flag in ConsentEntry.Flag.values if flag != entry.flag))
    return Meant(_customer(form.cleaned_data["number"]), entry.flag)


def _customer(typed: str) -> Contact:
    """Who is reached at the number, else its only owner."""
    try:
        number = normalise(typed)
    except InvalidNumber as error:
        raise ValidationError(reason_text(error.code), code=error.code) from error
    owners = owners_of([number]).get(number, [])
    if not owners:
        raise ValidationError(_("No customer has this number."), code="nobody")
    if owners[0].address != number and len(owners) > 1:
        raise ValidationError(
            _("Several customers have this number: give one of the customer alone."), code="several_customers"
        )
    return owners[0]
