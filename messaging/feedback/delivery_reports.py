"""Delivery reports are asked for, by call, the longest due first. Any number of workers may do it at once.

1. Take calls that are due by moving their next question forward: a worker that dies leaves them to the next.
2. Ask about ten of them side by side, with no transaction open.
3. Write each call's findings in one statement.
4. Again from step 1 until none is due, the provider answers nothing, or `REPORTS_TURN` is over.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels.models import Channel
from common.sql import execute, fetch
from common.timeouts import ABANDONED_AFTER, REPORTS_TURN, UNANSWERED_PAUSE
from gateways.base import DeliveryReport, GatewayError, Trouble
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.feedback.match import AwaitingReport, match_reports
from messaging.feedback.write import Taken, write_reports
from messaging.models import Delivery
from messaging.models.report_schedule import ends_at

logger = logging.getLogger(__name__)

_TAKE = """
WITH due AS MATERIALIZED (
    SELECT id FROM messaging_gatewaycall
     WHERE channel_id = %(channel)s AND report_due_at <= %(now)s
     ORDER BY report_due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE messaging_gatewaycall k
   SET report_due_at = %(leased)s, report_rounds = k.report_rounds + 1
  FROM due WHERE k.id = due.id
RETURNING k.id, k.campaign_id, k.intended_at, k.size, k.report_rounds
"""

_POSTPONE = """
UPDATE messaging_gatewaycall SET report_due_at = %(later)s
 WHERE id IN (SELECT id FROM messaging_gatewaycall
               WHERE channel_id = %(channel)s AND report_due_at <= %(now)s
                 FOR UPDATE SKIP LOCKED)
"""


@dataclass
class Polled:
    """One turn: calls asked about, recipients by new state, reports that fit no recipient (`strangers`), and
    the failures' codes."""

    calls: int = 0
    states: Counter[str] = field(default_factory=Counter)
    strangers: int = 0
    failures: list[str] = field(default_factory=list)


def poll_channel(
    channel: Channel, client: GatewayClient, *, clock: Clock, seconds: float = REPORTS_TURN
) -> Polled:
    """Ask about calls of a channel until none is due, or `seconds` are over."""
    polled = Polled()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        now = clock()
        taken = _take(channel, now)
        if not taken:
            break
        waiting = _waiting(taken)
        answers = _ask(client, taken, waiting)
        for call, answer in zip(taken, answers, strict=True):
            _write(call, waiting[call.pk], answer, clock(), polled)
        if all(isinstance(answer, GatewayError) for answer in answers):
            _postpone(channel, now)
            break
    if polled.failures:
        logger.warning(
            "delivery reports could not be asked for",
            extra={"channel": channel.code, "codes": sorted(set(polled.failures))},
        )
    if polled.strangers:
        logger.warning(
            "delivery reports about nobody", extra={"channel": channel.code, "reports": polled.strangers}
        )
    return polled


def _take(channel: Channel, now: datetime) -> list[Taken]:
    leased = now + ABANDONED_AFTER
    due = {"channel": channel.pk, "now": now, "leased": leased, "limit": 10}
    return [
        Taken(pk, campaign_id, intended_at, size, rounds, leased)
        for pk, campaign_id, intended_at, size, rounds in fetch(_TAKE, due)
    ]


def _waiting(calls: Sequence[Taken]) -> dict[int, list[AwaitingReport]]:
    rows = Delivery.objects.awaiting_report([call.pk for call in calls])
    found: dict[int, list[AwaitingReport]] = defaultdict(list)
    for call_id, pk, address, provider_id in rows.values_list("call_id", "pk", "address", "provider_id"):
        found[call_id or 0].append(AwaitingReport(pk, address, provider_id))
    return found


def _ask(
    client: GatewayClient, calls: Sequence[Taken], waiting: Mapping[int, list[AwaitingReport]]
) -> list[list[DeliveryReport] | GatewayError]:
    """The provider's answer about each call; a call without a waiting recipient is not asked about."""
    asked = [call for call in calls if call.pk in waiting]
    questions: list[Any] = [
        client.gateway.reports(call.campaign_id, [row.provider_id for row in waiting[call.pk]])
        for call in asked
    ]
    answers = client.ask_all(questions)
    told = {call.pk: answer for call, answer in zip(asked, answers, strict=True)}
    return [told.get(call.pk, []) for call in calls]


def _write(
    call: Taken,
    waiting: Sequence[AwaitingReport],
    answer: list[DeliveryReport] | GatewayError,
    now: datetime,
    polled: Polled,
) -> None:
    polled.calls += 1
    reports = [] if isinstance(answer, GatewayError) else answer
    unanswered = isinstance(answer, GatewayError) and answer.trouble is not Trouble.CONTENT
    if isinstance(answer, GatewayError) and unanswered:
        polled.failures.append(answer.code)
    matched = match_reports(waiting, reports)
    # The list of a campaign names those, too, whose report came in earlier.
    polled.strangers += max(0, matched.unmatched - (call.size - len(waiting)))
    is_over = now >= ends_at(call.intended_at)
    polled.states.update(
        write_reports(call, waiting, matched.findings, is_over=is_over, now=now, unanswered=unanswered)
    )


def _postpone(channel: Channel, now: datetime) -> None:
    """Leave a provider that gave no answer alone for `UNANSWERED_PAUSE`; no call's pause grows by it."""
    execute(_POSTPONE, {"channel": channel.pk, "now": now, "later": now + UNANSWERED_PAUSE})
