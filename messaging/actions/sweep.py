"""What a stopped or outdated message still has in its queue is put away, a bounded number at a time."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from messaging.actions.move import StaleState, move_message
from messaging.facts import gate_of
from messaging.models import Delivery, GatewayCall, Message
from messaging.policy.decide import Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus
from messaging.verdict_sql import state_of_refusal

BATCH = 10_000

_PUT_AWAY = """
    WITH waiting AS MATERIALIZED (
        SELECT id FROM messaging_delivery
         WHERE message_id = %(message)s AND state = 'queued'
         LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE messaging_delivery d
       SET state = %(state)s, reason = %(reason)s, not_before = NULL, updated_at = %(now)s
      FROM waiting w WHERE d.id = w.id
"""


def put_away(message_id: int, reason: Reason, *, now: datetime, limit: int = BATCH) -> int:
    """Move up to `limit` waiting deliveries to the state of the refusal; returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _PUT_AWAY,
            {
                "message": message_id,
                "limit": limit,
                "state": state_of_refusal(reason),
                "reason": reason,
                "now": now,
            },
        )
        return cursor.rowcount


def sweep(message: Message, *, now: datetime) -> int:
    """Put away what the whole message's refusal (cancelled, expired) leaves in the queue."""
    decision = gate_of(message, now).decision
    if decision.verdict is not Verdict.REFUSE or decision.reason is None:
        return 0
    return put_away(message.pk, decision.reason, now=now)


def finish(message_id: int, *, now: datetime) -> bool:
    """End a running message that has nothing waiting, nothing under way and nothing in doubt."""
    if Delivery.objects.filter(message_id=message_id, state=DeliveryState.QUEUED).exists():
        return False
    in_doubt = (GatewayCall.Outcome.PENDING, GatewayCall.Outcome.UNKNOWN)
    if GatewayCall.objects.filter(message_id=message_id, outcome__in=in_doubt).exists():
        return False
    try:
        move_message(message_id, MessageStatus.RUNNING, MessageStatus.FINISHED, finished_at=now)
    except StaleState:
        return False
    return True


def sweep_channel(channel_code: str, *, now: datetime) -> int:
    """Sweep every message of a channel that needs it, and end those that are through."""
    swept = 0
    cancelled = Message.objects.filter(
        channel__code=channel_code, status=MessageStatus.CANCELLED, finished_at__isnull=True
    )
    for message in cancelled.select_related("channel"):
        count = put_away(message.pk, Reason.CANCELLED, now=now)
        swept += count
        if (
            count < BATCH
            and not Delivery.objects.filter(message=message, state=DeliveryState.QUEUED).exists()
        ):
            Message.objects.filter(pk=message.pk, finished_at__isnull=True).update(finished_at=now)
    running = Message.objects.filter(channel__code=channel_code, status=MessageStatus.RUNNING)
    for message in running.select_related("channel"):
        if message.expires_at is not None:
            swept += sweep(message, now=now)
        finish(message.pk, now=now)
    return swept
