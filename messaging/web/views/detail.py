"""One message: what it says, who answers for it, how far it is; and its stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.wording import count_text
from messaging.actions import stop
from messaging.actions.stop_calls import still_dialled
from messaging.audience.kept_progress import progress_of
from messaging.audience.progress import ENDED, message_progress
from messaging.evaluation.facts import medium_of
from messaging.models import Message
from messaging.settlement.unknown_outcomes import decisions_of
from messaging.states import DeliveryState, MessageStatus
from messaging.web.forms.message import CancelForm, NumberForm
from messaging.web.presenting import Length, ProgressView
from messaging.web.status_labels import refusal_that_stops
from messaging.web.views.common import outage_context, visible_message
from staff.permissions import requires, signed_in

# Seconds between two looks: while it moves, while it moves and a worker counts it, and while something holds
# it.
MOVING, LARGE, HELD = 2, 5, 10


def progress_context(message: Message) -> dict[str, Any]:
    """What the live block shows. It stops asking in a state that nothing changes any more: a cancelled
    message is put away in pieces, so it is final only when the last one is, and a large one is counted.
    """
    now = timezone.now()
    progress = progress_of([message], now)[message.pk]
    counts = ProgressView.of(progress)
    moving = LARGE if counts.at is not None else MOVING
    return {
        "message": message,
        "counts": counts,
        "is_counted": progress.is_counted,
        "is_final": progress.is_last,
        "refusal": refusal_that_stops(message),
        **outage_context(message, counts, now),
        "poll_seconds": HELD if counts.held or message.status == MessageStatus.PAUSED else moving,
    }


@requires("messaging.view_message")
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    message = visible_message(request, pk)
    may_stop = signed_in(request).may("messaging.stop_message")
    context = progress_context(message) | {
        "length": Length.of(message.text, medium_of(message.channel)),
        "stops": message.stops.select_related("by", "lifted_by").order_by("id"),
        "decisions": decisions_of(message),
        "number_form": NumberForm(),
        "may_pause": may_stop and message.status == MessageStatus.RUNNING,
        "may_resume": may_stop and message.status == MessageStatus.PAUSED,
        "may_cancel": may_stop and _may_cancel(message),
    }
    return render(request, "messaging/detail.html", context)


def _may_cancel(message: Message) -> bool:
    """Also a finished voice message, as long as it may still be dialled."""
    if message.status == MessageStatus.FINISHED:
        return still_dialled(timezone.now()).filter(message=message).exists()
    return message.status not in ENDED


@requires("messaging.view_message")
@require_GET
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The live block. When the status is not the one that the page was made for (`seen`), the whole
    page comes anew: its buttons have changed."""
    message = visible_message(request, pk)
    if request.GET.get("seen", message.status) != message.status:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "messaging/_progress.html", progress_context(message))


def _unsent(message: Message) -> int:
    return ProgressView(message_progress(message, timezone.now())).unsent


def _was_done(request: HttpRequest, act: Callable[..., object], message: Message) -> bool:
    """Do what was pressed; False where it was refused, and the refusal is shown."""
    try:
        act(message=message, by=signed_in(request), now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return False
    return True


@requires("messaging.stop_message")
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    message = visible_message(request, pk)
    if _was_done(request, stop.pause, message):
        unsent = _unsent(message)
        text = ngettext(
            "Paused. %(n)s person has not got it yet, and waits until somebody resumes.",
            "Paused. %(n)s people have not got it yet, and wait until somebody resumes.",
            unsent,
        )
        messages.success(request, text % {"n": count_text(unsent)})
    return redirect("messaging:detail", pk=pk)


@requires("messaging.stop_message")
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    if _was_done(request, stop.resume, visible_message(request, pk)):
        messages.success(request, _("The message goes on."))
    return redirect("messaging:detail", pk=pk)


def _cancelled_sentence(message: Message) -> str:
    """Who has it, and to how many it is not sent any more."""
    counts = ProgressView(message_progress(message, timezone.now()))
    cancelled = counts.plan.by_state.get(DeliveryState.CANCELLED, 0)
    if counts.reached:
        return _(
            "The message is cancelled. It was sent to %(reached)s people before; it is not sent to %(rest)s."
        ) % {"reached": count_text(counts.reached), "rest": count_text(cancelled)}
    return _("The message is cancelled. Nobody got it.")


@requires("messaging.stop_message")
@require_http_methods(["GET", "POST"])
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, naming how many have not got it yet; then cancel for good."""
    message = visible_message(request, pk)
    if not _may_cancel(message):
        messages.info(request, _("The message has ended already."))
        return redirect("messaging:detail", pk=pk)
    form = CancelForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        context = {
            "message": message,
            "form": form,
            "counts": ProgressView(message_progress(message, timezone.now())),
        }
        return render(request, "messaging/cancel.html", context)
    is_finished = message.status == MessageStatus.FINISHED
    try:
        stop.cancel(
            message=message, by=signed_in(request), now=timezone.now(), reason=form.cleaned_data["reason"]
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("messaging:detail", pk=pk)
    if is_finished:
        messages.success(request, _("The provider is asked to stop dialling. Whoever was called has it."))
    else:
        messages.success(request, _cancelled_sentence(message))
    return redirect("messaging:detail", pk=pk)
