"""How far messages are, for screens: small ones are counted at each look, of large ones the last count is
shown with its instant (docs/adr/0024). Decisions and explanations count for themselves (`message_progress`).

A large message (`MessageProgress` has a row of it) is counted as follows.

1. A screen that shows a count marks it as wanted. It never counts itself, or ten viewers would read a million
   rows ten times in five seconds.
2. A worker's duty counts what is wanted (`count_wanted`), and each message once after its end. An advisory
   lock keeps two workers from the same message; the pause after a count bounds its cost to one part in 20.
3. Where no worker has counted for `UNHEARD` beyond that pause, the screen counts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Case, F, Q, When

from common.monotonic import monotonic
from common.sql import fetch
from messaging.audience.planning import Plan
from messaging.audience.progress import count_recipients, plan_of
from messaging.evaluation.facts import decisions_of
from messaging.models import Message, MessageProgress

UNHEARD: Final = timedelta(seconds=10)
# The first key of the advisory lock; the second is the message.
_COUNTING: Final = 0x70726F67


@dataclass(frozen=True, slots=True)
class Progress:
    """`counts_at` is None where the recipients were counted for this look. `is_counted` is false of a plan of
    this moment, whose recipients are counted for the first time; `is_last`: the message has ended, and the
    counts are of later and not old."""

    plan: Plan
    counts_at: datetime | None = None
    is_counted: bool = True
    is_last: bool = False


def progress_of(messages: Collection[Message], now: datetime) -> dict[int, Progress]:
    """How far each message is, by its key, in as many queries as for one; what holds it is read now."""
    kept = {row.pk: row for row in MessageProgress.objects.filter(message__in=[m.pk for m in messages])}
    for pk in [pk for pk, row in kept.items() if _is_unheard(row, now)]:
        count_large(pk, now=now)
        kept[pk] = MessageProgress.objects.get(pk=pk)
    if kept:
        MessageProgress.objects.filter(pk__in=kept, wanted_at__isnull=True).update(wanted_at=now)
    counts = count_recipients([message for message in messages if message.pk not in kept], now)
    for pk, row in kept.items():
        counts[pk] = [(state, reason, n) for state, reason, n in row.counts]
    decisions = decisions_of(messages, now)
    return {
        m.pk: _progress(m, kept.get(m.pk), plan_of(m, counts[m.pk], decisions[m.pk]), now) for m in messages
    }


def _progress(message: Message, row: MessageProgress | None, plan: Plan, now: datetime) -> Progress:
    has_ended = message.finished_at is not None
    if row is None:
        return Progress(plan, is_last=has_ended)
    if row.counted_at is None:
        return Progress(plan, is_counted=False)
    is_fresh = abs(now - row.counted_at) < timedelta(minutes=1)
    return Progress(plan, row.counted_at, is_last=has_ended and row.after_end and is_fresh)


def _is_unheard(row: MessageProgress, now: datetime) -> bool:
    """Whether no worker counts: the row was never counted, or is wanted for too long."""
    if row.counted_at is None:
        return True
    return row.wanted_at is not None and now - row.wanted_at > row.pause + UNHEARD


def count_wanted(*, now: datetime) -> int:
    """Count the large messages that a screen wants, and those that ended since their last count; returns
    how many. Of several workers one counts a message, the others pass it over."""
    rows = MessageProgress.objects.filter(
        Q(wanted_at__isnull=False)
        | Q(counted_at__isnull=True)
        | Q(after_end=False, message__finished_at__isnull=False)
    )
    due: Sequence[int] = [row.pk for row in rows.order_by("pk") if row.is_due(now)]
    return sum(count_large(pk, now=now) for pk in due)


def count_large(message_id: int, *, now: datetime) -> bool:
    """Count a large message's recipients and keep the numbers as of `now`; False if another process counts
    them, or has a moment ago.

    The end and the wish are read before the rows: a count that knows of the end is later than the last change
    by the dispatch, and a wish that comes while it counts stays.
    """
    with transaction.atomic():
        if not _is_mine(message_id):
            return False
        row = MessageProgress.objects.select_related("message").get(pk=message_id)
        if not row.is_due(now):
            return False
        started = monotonic()
        counts = count_recipients([row.message], now)[message_id]
        wanted = Case(When(wanted_at=row.wanted_at, then=None), default=F("wanted_at"))
        MessageProgress.objects.filter(pk=message_id).update(
            counts=counts,
            counted_at=now,
            count_ms=round((monotonic() - started) * 1000),
            after_end=row.message.finished_at is not None,
            wanted_at=wanted if row.wanted_at is not None else F("wanted_at"),
        )
    return True


def _is_mine(message_id: int) -> bool:
    # The lock's second key is an integer of 32 bits.
    return fetch("SELECT pg_try_advisory_xact_lock(%s, %s)", [_COUNTING, message_id % 2**31]) == [(True,)]
