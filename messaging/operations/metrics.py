"""How sending goes, in the text format of Prometheus. Counts and codes only: no number, name or text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit.nightly import latest as latest_verification
from messaging.operations.backlog import READY
from messaging.operations.figures import MINUTES
from messaging.operations.overview import ChannelOverview, Overview, consent_out_of_step, overview

# What waits for nothing of its own needs a word here; `reason=""` would be no label at all.
READY_LABEL: Final = "ready"

# Each metric's text and labels.
GAUGES: Final[dict[str, tuple[str, ...]]] = {
    "amoot_workers_alive": ("Workers seen lately.",),
    "amoot_workers_skewed": ("Living workers that send nothing promotional: their clock is wrong.",),
    "amoot_worker_seen_seconds": ("Seconds since a worker's last report.", "worker"),
    "amoot_worker_clock_difference_seconds": ("The database's clock less the worker's.", "worker"),
    "amoot_backlog_recipients": ("Waiting recipients by reason.", "channel", "reason"),
    "amoot_backlog_bounded": ("1: more wait than were counted.", "channel"),
    "amoot_backlog_messages": ("Messages that have not ended.", "channel"),
    "amoot_oldest_due_seconds": ("Since when the oldest recipient waits that may go now.", "channel"),
    "amoot_handed_over_recipients": (
        "Recipients whose call was answered, by minutes back.",
        *("channel", "minutes"),
    ),
    "amoot_gateway_latency_seconds": (
        "How long requests of the last 15 minutes took.",
        *("channel", "quantile"),
    ),
    "amoot_gateway_requests": ("Requests of the last 15 minutes.", "channel"),
    "amoot_calls_in_doubt": ("Calls whose outcome nobody knows.", "channel"),
    "amoot_inbound_unreadable": (
        "Parts of the received messages that could not be read in the last seven days.",
        "channel",
    ),
    "amoot_channel_down": ("1: an outage of the channel is open.", "channel"),
    "amoot_outage_seconds": ("Since when an outage is open.", "channel", "cause"),
    "amoot_audit_holds": ("1: the last verification of the audit trail found no fault.",),
    "amoot_audit_verified_seconds": ("Seconds since the audit trail was verified.",),
    "amoot_consent_out_of_step": (
        "Customers and numbers whose flags are not what the consent ledger says; counted once an hour.",
    ),
}
COUNTERS: Final[dict[str, tuple[str, ...]]] = {
    "amoot_worker_recipients": ("Recipients sent since the worker's start.", "worker"),
    "amoot_worker_calls": ("Gateway calls since the worker's start.", "worker"),
    "amoot_worker_failures": ("Failed gateway calls since the worker's start.", "worker"),
}

# A metric's name, the values of its labels, and its own.
Sample = tuple[str, tuple[str, ...], float]


def metrics_text(now: datetime) -> bytes:
    """Everything of the overview at `now` (the database's clock), ready to be scraped."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(OverviewCollector(overview(now), now))
    return generate_latest(registry)


class OverviewCollector(Collector):
    def __init__(self, seen: Overview, now: datetime) -> None:
        self.seen = seen
        self.now = now

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {
            **{name: GaugeMetricFamily(name, text, labels=of) for name, (text, *of) in GAUGES.items()},
            **{name: CounterMetricFamily(name, text, labels=of) for name, (text, *of) in COUNTERS.items()},
        }
        for name, labels, value in self._samples():
            families[name].add_metric(labels, value)
        yield from (family for family in families.values() if family.samples)

    def _samples(self) -> Iterator[Sample]:
        yield "amoot_workers_alive", (), self.seen.alive
        yield "amoot_workers_skewed", (), len(self.seen.skewed)
        for worker in self.seen.workers:
            row, label = worker.row, (worker.row.name,)
            yield "amoot_worker_seen_seconds", label, (self.now - row.seen_at).total_seconds()
            yield "amoot_worker_clock_difference_seconds", label, row.clock_seconds
            yield "amoot_worker_recipients", label, row.sent
            yield "amoot_worker_calls", label, row.calls
            yield "amoot_worker_failures", label, row.failures
        for one in self.seen.channels:
            yield from self._of_channel(one)
        verified = latest_verification()
        if verified is not None:
            yield "amoot_audit_holds", (), verified.holds
            yield "amoot_audit_verified_seconds", (), self._seconds_since(verified.at)
        yield "amoot_consent_out_of_step", (), consent_out_of_step()

    def _of_channel(self, one: ChannelOverview) -> Iterator[Sample]:
        code, waiting, latency = one.channel.code, one.waiting, one.latency
        for reason, count in sorted({READY: 0, **waiting.by_reason}.items()):
            yield "amoot_backlog_recipients", (code, reason or READY_LABEL), count
        yield "amoot_backlog_bounded", (code,), waiting.is_bounded
        yield "amoot_backlog_messages", (code,), waiting.messages
        due = waiting.oldest_due_at
        yield "amoot_oldest_due_seconds", (code,), self._seconds_since(due) if due else 0
        for minutes, count in zip(MINUTES, one.throughput, strict=True):
            yield "amoot_handed_over_recipients", (code, str(minutes)), count
        for quantile, seconds in (("0.5", latency.p50), ("0.95", latency.p95), ("0.99", latency.p99)):
            if seconds is not None:
                yield "amoot_gateway_latency_seconds", (code, quantile), seconds
        yield "amoot_gateway_requests", (code,), latency.requests
        yield "amoot_calls_in_doubt", (code,), one.unknown
        yield "amoot_inbound_unreadable", (code,), one.unreadable
        yield "amoot_channel_down", (code,), bool(one.outages)
        for outage in one.outages:
            yield "amoot_outage_seconds", (code, outage.cause), self._seconds_since(outage.started_at)

    def _seconds_since(self, at: datetime) -> float:
        return max((self.now - at).total_seconds(), 0)
