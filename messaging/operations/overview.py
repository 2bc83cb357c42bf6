"""Everything about how sending goes, as the page and `/metrics` show it; parts are some seconds old."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache

from channels.models import Channel, Outage
from contacts.selectors import out_of_step_with_ledger, restrictions_out_of_step
from messaging.models import WorkerBeat
from messaging.operations import figures
from messaging.operations.backlog import ChannelBacklog, backlog

_STANDSTILL: Final = ((0,) * len(figures.MINUTES), figures.Latency(0))


@dataclass(frozen=True, slots=True)
class ChannelOverview:
    channel: Channel
    waiting: ChannelBacklog
    throughput: tuple[int, ...]
    latency: figures.Latency
    unknown: int
    unreadable: int
    outages: tuple[Outage, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    channels: list[ChannelOverview]
    workers: list[figures.Worker]
    outages: list[Outage]

    @property
    def skewed(self) -> list[WorkerBeat]:
        return [worker.row for worker in self.workers if worker.is_skewed]

    @property
    def alive(self) -> int:
        return sum(worker.is_alive for worker in self.workers)


def overview(now: datetime) -> Overview:
    """How sending goes at `now` (the database's clock). One count serves every visitor and scraper."""
    waiting = _cached("operations-backlog", lambda: backlog(now), 10)
    speeds, unknown, unreadable = _cached("operations-speeds", lambda: _figures(now), 4)
    outages = list(Outage.objects.open().shown())
    channels = [
        ChannelOverview(
            channel=channel,
            waiting=waiting.get(channel.code) or ChannelBacklog(channel.code),
            throughput=throughput,
            latency=latency,
            unknown=unknown.get(channel.code, 0),
            unreadable=unreadable.get(channel.code, 0),
            outages=tuple(outage for outage in outages if outage.channel_id == channel.pk),
        )
        for channel in Channel.objects.of_messages().order_by("id")
        for throughput, latency in [speeds.get(channel.code, _STANDSTILL)]
    ]
    return Overview(channels, figures.workers(now), outages)


def _figures(now: datetime) -> tuple[Any, ...]:
    return figures.speeds(now), figures.calls_of_unknown_outcome(), figures.unreadable_inbound(now)


def consent_out_of_step() -> int:
    """Customers and numbers whose flags or restrictions are not what the ledger says, as of the last hour."""
    count = _cached(
        "consent-out-of-step",
        lambda: out_of_step_with_ledger().count() + len(restrictions_out_of_step()),
        3600,
    )
    return int(count)


def _cached(key: str, count: Callable[[], Any], seconds: int) -> Any:
    return cache.get_or_set(key, count, seconds)
