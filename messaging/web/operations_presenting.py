"""The overview as the rows of its page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from common.wording import Label
from messaging.operations.backlog import READY
from messaging.operations.figures import MINUTES
from messaging.operations.overview import ChannelOverview, Overview
from messaging.policy.reasons import Reason
from messaging.web.labels import REASONS


@dataclass(frozen=True, slots=True)
class BacklogRow:
    label: Label
    clause: str
    count: int


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One channel: `oldest` is how long the row waits that may go and has waited longest."""

    seen: ChannelOverview
    backlog: list[BacklogRow]
    speed: list[tuple[int, int]]
    oldest: timedelta | None


def rows_of(seen: Overview, now: datetime) -> list[ChannelRow]:
    return [
        ChannelRow(
            seen=one,
            backlog=_backlog(one.waiting.by_reason),
            speed=list(zip(MINUTES, one.throughput, strict=True)),
            oldest=now - one.waiting.oldest_due_at if one.waiting.oldest_due_at else None,
        )
        for one in seen.channels
    ]


def _backlog(by_reason: dict[str, int]) -> list[BacklogRow]:
    """The largest first; what waits for nothing of its own before all others."""
    rows = sorted(by_reason.items(), key=lambda row: (row[0] != READY, -row[1], row[0]))
    return [_row(code, count) for code, count in rows]


def _row(code: str, count: int) -> BacklogRow:
    if code == READY:
        return BacklogRow(_("may go now"), "", count)
    label = REASONS[Reason(code)]
    return BacklogRow(label.name, label.clause, count)
