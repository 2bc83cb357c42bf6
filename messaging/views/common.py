"""What the message pages share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from messaging.models import Message
from messaging.operations.outages import outages_of, ramp_ends_at
from messaging.policy.reasons import Reason
from messaging.presenting import Counts
from messaging.states import MessageStatus
from staff.permissions import signed_in


def visible_message(request: HttpRequest, pk: int) -> Message:
    """A message that the user may see; 404 for any other, so that nobody learns which exist."""
    message: Message = get_object_or_404(Message.objects.visible_to(signed_in(request)).listed(), pk=pk)
    return message


def outage_context(message: Message, counts: Counts, now: datetime) -> dict[str, Any]:
    """The outages that the message waits for; or until when its release after one is slow."""
    if counts.plan.held_by == Reason.OPERATOR_DOWN:
        return {"outages": outages_of(message.channel), "ramp_ends_at": None}
    runs = message.status == MessageStatus.RUNNING and counts.plan.waiting and not counts.plan.held_by
    return {"outages": [], "ramp_ends_at": ramp_ends_at(message.channel, now) if runs else None}


def whole(text: str) -> str:
    """A page's key if it can be an id, else nothing."""
    return text if text.isascii() and text.isdecimal() and len(text) < 19 else ""
