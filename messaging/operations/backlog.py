"""What waits, by channel and reason, and since when: counted within a bound, never a scan of millions.

A waiting row's own `not_before` tells most: due, held by an event, or later. Counting those is a look at
the partial index of waiting rows alone; only the few that wait for an instant are read for their reason.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from channels.models import Channel
from common.sql import fetch
from messaging.audience.planning import summarise
from messaging.evaluation.facts import MessageDecision, decisions_of
from messaging.models import Message
from messaging.policy.decide import Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus

# The most rows counted for one look, shared among the messages; the most messages looked at.
ROWS: Final = 400_000
MESSAGES: Final = 200
# So many rows of one message are read for their reason.
READ_ROWS: Final = 5_000

# Waiting for nothing of their own.
READY: Final = ""

_COUNTS = """
SELECT m.id, due.n, event.n, later.reasons, first.not_before
  FROM unnest(%(messages)s::bigint[]) AS m(id)
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
       SELECT FROM messaging_delivery d
        WHERE d.message_id = m.id AND d.state = 'queued' AND d.not_before <= %(now)s
        LIMIT %(limit)s) x) due
 CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
       SELECT FROM messaging_delivery d
        WHERE d.message_id = m.id AND d.state = 'queued' AND d.not_before IS NULL
        LIMIT %(limit)s) x) event
 CROSS JOIN LATERAL (SELECT coalesce(jsonb_object_agg(y.reason, y.n), '{}') AS reasons FROM (
       SELECT x.reason, count(*) AS n FROM (
              SELECT d.reason FROM messaging_delivery d
               WHERE d.message_id = m.id AND d.state = 'queued' AND d.not_before > %(now)s
               LIMIT %(read)s) x GROUP BY x.reason) y) later
  LEFT JOIN LATERAL (SELECT d.not_before FROM messaging_delivery d
        WHERE d.message_id = m.id AND d.state = 'queued' AND d.not_before <= %(now)s
        ORDER BY d.not_before, d.id LIMIT 1) first ON TRUE
"""


@dataclass
class ChannelBacklog:
    """What waits on one channel: recipients by reason ('' for none: they go as fast as the gateway
    takes them), the oldest row that may go, and whether there is more than was counted."""

    channel: str
    by_reason: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    messages: int = 0
    planning: int = 0
    oldest_due_at: datetime | None = None
    is_bounded: bool = False

    @property
    def total(self) -> int:
        return sum(self.by_reason.values())


@dataclass(frozen=True, slots=True)
class _Rows:
    due: int
    event: int
    later: dict[str, int]
    first_due_at: datetime | None

    def as_counts(self) -> list[tuple[str, str, int]]:
        """As `summarise` takes them. A recipient who waits for an event waits for the end of a call."""
        queued = DeliveryState.QUEUED
        rows = [(queued, READY, self.due), (queued, Reason.VOC_CALL_OPEN, self.event)]
        return [row for row in (*rows, *((queued, why, n) for why, n in self.later.items())) if row[2]]


def backlog(now: datetime) -> dict[str, ChannelBacklog]:
    """What waits, by channel's code, for every channel of messages, be it in use or not."""
    found = {
        code: ChannelBacklog(code) for code in Channel.objects.of_messages().values_list("code", flat=True)
    }
    messages = list(
        Message.objects.filter(
            channel__code__in=found,
            status__in=(MessageStatus.SUBMITTED, MessageStatus.RUNNING, MessageStatus.PAUSED),
        )
        .select_related("channel")
        .order_by("priority", "id")[: MESSAGES + 1]
    )
    planned = [message for message in messages[:MESSAGES] if message.planned_at is not None]
    limit = ROWS // max(len(planned), 1)
    rows = _rows_of([message.pk for message in planned], limit, now)
    decisions = decisions_of([message for message in planned if message.pk in rows], now)
    for message in messages[:MESSAGES]:
        waiting = found[message.channel.code]
        waiting.messages += 1
        if message.planned_at is None:
            waiting.planning += 1
        elif message.pk in rows:
            _add(waiting, rows[message.pk], decisions[message.pk], limit)
    for waiting in found.values():
        waiting.by_reason = dict(waiting.by_reason)
        waiting.is_bounded = waiting.is_bounded or len(messages) > MESSAGES
    return found


def _rows_of(messages: Sequence[int], limit: int, now: datetime) -> dict[int, _Rows]:
    parameters = {"messages": list(messages), "now": now, "limit": limit, "read": READ_ROWS}
    return {
        pk: _Rows(due, event, json.loads(later), first)
        for pk, due, event, later, first in fetch(_COUNTS, parameters)
    }


def _add(waiting: ChannelBacklog, rows: _Rows, message_decision: MessageDecision, limit: int) -> None:
    plan = summarise(rows.as_counts(), message_decision)
    for reason, count in plan.by_reason.items():
        waiting.by_reason[reason] += count
    if ready := plan.waiting - sum(plan.by_reason.values()):
        waiting.by_reason[READY] += ready
    if max(rows.due, rows.event) >= limit or sum(rows.later.values()) >= READ_ROWS:
        waiting.is_bounded = True
    if message_decision.decision.verdict is Verdict.ALLOW and rows.first_due_at is not None:
        waiting.oldest_due_at = min(waiting.oldest_due_at or rows.first_due_at, rows.first_due_at)
