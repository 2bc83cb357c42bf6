"""The outcome of a gateway request is recorded: one update, keyed by the call's row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from common.failpoints import Point, failpoint
from gateways.base import Answer, Result
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


def _accepted(answer: Answer) -> list[str]:
    return [o.provider_id for o in answer.outcomes.values() if o.result is Result.ACCEPTED]


def record_answer(claim: Claim, answer: Answer, *, now: datetime, latency_ms: int | None = None) -> None:
    """Write each recipient's own outcome; a recipient that the answer leaves out is `unknown`."""
    ids, states, provider_ids, statuses = [], [], [], []
    for pk, address in claim.recipients:
        outcome = answer.outcomes.get(address)
        state = _STATE_OF[outcome.result] if outcome else DeliveryState.UNKNOWN
        ids.append(pk)
        states.append(state.value)
        provider_ids.append(outcome.provider_id[:40] if outcome else "")
        statuses.append(outcome.status[:60] if outcome else "")
    with transaction.atomic():
        _lock(claim.call_id)
        with connection.cursor() as cursor:
            cursor.execute(
                _OUTCOMES,
                {
                    "ids": ids,
                    "states": states,
                    "provider_ids": provider_ids,
                    "statuses": statuses,
                    "call": claim.call_id,
                    "now": now,
                },
            )
        # Read back, since a refusal that comes after the recovery leaves its recipient unknown.
        left_unknown = Delivery.objects.filter(call_id=claim.call_id, state=DeliveryState.UNKNOWN).exists()
        outcome_of_call = GatewayCall.Outcome.UNKNOWN if left_unknown else GatewayCall.Outcome.ANSWERED
        _close(
            claim.call_id,
            outcome_of_call,
            now=now,
            answer=answer.raw,
            campaign=answer.campaign_id,
            latency_ms=latency_ms,
            accepted=_accepted(answer),
        )
        failpoint(Point.RECORD_WRITTEN)
    failpoint(Point.RECORD_COMMITTED)


def record_not_sent(
    claim: Claim,
    *,
    now: datetime,
    error: str,
    answer: str = "",
    wait: timedelta = timedelta(0),
    reason: str = Reason.RETRY,
    latency_ms: int | None = None,
) -> None:
    """Proven not sent: the recipients are queued again, due after `wait`."""
    with transaction.atomic():
        _lock(claim.call_id)
        with connection.cursor() as cursor:
            cursor.execute(
                _REQUEUE,
                {
                    "call": claim.call_id,
                    "now": now,
                    "not_before": now + wait,
                    "reason": reason,
                    "status": error[:60],
                },
            )
        _close(
            claim.call_id,
            GatewayCall.Outcome.NOT_SENT,
            now=now,
            error=error,
            answer=answer,
            latency_ms=latency_ms,
        )


def record_unknown(
    claim: Claim, *, now: datetime, error: str, answer: str = "", latency_ms: int | None = None
) -> None:
    """The provider may have taken it: never sent again without proof or a person's decision."""
    mark_unknown([claim.call_id], now=now, error=error, answer=answer, latency_ms=latency_ms)


def mark_unknown(
    call_ids: Sequence[int], *, now: datetime, error: str, answer: str = "", latency_ms: int | None = None
) -> None:
    """Requests without an outcome, and their recipients still `sending`, become `unknown`."""
    for call_id in call_ids:
        with transaction.atomic():
            locked = (
                GatewayCall.objects.select_for_update()
                .filter(pk=call_id, outcome=GatewayCall.Outcome.PENDING)
                .exists()
            )
            if not locked:
                continue
            with connection.cursor() as cursor:
                cursor.execute(_TO_UNKNOWN, {"call": call_id, "now": now, "status": error[:60]})
            _close(
                call_id,
                GatewayCall.Outcome.UNKNOWN,
                now=now,
                error=error,
                answer=answer,
                latency_ms=latency_ms,
            )
            failpoint(Point.RECOVER_WRITTEN)


def recover(*, now: datetime) -> int:
    """Requests whose lease is over without an outcome (a worker died) become `unknown`; their number."""
    overdue = list(
        GatewayCall.objects.filter(outcome=GatewayCall.Outcome.PENDING, doubtful_at__lt=now)
        .order_by("doubtful_at")
        .values_list("pk", flat=True)[:500]
    )
    mark_unknown(overdue, now=now, error="worker_lost")
    return len(overdue)
