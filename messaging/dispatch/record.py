"""The outcome of a gateway request is recorded: one update, keyed by the call's row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from common.failpoints import Point, failpoint
from common.sql import execute
from gateways.base import Answer, RecipientOutcome, Result
from messaging.dispatch.claim import Claim
from messaging.models import Delivery, GatewayCall
from messaging.models.report_schedule import expected
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState

_STATE_OF = {
    Result.ACCEPTED: DeliveryState.ACCEPTED,
    Result.REJECTED: DeliveryState.REJECTED,
    Result.UNKNOWN: DeliveryState.UNKNOWN,
}

# An acceptance beats `unknown`: the answer may come after the recovery gave the request up.
_OUTCOMES = """
    UPDATE messaging_delivery d
       SET state = v.state, provider_id = v.provider_id, provider_status = v.status, reason = '',
           updated_at = %(now)s
      FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(provider_ids)s::text[], %(statuses)s::text[])
           AS v(id, state, provider_id, status)
     WHERE d.id = v.id AND d.call_id = %(call)s
       AND (d.state = 'sending' OR (d.state = 'unknown' AND v.state = 'accepted'))
"""

# Proof that nothing was sent counts also after the recovery gave the request up.
_REQUEUE = """
    UPDATE messaging_delivery
       SET state = 'queued', call_id = NULL, reason = %(reason)s, provider_status = %(status)s,
           not_before = %(not_before)s, updated_at = %(now)s
     WHERE call_id = %(call)s AND state IN ('sending', 'unknown')
"""

_TO_UNKNOWN = """
    UPDATE messaging_delivery SET state = 'unknown', provider_status = %(status)s, updated_at = %(now)s
     WHERE call_id = %(call)s AND state = 'sending'
"""


def _lock(call_id: int) -> None:
    """Locks the call's row before its recipients. The recovery takes the same order: no deadlock."""
    GatewayCall.objects.select_for_update().filter(pk=call_id).first()


def _close(
    call_id: int,
    outcome: str,
    *,
    now: datetime,
    error: str = "",
    answer: str = "",
    campaign: str = "",
    latency_ms: int | None = None,
    accepted: Sequence[str] = (),
) -> None:
    """`accepted` are the provider's ids of recipients whose delivery reports are asked for from now on."""
    GatewayCall.objects.filter(pk=call_id).update(
        outcome=outcome,
        finished_at=now,
        error=error[:60],
        answer=answer[:4096],
        campaign_id=campaign[:40],
        latency_ms=latency_ms,
        **expected(accepted, now),
    )


def record_answer(claim: Claim, answer: Answer, *, now: datetime, latency_ms: int | None = None) -> None:
    """Write each recipient's own outcome; a recipient that the answer leaves out is `unknown`."""
    left_out = RecipientOutcome(Result.UNKNOWN)
    outcomes = [answer.outcomes.get(address, left_out) for _pk, address in claim.recipients]
    with transaction.atomic():
        _lock(claim.call_id)
        execute(
            _OUTCOMES,
            {
                "ids": [pk for pk, _address in claim.recipients],
                "states": [_STATE_OF[outcome.result].value for outcome in outcomes],
                "provider_ids": [outcome.provider_id[:40] for outcome in outcomes],
                "statuses": [outcome.status[:60] for outcome in outcomes],
                "call": claim.call_id,
                "now": now,
            },
        )
        # Read back, since a refusal that comes after the recovery leaves its recipient unknown.
        left_unknown = Delivery.objects.filter(call_id=claim.call_id, state=DeliveryState.UNKNOWN).exists()
        _close(
            claim.call_id,
            GatewayCall.Outcome.UNKNOWN if left_unknown else GatewayCall.Outcome.ANSWERED,
            now=now,
            answer=answer.raw,
            campaign=answer.campaign_id,
            latency_ms=latency_ms,
            accepted=[
                outcome.provider_id
                for outcome in answer.outcomes.values()
                if outcome.result is Result.ACCEPTED
            ],
        )
        failpoint(Point.RECORD_WRITTEN)
    failpoint(Point.RECORD_COMMITTED)


def record_not_sent(
    claim: Claim,
    *,
    now: datetime,
    error: str,
    answer: str = "",
    not_before: datetime | None = None,
    reason: str = Reason.RETRY,
    latency_ms: int | None = None,
) -> None:
    """Proven not sent: the recipients are queued again, due at `not_before` or at once."""
    requeued = {"not_before": not_before or now, "reason": reason, "status": error[:60], "now": now}
    with transaction.atomic():
        _lock(claim.call_id)
        execute(_REQUEUE, {"call": claim.call_id, **requeued})
        not_sent = GatewayCall.Outcome.NOT_SENT
        _close(claim.call_id, not_sent, now=now, error=error, answer=answer, latency_ms=latency_ms)


def record_unknown(
    call_id: int, *, now: datetime, error: str, answer: str = "", latency_ms: int | None = None
) -> None:
    """A request without an outcome, and its recipients still `sending`, become `unknown`: the provider may
    have taken them. Never sent again without proof or a person's decision."""
    with transaction.atomic():
        pending = GatewayCall.objects.filter(pk=call_id, outcome=GatewayCall.Outcome.PENDING)
        if not pending.select_for_update().exists():
            return
        execute(_TO_UNKNOWN, {"call": call_id, "now": now, "status": error[:60]})
        unknown = GatewayCall.Outcome.UNKNOWN
        _close(call_id, unknown, now=now, error=error, answer=answer, latency_ms=latency_ms)
        failpoint(Point.RECOVER_WRITTEN)


def recover(*, now: datetime) -> int:
    """Requests whose lease is over without an outcome (a worker died) become `unknown`; their number."""
    pending = GatewayCall.objects.filter(outcome=GatewayCall.Outcome.PENDING, doubtful_at__lt=now)
    overdue = list(pending.order_by("doubtful_at").values_list("pk", flat=True)[:500])
    for call_id in overdue:
        record_unknown(call_id, now=now, error="worker_lost")
    return len(overdue)
