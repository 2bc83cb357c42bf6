"""How sending goes, in the text format of Prometheus. Counts and codes only: no number, name or text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from audit.nightly import latest as latest_verification
from messaging.operations.backlog import READY
from messaging.operations.figures import MINUTES
from messaging.operations.overview import Overview, consent_out_of_step, overview

# What waits for nothing of its own needs a word here; `reason=""` would be no label at all.
READY_LABEL = "ready"


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
        yield from self._workers()
        yield from self._backlog()
        yield from self._gateways()
        yield from self._outages()
        yield from self._trail()
        yield GaugeMetricFamily(
            "amoot_consent_out_of_step",
            "Customers and numbers whose flags are not what the consent ledger says; counted once an hour.",
            value=consent_out_of_step(),
        )

    def _workers(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("amoot_workers_alive", "Workers seen lately.", value=self.seen.alive)
        yield GaugeMetricFamily(
            "amoot_workers_skewed",
            "Living workers that send nothing promotional: their clock is wrong.",
            value=len(self.seen.skewed),
        )
        age = _gauge("amoot_worker_seen_seconds", "Seconds since a worker's last report.", "worker")
        clock = _gauge(
            "amoot_worker_clock_difference_seconds", "The database's clock less the worker's.", "worker"
        )
        sent = CounterMetricFamily(
            "amoot_worker_recipients", "Recipients sent since the worker's start.", labels=["worker"]
        )
        calls = CounterMetricFamily(
            "amoot_worker_calls", "Gateway calls since the worker's start.", labels=["worker"]
        )
        failures = CounterMetricFamily(
            "amoot_worker_failures", "Failed gateway calls since the worker's start.", labels=["worker"]
        )
        for worker in self.seen.workers:
            age.add_metric([worker.name], (self.now - worker.seen_at).total_seconds())
            clock.add_metric([worker.name], worker.clock_seconds)
            sent.add_metric([worker.name], worker.sent)
            calls.add_metric([worker.name], worker.calls)
            failures.add_metric([worker.name], worker.failures)
        yield from (age, clock, sent, calls, failures)

    def _backlog(self) -> Iterator[Metric]:
        rows = _gauge("amoot_backlog_recipients", "Waiting recipients by reason.", "channel", "reason")
        bounded = _gauge("amoot_backlog_bounded", "1: more wait than were counted.", "channel")
        messages = _gauge("amoot_backlog_messages", "Messages that have not ended.", "channel")
        oldest = _gauge(
            "amoot_oldest_due_seconds", "Since when the oldest recipient waits that may go now.", "channel"
        )
        for one in self.seen.channels:
            code, waiting = one.channel.code, one.waiting
            for reason, count in sorted({READY: 0, **waiting.by_reason}.items()):
                rows.add_metric([code, reason or READY_LABEL], count)
            bounded.add_metric([code], int(waiting.is_bounded))
            messages.add_metric([code], waiting.messages)
            due = waiting.oldest_due_at
            oldest.add_metric([code], max((self.now - due).total_seconds(), 0) if due else 0)
        yield from (rows, bounded, messages, oldest)

    def _gateways(self) -> Iterator[Metric]:
        handed = _gauge(
            "amoot_handed_over_recipients",
            "Recipients whose call was answered, by minutes back.",
            "channel",
            "minutes",
        )
        latency = _gauge(
            "amoot_gateway_latency_seconds",
            "How long requests of the last 15 minutes took.",
            "channel",
            "quantile",
        )
        requests = _gauge("amoot_gateway_requests", "Requests of the last 15 minutes.", "channel")
        unknown = _gauge("amoot_calls_in_doubt", "Calls whose outcome nobody knows.", "channel")
        unreadable = _gauge(
            "amoot_inbound_unreadable",
            "Parts of the received messages that could not be read in the last seven days.",
            "channel",
        )
        for one in self.seen.channels:
            code = one.channel.code
            unreadable.add_metric([code], one.unreadable)
            for minutes, count in zip(MINUTES, one.throughput, strict=True):
                handed.add_metric([code, str(minutes)], count)
            shares = (("0.5", one.latency.p50), ("0.95", one.latency.p95), ("0.99", one.latency.p99))
            for quantile, seconds in shares:
                if seconds is not None:
                    latency.add_metric([code, quantile], seconds)
            requests.add_metric([code], one.latency.requests)
            unknown.add_metric([code], one.unknown)
        yield from (handed, latency, requests, unknown, unreadable)

    def _outages(self) -> Iterator[Metric]:
        down = _gauge("amoot_channel_down", "1: an outage of the channel is open.", "channel")
        since = _gauge("amoot_outage_seconds", "Since when an outage is open.", "channel", "cause")
        for one in self.seen.channels:
            down.add_metric([one.channel.code], int(bool(one.outages)))
            for outage in one.outages:
                seconds = (self.now - outage.started_at).total_seconds()
                since.add_metric([one.channel.code, outage.cause], max(seconds, 0))
        yield from (down, since)

    def _trail(self) -> Iterator[Metric]:
        verified = latest_verification()
        if verified is not None:
            yield GaugeMetricFamily(
                "amoot_audit_holds",
                "1: the last verification of the audit trail found no fault.",
                value=int(verified.holds),
            )
            yield GaugeMetricFamily(
                "amoot_audit_verified_seconds",
                "Seconds since the audit trail was verified.",
                value=max((self.now - verified.at).total_seconds(), 0),
            )


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, labels=labels)
