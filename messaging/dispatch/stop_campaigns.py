"""Voice campaigns that are to be stopped at the provider.

1. Mark the calls of cancelled messages, also those that were under way at the cancellation.
2. Take a call that is due by moving its mark forward: 0 rows updated, another worker took it. A worker that
   dies leaves it to the next one.
3. Ask the provider, with no transaction open.
4. Record the answer and clear the mark. Without an answer the mark stays, until the campaign's day is over.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from audit.actions import record
from channels.models import Channel
from common.timeouts import GIVEN_UP_AFTER, UNANSWERED_PAUSE
from gateways.base import GatewayError
from messaging.actions.stop_calls import stop_calls_of_cancelled
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.models import GatewayCall

logger = logging.getLogger(__name__)


def stop_campaigns(channel: Channel, client: GatewayClient, *, clock: Clock) -> int:
    """Stop up to 20 campaigns of a channel; how many the provider stopped."""
    if not client.gateway.can_stop:
        return 0
    now = clock()
    stop_calls_of_cancelled(channel, now=now)
    due = GatewayCall.objects.filter(channel=channel, stop_due_at__lte=now)
    due.filter(intended_at__lt=now - GIVEN_UP_AFTER).update(stop_due_at=None)
    stopped = 0
    for call in list(due.order_by("stop_due_at")[:20]):
        # 0: another worker took it.
        taken = due.filter(pk=call.pk).update(stop_due_at=now + UNANSWERED_PAUSE)
        if taken:
            stopped += _stop(call, client, clock)
    return stopped


def _stop(call: GatewayCall, client: GatewayClient, clock: Clock) -> bool:
    try:
        is_stopped: bool = client.ask(client.gateway.stop(call.campaign_id))
    except GatewayError as failure:
        logger.warning("a campaign could not be stopped", extra={"call": call.pk, "code": failure.code})
        return False
    _record(call, is_stopped, clock())
    return is_stopped


def _record(call: GatewayCall, is_stopped: bool, now: datetime) -> None:
    with transaction.atomic():
        done = GatewayCall.objects.filter(pk=call.pk, stop_due_at__isnull=False)
        if not done.update(stop_due_at=None, stopped_at=now):
            return
        data = {"campaign": call.campaign_id, "message": call.message_id, "stopped": is_stopped}
        record(by=None, action="call.stopped", obj=call, data=data, now=now)
