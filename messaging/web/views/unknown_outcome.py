"""Outcomes that nobody knows: which they are, why, and a person's decision about them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from common.fresh_proof import asks_again
from common.paging import PAGE_ENTRIES, PAGE_ROWS, page_by
from common.wording import count_text
from messaging.actions import decide as actions
from messaging.audience.progress import ENDED
from messaging.models import Delivery, DoubtDecision, Message
from messaging.settlement.unknown_outcomes import (
    answers_of,
    decisions_of,
    deliveries_of_unknown_outcome,
    unknown_outcomes_of,
    with_unknown_outcomes,
)
from messaging.web.forms.unknown_outcome import UnknownOutcomeForm
from messaging.web.views.common import visible_message
from staff.permissions import requires, signed_in


@requires("messaging.settle_doubt")
@require_GET
def unknown_outcomes(request: HttpRequest) -> HttpResponse:
    page = page_by(
        with_unknown_outcomes(signed_in(request)).listed(), request.GET, size=PAGE_ENTRIES, descending=True
    )
    return render(
        request, "messaging/unknown_outcomes.html", {"page": page, "outcomes": unknown_outcomes_of(page.rows)}
    )


def _outcome_page(
    request: HttpRequest,
    message: Message,
    form: UnknownOutcomeForm,
    delivery: Delivery | None = None,
    status: int = 200,
) -> HttpResponse:
    [found] = unknown_outcomes_of([message])
    people = deliveries_of_unknown_outcome(message)
    if delivery is not None:
        people = people.filter(pk=delivery.pk)
        found.people = people.count()
    context = {
        "message": message,
        "outcome": found,
        "delivery": delivery,
        "form": form,
        "page": page_by(people.select_related("contact"), request.GET, size=PAGE_ROWS),
        "answers": answers_of(message),
        "decisions": decisions_of(message),
        "may_resend": message.status not in ENDED,
    }
    return render(request, "messaging/unknown_outcome.html", context, status=status)


@requires("messaging.settle_doubt")
@require_GET
def of_message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message's people of unknown outcome, and the decision about all of them."""
    return _outcome_page(request, visible_message(request, pk), UnknownOutcomeForm())


@requires("messaging.settle_doubt")
@require_GET
def of_one(request: HttpRequest, pk: int, delivery_pk: int) -> HttpResponse:
    message = visible_message(request, pk)
    delivery = get_object_or_404(Delivery, message=message, pk=delivery_pk)
    return _outcome_page(request, message, UnknownOutcomeForm(), delivery)


@requires("messaging.settle_doubt")
@require_POST
@asks_again
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the decision about those whom the press was shown, and say for how many it came too late."""
    message = visible_message(request, pk)
    form = UnknownOutcomeForm(request.POST)
    is_valid = form.is_valid()
    one = form.cleaned_data.get("delivery")
    delivery = get_object_or_404(Delivery, message=message, pk=one) if one else None
    if not is_valid:
        return _outcome_page(request, message, form, delivery, status=422)
    given = form.cleaned_data
    choice = DoubtDecision.Choice(given["choice"])
    shown = actions.Shown(given["seen"], given["until"], delivery.pk if delivery else None)
    try:
        people = actions.decide_outcome(
            message=message,
            choice=choice,
            shown=shown,
            by=signed_in(request),
            reason=given["reason"],
            now=timezone.now(),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _outcome_page(request, message, form, delivery, status=422)
    _tell(request, choice, people, shown.people)
    left = deliveries_of_unknown_outcome(message).exists()
    return redirect("messaging:unknown_outcome" if left else "messaging:detail", pk=pk)


def _tell(request: HttpRequest, choice: DoubtDecision.Choice, people: int, seen: int) -> None:
    if people:
        text = {
            DoubtDecision.Choice.RESEND: ngettext(
                "It is sent again to %(n)s person, as far as the rules allow it now.",
                "It is sent again to %(n)s people, as far as the rules allow it now.",
                people,
            ),
            DoubtDecision.Choice.ABANDON: ngettext(
                "Given up for %(n)s person.", "Given up for %(n)s people.", people
            ),
            DoubtDecision.Choice.SENT: ngettext(
                "Recorded as sent for %(n)s person.", "Recorded as sent for %(n)s people.", people
            ),
        }[choice]
        messages.success(request, text % {"n": count_text(people)})
    if seen > people:
        text = _("Of %(seen)s, %(n)s had been settled meanwhile; nothing was changed for them.")
        messages.info(request, text % {"seen": count_text(seen), "n": count_text(seen - people)})


@requires("messaging.settle_doubt")
@require_POST
def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the provider be asked again now."""
    message = visible_message(request, pk)
    if actions.ask_again(message=message, by=signed_in(request), now=timezone.now()):
        messages.success(request, _("The provider is being asked. Its answer appears here within a minute."))
    else:
        messages.info(request, _("No outcome of this message is unknown any more."))
    return redirect("messaging:unknown_outcome", pk=pk)
