"""How fast it goes: what each channel and worker did lately, and how long the gateways took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Sum

from common.media import MEDIA
from common.sql import fetch
from common.timeouts import CATCH_UP
from messaging.dispatch.clock import TOLERANCE
from messaging.models import GatewayCall, UnreadableInbound, WorkerBeat

# Minutes of throughput shown; latency is of the last of them, a worker's figures of `WORKER_MINUTES`.
MINUTES: Final = (1, 5, 15)
WORKER_MINUTES: Final = 5
# A worker without a heartbeat for this time counts as gone.
ALIVE: Final = timedelta(seconds=30)

_SPEED = """
SELECT ch.code, lately.*
  FROM channels_channel ch
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(k.n) FILTER (WHERE c.finished_at > %(minutes_1)s), 0),
              coalesce(sum(k.n) FILTER (WHERE c.finished_at > %(minutes_5)s), 0),
              coalesce(sum(k.n), 0), count(c.latency_ms),
              percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY c.latency_ms)
         FROM messaging_gatewaycall c
        CROSS JOIN LATERAL (SELECT CASE WHEN c.outcome = 'answered' THEN c.size END AS n) k
        WHERE c.channel_id = ch.id AND c.finished_at > %(minutes_15)s) lately
 WHERE ch.code = ANY(%(channels)s) AND ch.is_active
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of the requests of the last 15 minutes, in seconds; None without any request."""

    requests: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process, and the recipients that it sent in the last `WORKER_MINUTES`."""

    row: WorkerBeat
    sent_lately: int
    is_alive: bool

    @property
    def is_skewed(self) -> bool:
        """Whether it may not send anything promotional for its clock's sake."""
        return self.is_alive and abs(self.row.clock_seconds) > TOLERANCE.total_seconds()


def speeds(now: datetime) -> dict[str, tuple[tuple[int, ...], Latency]]:
    """By channel: the recipients whose call was answered in the last 1, 5 and 15 minutes, and how long the
    gateway took for a request."""
    parameters = {f"minutes_{n}": now - timedelta(minutes=n) for n in MINUTES}
    return {
        code: ((one, five, fifteen), Latency(requests, *(ms / 1000 for ms in shares or ())))
        for code, one, five, fifteen, requests, shares in fetch(_SPEED, {"channels": [*MEDIA], **parameters})
    }


def calls_of_unknown_outcome() -> dict[str, int]:
    """By channel: the calls whose outcome nobody knows yet; a channel without one is left out."""
    unknown = GatewayCall.objects.filter(outcome=GatewayCall.Outcome.UNKNOWN)
    return dict(unknown.values_list("channel__code").annotate(n=Count("pk")).order_by())


def unreadable_inbound(now: datetime) -> dict[str, int]:
    """By channel: the parts of the received messages that could not be read in the last seven days."""
    lately = UnreadableInbound.objects.filter(found_at__gt=now - CATCH_UP)
    return dict(lately.values_list("channel__code").annotate(n=Count("pk")).order_by())


def workers(now: datetime) -> list[Worker]:
    """Those who were seen within the hour, 200 at most: the living first, by name."""
    rows = list(WorkerBeat.objects.filter(seen_at__gt=now - timedelta(hours=1)).order_by("-seen_at")[:200])
    done = _done_lately(now) if rows else {}
    found = [Worker(row, done.get(row.name, 0), now - row.seen_at < ALIVE) for row in rows]
    return sorted(found, key=lambda worker: (not worker.is_alive, worker.row.name))


def _done_lately(now: datetime) -> dict[str, int]:
    lately = GatewayCall.objects.filter(
        channel__code__in=MEDIA,
        finished_at__gt=now - timedelta(minutes=WORKER_MINUTES),
        outcome=GatewayCall.Outcome.ANSWERED,
    )
    return dict(lately.values_list("worker").annotate(n=Sum("size")).order_by())


def skewed_workers(now: datetime) -> list[WorkerBeat]:
    """Living workers that send nothing promotional, since their clock is wrong."""
    limit = TOLERANCE / timedelta(milliseconds=1)
    alive = WorkerBeat.objects.filter(seen_at__gt=now - ALIVE)
    return list(alive.exclude(clock_difference_ms__range=(-limit, limit)).order_by("name")[:200])
