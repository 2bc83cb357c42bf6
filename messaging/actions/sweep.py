"""What a stopped or outdated message still has in its queue is put away, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from common.sql import execute
from common.timeouts import ABANDONED_AFTER
from messaging.actions.move import StaleState, move_message
from messaging.evaluation.facts import decisions_of
from messaging.evaluation.sql import IS_HELD, state_of_refusal
from messaging.models import Delivery, GatewayCall, Message, MessageStop
from messaging.models.querysets import DeliveryQuerySet, MessageQuerySet
from messaging.policy.decide import Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus

_PUT_AWAY = """
    WITH waiting AS MATERIALIZED (
        SELECT id FROM messaging_delivery
         WHERE message_id = %(message)s AND state = 'queued'
         LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE messaging_delivery d
       SET state = %(state)s, reason = %(reason)s, not_before = NULL, updated_at = %(now)s
      FROM waiting w WHERE d.id = w.id
"""


_RELEASE = f"""
    UPDATE messaging_delivery d SET reason = '', not_before = %(now)s, updated_at = %(now)s
     WHERE d.message_id = ANY(%(messages)s) AND d.state = 'queued' AND d.not_before IS NULL
       AND d.reason = %(reason)s AND NOT {IS_HELD}
"""  # noqa: S608 - fragments of our own, no input


def close_queued(message_id: int, reason: Reason, *, now: datetime, limit: int = 10_000) -> int:
    """Move up to `limit` waiting deliveries to the state of the refusal; returns how many."""
    refused = {"state": state_of_refusal(reason), "reason": reason}
    return execute(_PUT_AWAY, {"message": message_id, "limit": limit, "now": now, **refused})


def sweep(messages: Collection[Message], *, now: datetime) -> int:
    """Put away what refusals of whole messages (cancelled, expired) leave in the queue; returns how many."""
    swept = 0
    for message_id, message_decision in decisions_of(messages, now).items():
        decision = message_decision.decision
        if decision.verdict is Verdict.REFUSE and decision.reason is not None:
            swept += close_queued(message_id, decision.reason, now=now)
    return swept


def _waiting_of_message() -> DeliveryQuerySet:
    rows: DeliveryQuerySet = Delivery.objects.filter(message=OuterRef("pk"), state=DeliveryState.QUEUED)
    return rows


def nothing_outstanding() -> MessageQuerySet:
    """Messages that have nothing waiting, nothing under way and nothing unknown.

    One condition, to be asked in one statement: between two a refused call may put back into the
    queue what was under way.
    """
    waiting = _waiting_of_message()
    unknown = (GatewayCall.Outcome.PENDING, GatewayCall.Outcome.UNKNOWN)
    calls = GatewayCall.objects.filter(message=OuterRef("pk"), outcome__in=unknown)
    return Message.objects.filter(~Exists(waiting), ~Exists(calls))


def finish(message_id: int, *, now: datetime) -> bool:
    through, running, finished = nothing_outstanding(), MessageStatus.RUNNING, MessageStatus.FINISHED
    try:
        move_message(message_id, running, finished, among=through, finished_at=now)
    except StaleState:
        return False
    return True


def release(message_ids: Sequence[int], *, now: datetime) -> int:
    """Let those wait no longer whose call has ended; returns how many.

    The end of a call releases them in its own transaction. What a plan or a claim wrote from an older
    snapshot meanwhile would wait for ever, since no other event comes.
    """
    return execute(_RELEASE, {"messages": list(message_ids), "reason": Reason.VOC_CALL_OPEN, "now": now})


def _end_stops_half_made(channel_code: str, now: datetime) -> None:
    """Complete a stop whose process died between its two commits."""
    flags = MessageStop.objects.filter(
        message=OuterRef("pk"), lifted_at__isnull=True, at__lt=now - ABANDONED_AFTER
    )
    messages = Message.objects.filter(channel__code=channel_code)
    for kind, before, after in (
        (MessageStop.Kind.CANCEL, (MessageStatus.RUNNING, MessageStatus.PAUSED), MessageStatus.CANCELLED),
        (MessageStop.Kind.PAUSE, (MessageStatus.RUNNING,), MessageStatus.PAUSED),
    ):
        half = messages.filter(Exists(flags.filter(kind=kind)), status__in=before)
        for pk, status in list(half.values_list("pk", "status")):
            with suppress(StaleState):  # its process was only slow
                move_message(pk, MessageStatus(status), after, among=half)


def sweep_channel(channel_code: str, *, now: datetime) -> int:
    """Sweep every message of a channel that needs it, and end those that are through; returns how many
    deliveries moved on. What there is to do is asked of all running messages at once."""
    swept = 0
    _end_stops_half_made(channel_code, now)
    cancelled = Message.objects.filter(
        channel__code=channel_code, status=MessageStatus.CANCELLED, finished_at__isnull=True
    )
    # The first of them by an index: EXISTS alone is planned as a join over a million.
    first = Subquery(_waiting_of_message().order_by("not_before", "id").values("pk")[:1])
    with_waiting = cancelled.alias(first_waiting=first).filter(first_waiting__isnull=False)
    for pk in list(with_waiting.values_list("pk", flat=True)):
        swept += close_queued(pk, Reason.CANCELLED, now=now)
    # What is under way may come back into the queue yet.
    nothing_outstanding().filter(pk__in=cancelled.values("pk")).update(finished_at=now)
    running = Message.objects.filter(channel__code=channel_code, status=MessageStatus.RUNNING)
    swept += sweep(list(running.filter(expires_at__isnull=False).select_related("channel")), now=now)
    released = release(list(running.values_list("pk", flat=True)), now=now)
    for pk in list(nothing_outstanding().filter(pk__in=running).values_list("pk", flat=True)):
        finish(pk, now=now)
    return swept + released
