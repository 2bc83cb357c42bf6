"""The recipients of a message, and why each of them gets it or not."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from common.htmx import htmx
from common.paging import PAGE_ROWS, page_by
from contacts.reasons import reason_text
from messaging.audience.progress import deliveries_of, reason_now
from messaging.evaluation.explain import Explanation, explain_address, explain_delivery
from messaging.evaluation.facts import decision_of
from messaging.models import Delivery, Message
from messaging.operations.outages import outages_of
from messaging.policy.reasons import Reason
from messaging.policy.rules import RuleEffect
from messaging.settlement.unknown_outcomes import unknown_outcome_of
from messaging.web.forms.filters import RecipientFilter
from messaging.web.forms.message import NumberForm
from messaging.web.views.common import visible_message
from persian.phones import InvalidNumber, normalise
from staff.permissions import requires, signed_in


@requires("messaging.view_message")
@require_GET
def recipients(request: HttpRequest, pk: int) -> HttpResponse:
    """One page of recipients, by number. Lines that repeat a number are a list of their own."""
    message, now = visible_message(request, pk), timezone.now()
    filters = RecipientFilter(request.GET)
    chosen = filters.chosen()
    by_line = chosen.get("reason") == Reason.DUPLICATE
    message_decision = decision_of(message, now)
    page = page_by(
        deliveries_of(message, message_decision, **chosen).select_related("contact"),
        request.GET,
        key="pk" if by_line else "address",
        size=PAGE_ROWS,
    )
    outages = outages_of(message.channel) if message_decision.facts.channel.operator_down else []
    context = {
        "message": message,
        "page": page,
        "outages": outages,
        "outages_told": outages,
        "rows": [(delivery, reason_now(delivery, message_decision, now)) for delivery in page.rows],
        "form": filters,
        "is_filtered": bool(chosen),
    }
    return render(request, "messaging/recipients.html", context)


def _waits_for_operator(explanation: Explanation) -> bool:
    return any(
        finding.reason is Reason.OPERATOR_DOWN and finding.effect is RuleEffect.HOLD
        for finding in explanation.decision.findings
    )


def _why_page(request: HttpRequest, message: Message, explanation: Explanation) -> HttpResponse:
    outages = outages_of(message.channel) if _waits_for_operator(explanation) else []
    context = {
        "message": message,
        "why": explanation,
        "outcome": unknown_outcome_of(explanation.delivery) if explanation.delivery else None,
        "outages": outages,
        "outages_told": outages,
        "sees_answers": signed_in(request).may("messaging.view_gatewaycall"),
    }
    return render(request, "messaging/_why.html" if htmx(request) else "messaging/why.html", context)


@requires("messaging.view_message")
@require_GET
def why(request: HttpRequest, pk: int, delivery_pk: int) -> HttpResponse:
    """Every rule's finding about one recipient now, and what happened to the delivery."""
    message = visible_message(request, pk)
    rows = Delivery.objects.filter(message=message).select_related("call", "contact")
    delivery = get_object_or_404(rows, pk=delivery_pk)
    return _why_page(request, message, explain_delivery(message, delivery, timezone.now()))


@requires("messaging.view_message")
@require_POST
def why_number(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for a number that somebody types; by POST, since addresses of pages are logged."""
    message = visible_message(request, pk)
    form = NumberForm(request.POST)
    if form.is_valid():
        try:
            address = normalise(form.cleaned_data["number"])
        except InvalidNumber as error:
            form.add_error("number", reason_text(error.code))
        else:
            return _why_page(request, message, explain_address(message, address, timezone.now()))
    template = "messaging/_why_fault.html" if htmx(request) else "messaging/why.html"
    return render(request, template, {"message": message, "number_form": form})
