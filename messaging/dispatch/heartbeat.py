"""A worker's heartbeat: what it has done, and how far its clock is from the database's."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

# The least time between two heartbeats of a worker for one channel; what it did in between is added up.
EVERY: Final = timedelta(seconds=2)
# A row that was not written for this long is deleted.
FORGOTTEN_AFTER: Final = timedelta(days=1)

# The first report of a process begins the row anew: a process id may come twice.
_UPSERT = """
INSERT INTO messaging_workerbeat AS b (name, channels, started_at, seen_at, clock_difference_ms, sent,
                                       calls, failures, last_error, failed_at)
VALUES (%(name)s, ARRAY[%(channel)s]::varchar[], %(now)s, %(now)s, %(difference)s, %(sent)s, %(calls)s,
        %(failures)s, %(last_error)s, %(failed_at)s)
ON CONFLICT (name) DO UPDATE
   SET channels = CASE WHEN %(first)s THEN EXCLUDED.channels
                       ELSE (SELECT array_agg(DISTINCT c ORDER BY c)
                               FROM unnest(b.channels || EXCLUDED.channels) c) END,
       started_at = CASE WHEN %(first)s THEN EXCLUDED.started_at ELSE b.started_at END,
       seen_at = EXCLUDED.seen_at,
       clock_difference_ms = EXCLUDED.clock_difference_ms,
       sent = CASE WHEN %(first)s THEN 0 ELSE b.sent END + EXCLUDED.sent,
       calls = CASE WHEN %(first)s THEN 0 ELSE b.calls END + EXCLUDED.calls,
       failures = CASE WHEN %(first)s THEN 0 ELSE b.failures END + EXCLUDED.failures,
       last_error = CASE WHEN %(first)s OR EXCLUDED.last_error <> '' THEN EXCLUDED.last_error
                         ELSE b.last_error END,
       failed_at = CASE WHEN %(first)s OR EXCLUDED.failed_at IS NOT NULL THEN EXCLUDED.failed_at
                        ELSE b.failed_at END
"""


@dataclass
class _Unsaid:
    """What one channel's pump did since the last heartbeat."""

    said_at: datetime | None = None
    sent: int = 0
    calls: int = 0
    failures: int = 0
    last_error: str = ""


class Heart:
    """The reports of this process, one row a worker's name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._unsaid: dict[tuple[str, str], _Unsaid] = {}

    def note(
        self,
        worker: str,
        channel_code: str,
        *,
        sent: int,
        calls: int,
        failures: int,
        last_error: str,
        clock_difference: timedelta,
        now: datetime,
        at_once: bool = False,
    ) -> None:
        """Add what was done since the last call, and write it (`at_once`, or) unless something was written
        a moment ago.

        `now` is the database's clock. Writes one row; raises the database's errors, and keeps what could not
        be written for the next heartbeat.
        """
        with self._lock:
            unsaid = self._unsaid.setdefault((worker, channel_code), _Unsaid())
            unsaid.sent += sent
            unsaid.calls += calls
            unsaid.failures += failures
            unsaid.last_error = last_error or unsaid.last_error
            if not at_once and unsaid.said_at is not None and abs(now - unsaid.said_at) < EVERY:
                return
            first = worker not in self._known
            self._write(worker, channel_code, unsaid, clock_difference, first=first, now=now)
            self._known.add(worker)
            self._unsaid[worker, channel_code] = _Unsaid(said_at=now)
        if first:
            forget(now=now)

    @staticmethod
    def _write(
        worker: str, channel: str, unsaid: _Unsaid, difference: timedelta, *, first: bool, now: datetime
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                _UPSERT,
                {
                    "name": worker[:120],
                    "channel": channel,
                    "now": now,
                    "difference": round(difference / timedelta(milliseconds=1)),
                    "sent": unsaid.sent,
                    "calls": unsaid.calls,
                    "failures": unsaid.failures,
                    "last_error": unsaid.last_error[:60],
                    "failed_at": now if unsaid.failures else None,
                    "first": first,
                },
            )


def forget(*, now: datetime) -> int:
    """Drop the rows of workers not seen for a day; how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM messaging_workerbeat WHERE seen_at < %s", [now - FORGOTTEN_AFTER])
        return int(cursor.rowcount)


note = Heart().note
