"""What the VOC desk shows of its calls: the queue, how many wait, and which the VOC manager may end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from contacts.desk.actions import ATTEMPTS, may_be_ended
from contacts.models import CallStep, OptOutCall
from staff.models import User

# A call that waits longer is shown in the colour of a warning; a late one in that of an alarm.
SOON: Final = timedelta(hours=1)


class QueueFilter(StrEnum):
    """Which calls the queue shows."""

    ALL = "all"
    MINE = "mine"
    ENDLESS = "endless"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A call in the queue. `tone`: of its age; `may_be_ended`: by the VOC manager (reading 12)."""

    call: OptOutCall
    tone: str
    may_be_ended: bool


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Open calls: all of them, those of the person, those nobody has, and those found late."""

    open: int
    mine: int
    waiting: int
    late: int


def open_calls() -> QuerySet[OptOutCall, Any]:
    return OptOutCall.objects.filter(closed_at__isnull=True)


def queue(shown: QueueFilter, user: User) -> QuerySet[OptOutCall, Any]:
    """The open calls that `shown` names, with everything a row of the queue shows."""
    rows = open_calls().select_related("contact", "taken_by", "named", "opened_by")
    if shown is QueueFilter.MINE:
        return rows.filter(taken_by=user)
    if shown is QueueFilter.ENDLESS:
        return rows.filter(pk__in=calls_to_end())
    return rows


def rows_of(calls: Iterable[OptOutCall], now: datetime) -> list[QueueRow]:
    calls = list(calls)
    endless = _endless(calls)
    return [QueueRow(call, tone_of(call, now), call.pk in endless) for call in calls]


def tone_of(call: OptOutCall, now: datetime) -> str:
    if call.late_at is not None:
        return "danger"
    return "warning" if now - call.opened_at >= SOON else "success"


def counts(user: User) -> QueueCounts:
    found = open_calls().aggregate(
        open=Count("pk"),
        mine=Count("pk", filter=Q(taken_by=user)),
        waiting=Count("pk", filter=Q(taken_by__isnull=True)),
        late=Count("pk", filter=Q(late_at__isnull=False)),
    )
    return QueueCounts(**found)


def next_call(now: datetime, *, but: OptOutCall | None = None) -> OptOutCall | None:
    """The oldest call that nobody has and that need not wait for its next try; None where there is none."""
    waiting = open_calls().filter(
        Q(next_try_at__isnull=True) | Q(next_try_at__lte=now), taken_by__isnull=True
    )
    if but is not None:
        waiting = waiting.exclude(pk=but.pk)
    return waiting.select_related("contact").order_by("opened_at", "pk").first()


def calls_to_end() -> list[int]:
    """The open calls that the VOC manager may end (reading 12)."""
    return sorted(_endless(list(open_calls().filter(attempts__gte=ATTEMPTS))))


def _endless(calls: list[OptOutCall]) -> set[int]:
    tried = [call.pk for call in calls if call.attempts >= ATTEMPTS]
    attempts: dict[int, list[datetime]] = defaultdict(list)
    if tried:
        steps = CallStep.objects.filter(call__in=tried, kind=CallStep.Kind.NOT_REACHED)
        for call_id, at in steps.values_list("call_id", "at"):
            attempts[call_id].append(at)
    return {call_id for call_id, instants in attempts.items() if may_be_ended(instants)}
