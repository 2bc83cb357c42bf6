"""How fast it goes: what each channel and worker did lately, and how long the gateways took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Count

from common.media import MEDIA
from common.timeouts import CATCH_UP
from messaging.dispatch.clock import TOLERANCE
from messaging.models import UnreadableInbound, WorkerBeat

# Minutes of throughput shown; latency and a worker's figures are of the last of them.
MINUTES: Final = (1, 5, 15)
WORKER_MINUTES: Final = 5
# A worker without a heartbeat for this time counts as gone, and is shown for an hour more.
ALIVE: Final = timedelta(seconds=30)
SHOWN: Final = timedelta(hours=1)
# So many workers fit on a page.
WORKERS: Final = 200

_SPEED = """
SELECT ch.code, lately.*
  FROM channels_channel ch
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(c.size) FILTER (WHERE c.finished_at > %(minutes_1)s), 0),
              coalesce(sum(c.size) FILTER (WHERE c.finished_at > %(minutes_5)s), 0),
              coalesce(sum(c.size), 0)
         FROM messaging_gatewaycall c
        WHERE c.channel_id = ch.id AND c.finished_at > %(minutes_15)s AND c.outcome = 'answered') lately
 WHERE ch.code = ANY(%(channels)s) AND ch.is_active
"""

_LATENCY = """
SELECT ch.code, lately.*
  FROM channels_channel ch
 CROSS JOIN LATERAL (
       SELECT count(*), percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY c.latency_ms)
         FROM messaging_gatewaycall c
        WHERE c.channel_id = ch.id AND c.finished_at > %(since)s AND c.latency_ms IS NOT NULL) lately
 WHERE ch.code = ANY(%(channels)s) AND ch.is_active
"""

_DONE_BY_WORKERS = """
SELECT c.worker, sum(c.size)
  FROM messaging_gatewaycall c
 WHERE c.channel_id IN (SELECT id FROM channels_channel WHERE code = ANY(%(channels)s))
   AND c.finished_at > %(since)s AND c.outcome = 'answered'
 GROUP BY c.worker
"""

_UNKNOWN_CALLS = """
SELECT ch.code, count(c.id)
  FROM channels_channel ch
  JOIN messaging_gatewaycall c ON c.channel_id = ch.id AND c.outcome = 'unknown'
 GROUP BY ch.code
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
    """One worker process. `clock_seconds` is the database's clock less its own."""

    name: str
    channels: tuple[str, ...]
    started_at: datetime
    seen_at: datetime
    clock_seconds: float
    sent_lately: int
    sent: int
    calls: int
    failures: int
    last_error: str
    failed_at: datetime | None
    is_alive: bool

    @property
    def is_skewed(self) -> bool:
        """Whether it may not send anything promotional for its clock's sake."""
        return self.is_alive and abs(self.clock_seconds) > TOLERANCE.total_seconds()


def throughput(now: datetime) -> dict[str, tuple[int, ...]]:
    """By channel: the recipients whose call was answered in the last 1, 5 and 15 minutes."""
    parameters = {f"minutes_{n}": now - timedelta(minutes=n) for n in MINUTES}
    with connection.cursor() as cursor:
        cursor.execute(_SPEED, {"channels": [*MEDIA], **parameters})
        return {code: tuple(int(n) for n in counts) for code, *counts in cursor.fetchall()}


def latencies(now: datetime) -> dict[str, Latency]:
    """By channel: how long the gateway took for a request lately."""
    with connection.cursor() as cursor:
        cursor.execute(_LATENCY, {"channels": [*MEDIA], "since": now - timedelta(minutes=MINUTES[-1])})
        return {
            code: Latency(n, *(ms / 1000 for ms in shares)) if n else Latency(0)
            for code, n, shares in cursor.fetchall()
        }


def calls_of_unknown_outcome() -> dict[str, int]:
    """By channel: the calls whose outcome nobody knows yet; a channel without one is left out."""
    with connection.cursor() as cursor:
        cursor.execute(_UNKNOWN_CALLS)
        return dict(cursor.fetchall())


def unreadable_inbound(now: datetime) -> dict[str, int]:
    """By channel: the parts of the received messages that could not be read in the last seven days."""
    lately = UnreadableInbound.objects.filter(found_at__gt=now - CATCH_UP)
    return dict(lately.values_list("channel__code").annotate(n=Count("pk")).order_by())


def workers(now: datetime) -> list[Worker]:
    """Those who were seen within the hour: the living first, by name."""
    rows = list(WorkerBeat.objects.filter(seen_at__gt=now - SHOWN).order_by("-seen_at")[:WORKERS])
    done = _done_lately(now) if rows else {}
    found = [_worker(row, done.get(row.name, 0), now) for row in rows]
    return sorted(found, key=lambda worker: (not worker.is_alive, worker.name))


def _done_lately(now: datetime) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _DONE_BY_WORKERS, {"channels": [*MEDIA], "since": now - timedelta(minutes=WORKER_MINUTES)}
        )
        return {worker: int(n) for worker, n in cursor.fetchall()}


def _worker(row: WorkerBeat, sent_lately: int, now: datetime) -> Worker:
    return Worker(
        name=row.name,
        channels=tuple(row.channels),
        started_at=row.started_at,
        seen_at=row.seen_at,
        clock_seconds=row.clock_difference_ms / 1000,
        sent_lately=sent_lately,
        sent=row.sent,
        calls=row.calls,
        failures=row.failures,
        last_error=row.last_error,
        failed_at=row.failed_at,
        is_alive=now - row.seen_at < ALIVE,
    )


def skewed_workers(now: datetime) -> list[Worker]:
    """Living workers that send nothing promotional, since their clock is wrong."""
    limit = TOLERANCE / timedelta(milliseconds=1)
    rows = WorkerBeat.objects.filter(seen_at__gt=now - ALIVE).exclude(
        clock_difference_ms__range=(-limit, limit)
    )
    return [_worker(row, 0, now) for row in rows.order_by("name")[:WORKERS]]
