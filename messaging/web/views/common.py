"""What the message pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from messaging.audience.progress import ENDED
from messaging.models import Message
from messaging.operations.outages import outages_of, ramp_ends_at
from messaging.states import MessageStatus
from messaging.web.presenting import ProgressView
from staff.permissions import signed_in


def visible_message(request: HttpRequest, pk: int) -> Message:
    """A message that the user may see; 404 for any other, so that nobody learns which exist."""
    message: Message = get_object_or_404(Message.objects.visible_to(signed_in(request)).listed(), pk=pk)
    return message


def outage_context(message: Message, counts: ProgressView, now: datetime) -> dict[str, Any]:
    """The outages that keep back what is left of the message, whatever else does (a pause, an approval);
    or until when its release after one is slow. `outages_told` need no banner on the same page."""
    is_left = message.status not in ENDED and (counts.plan.waiting or message.planned_at is None)
    outages = outages_of(message.channel) if is_left else []
    runs = message.status == MessageStatus.RUNNING and counts.plan.waiting and not counts.plan.held_by
    return {
        "outages": outages,
        "outages_told": outages,
        "ramp_ends_at": ramp_ends_at(message.channel, now) if runs and not outages else None,
    }
