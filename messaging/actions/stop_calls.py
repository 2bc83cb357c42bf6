"""What the voice provider took and still dials is called back: asked for here, done by the dispatch.

A mark on the gateway's call, written in the transaction of the cancellation or of the refusal; the request
to the provider is made later, outside any transaction (`messaging.dispatch.stop_campaigns`).
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from channels.models import Channel
from common.media import Medium
from messaging.models import Delivery, GatewayCall, Message
from messaging.states import DeliveryState, MessageStatus
from persian.jalali import TEHRAN


def still_dialled(now: datetime) -> QuerySet[GatewayCall]:
    """Voice campaigns of today of which nobody asked yet that they be stopped: a campaign ends with its day
    (docs/adr/0020)."""
    day = now.astimezone(TEHRAN).replace(hour=0, minute=0, second=0, microsecond=0)
    return GatewayCall.objects.filter(
        channel__kind=Medium.VOICE, intended_at__gte=day, stop_due_at__isnull=True, stopped_at__isnull=True
    ).exclude(campaign_id="")


def stop_calls_of(message: Message, *, now: datetime) -> int:
    return still_dialled(now).filter(message=message).update(stop_due_at=now)


def stop_calls_of_cancelled(channel: Channel, *, now: datetime) -> int:
    """The same for every cancelled message of a channel: also what was under way when it was cancelled."""
    cancelled = still_dialled(now).filter(channel=channel, message__status=MessageStatus.CANCELLED)
    return cancelled.update(stop_due_at=now)


def stop_calls_to(contact_ids: list[int], *, now: datetime) -> int:
    """Ask that those campaigns be stopped that call nobody but these customers; how many. What an override
    was asked for is left alone: it is about people who refused."""
    theirs = Delivery.objects.filter(
        contact_id__in=contact_ids, state=DeliveryState.ACCEPTED, message__override__isnull=True
    )
    calls = theirs.filter(call__isnull=False).values_list("call_id", flat=True)
    return still_dialled(now).filter(size=1, pk__in=list(calls)).update(stop_due_at=now)
