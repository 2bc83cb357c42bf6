"""The reports of one call are written: one update of its recipients, final states stay final.

`unreported` is not final: a report that comes late still counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from common.sanitise import sanitise
from common.sql import fetch
from common.timeouts import UNANSWERED_PAUSE
from messaging.feedback.match import AwaitingReport, ReportedState
from messaging.models import Delivery, GatewayCall
from messaging.models.report_schedule import ends_at, next_due, next_late
from messaging.states import DeliveryState

_FINDINGS = """
    UPDATE messaging_delivery d
       SET state = v.state, provider_status = coalesce(nullif(v.word, ''), d.provider_status),
           updated_at = CASE WHEN v.state = d.state THEN d.updated_at ELSE %(now)s END
      FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(words)s::text[]) AS v(id, state, word)
     WHERE d.id = v.id AND d.call_id = %(call)s
       AND ((d.state = 'accepted' AND (v.state <> 'accepted' OR d.provider_status <> v.word))
            OR (d.state = 'unreported' AND v.state IN ('delivered', 'undelivered')))
    RETURNING v.state
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that this worker asks about until `leased`."""

    pk: int
    campaign_id: str
    intended_at: datetime
    size: int
    rounds: int
    leased: datetime


def write_reports(
    call: Taken,
    waiting: Sequence[AwaitingReport],
    findings: Mapping[int, ReportedState],
    *,
    is_over: bool,
    now: datetime,
    unanswered: bool = False,
) -> Counter[str]:
    """Write the findings and the call's next question; recipients by new final state.

    After the waiting (`is_over`) a recipient without a report becomes `unreported`. An `unanswered` question
    makes no pause longer. A next question that another worker or a callback set meanwhile stays
    (0 rows updated).
    """
    changes = _changes(waiting, findings, is_over=is_over)
    with transaction.atomic():
        # The call's row is locked before its recipients, as everywhere.
        GatewayCall.objects.select_for_update().filter(pk=call.pk).first()
        counts = _update(call, changes, now) if changes else Counter()
        left = set(Delivery.objects.awaiting_report([call.pk]).values_list("state", flat=True).distinct())
        if not left:
            GatewayCall.objects.filter(pk=call.pk).update(report_due_at=None)
            return counts
        rounds, due_at = call.rounds, next_late(now, call.intended_at, unanswered=unanswered)
        if DeliveryState.ACCEPTED in left:
            rounds, due_at = _next_question(call, now, has_news=bool(counts), unanswered=unanswered)
        GatewayCall.objects.filter(pk=call.pk, report_due_at=call.leased).update(
            report_due_at=due_at, report_rounds=rounds
        )
    return counts


def _next_question(call: Taken, now: datetime, *, has_news: bool, unanswered: bool) -> tuple[int, datetime]:
    """(rounds asked, next question). A round with news keeps the pause."""
    if unanswered:
        return call.rounds - 1, min(now + UNANSWERED_PAUSE, ends_at(call.intended_at))
    rounds = max(call.rounds - 1, 1) if has_news else call.rounds
    return rounds, next_due(now, rounds, call.intended_at)


def _changes(
    waiting: Sequence[AwaitingReport], findings: Mapping[int, ReportedState], *, is_over: bool
) -> list[tuple[int, DeliveryState, str]]:
    changes: list[tuple[int, DeliveryState, str]] = []
    for row in waiting:
        found = findings.get(row.pk)
        if found is not None and found.state is not DeliveryState.ACCEPTED:
            changes.append((row.pk, found.state, found.word))
        elif is_over:
            changes.append((row.pk, DeliveryState.UNREPORTED, found.word if found else ""))
        elif found is not None and found.is_unclear:
            changes.append((row.pk, found.state, found.word))
    return changes


def _update(call: Taken, changes: Sequence[tuple[int, DeliveryState, str]], now: datetime) -> Counter[str]:
    found = fetch(
        _FINDINGS,
        {
            "ids": [pk for pk, _state, _word in changes],
            "states": [state.value for _pk, state, _word in changes],
            # The column's width in characters; each has at least a byte.
            "words": [sanitise(word, 60) for _pk, _state, word in changes],
            "call": call.pk,
            "now": now,
        },
    )
    return Counter(state for (state,) in found if state != DeliveryState.ACCEPTED)
