"""The list of customers and a customer's card."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from contacts.consent.actions import close_call, open_call, set_consent
from contacts.consent.effects import consent_sentence, stopped_sentences
from contacts.forms import CorrectionForm, CustomerFilter, PageKeys, ReasonForm
from contacts.hooks import forecast_refusals
from contacts.models import ConsentEntry, Contact
from contacts.presenting import correctable_history, effects_of, import_changes_of, options_of, page_of
from contacts.querysets import ContactQuerySet
from contacts.selectors import foreign_restrictions, known_tags
from contacts.voc_manager import may_read_ledger
from staff.permissions import requires, signed_in


@requires("contacts.view_contact")
@require_GET
def contact_list(request: HttpRequest) -> HttpResponse:
    form = CustomerFilter(request.GET or None)
    asked = form.chosen()
    page = page_of(_filtered(asked), asked | PageKeys(request.GET).values())
    foreign = foreign_restrictions([*page.rows, *page.similar])
    context = {
        "form": form,
        "is_filtered": bool(asked),
        "page": page,
        "rows": [(row, foreign.get(row.pk, [])) for row in page.rows],
        "similar": [(row, foreign.get(row.pk, [])) for row in page.similar],
        "tags": known_tags(),
        "none_at_all": not page.rows and not asked and not Contact.objects.exists(),
        "may_import": signed_in(request).may("contacts.import_contacts"),
    }
    return render(request, "contacts/list.html", context)


def _filtered(asked: dict[str, str]) -> ContactQuerySet:
    customers: ContactQuerySet = Contact.objects.all()
    if "tag" in asked:
        customers = customers.tagged(asked["tag"])
    refused = asked.get("refused")
    if refused == "any":
        customers = customers.opted_out()
    elif refused:
        customers = customers.filter(**{refused: True})
    return customers


@requires("contacts.view_contact")
@require_GET
def contact_card(request: HttpRequest, pk: int) -> HttpResponse:
    return card_page(request, get_object_or_404(Contact, pk=pk))


def card_page(
    request: HttpRequest,
    contact: Contact,
    refused: dict[str, ReasonForm] | None = None,
    corrections: dict[int, CorrectionForm] | None = None,
) -> HttpResponse:
    """The customer's card; `refused` and `corrections` are forms that somebody filled in wrongly."""
    user, now = signed_in(request), timezone.now()
    may_see_history, may_set = may_read_ledger(user, now), user.may("contacts.set_consent")
    history = correctable_history(contact, user, now, corrections) if may_see_history else []
    context = {
        "contact": contact,
        "foreign": foreign_restrictions([contact]).get(contact.pk, []),
        "written": contact.written_words.filter(decided_at__isnull=True),
        "former": contact.numbers.filter(until__isnull=False).order_by("-until"),
        "options": options_of(contact, refused, _effects(contact) if may_set else None),
        "open_call": contact.calls.filter(closed_at__isnull=True).select_related("opened_by").first(),
        "may_set": may_set,
        "may_see_history": may_see_history,
        "history": history,
        "import_changes": import_changes_of(contact) if may_see_history else [],
    }
    return render(request, "contacts/card.html", context, status=422 if refused or corrections else 200)


def _effects(contact: Contact) -> dict[str, list[str]]:
    return effects_of(forecast_refusals([contact.pk], timezone.now())[contact.pk])


@requires("contacts.set_consent")
@require_POST
def consent(request: HttpRequest, pk: int, flag: str) -> HttpResponse:
    """Set (`value=1`) or clear one of the two options."""
    contact = get_object_or_404(Contact, pk=pk)
    value = request.POST.get("value") == "1"
    form = ReasonForm(request.POST, prefix=flag)
    if form.is_valid():
        try:
            effect = set_consent(
                contact=contact,
                flag=flag,
                value=value,
                reason=form.cleaned_data["reason"],
                by=signed_in(request),
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error("reason", error)
        else:
            tell = messages.success if effect.changed else messages.info
            tell(request, consent_sentence(contact, ConsentEntry.Flag(flag), value, effect))
            return redirect("contacts:card", pk=pk)
    return card_page(request, contact, {flag: form})


@requires("contacts.view_contact")
@require_POST
def call_open(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    _call, effect = open_call(contact=contact, by=signed_in(request), now=timezone.now())
    sentences = [
        _("The call is open: promotional messages to this customer wait until the VOC expert decides.")
    ]
    messages.success(request, " ".join(sentences + stopped_sentences(effect.stopped, effect.in_flight)))
    return redirect("contacts:card", pk=pk)


@requires("contacts.set_consent")
@require_POST
def call_close(request: HttpRequest, pk: int) -> HttpResponse:
    contact = get_object_or_404(Contact, pk=pk)
    try:
        was_open = close_call(contact=contact, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        if was_open:
            messages.success(request, _("The call is closed; what waited for it goes on."))
        else:
            messages.info(request, _("No call was open."))
    return redirect("contacts:card", pk=pk)
