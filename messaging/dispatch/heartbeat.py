"""A worker's heartbeat: what it has done, and how far its clock is from the database's."""

from __future__ import annotations

import threading
from collections import defaultdict
from datetime import datetime, timedelta

from common.sql import execute
from common.timeouts import GIVEN_UP_AFTER
from messaging.dispatch.pump_report import PumpReport

# The first report of a process begins the row anew: a process id may come twice.
_BEGIN = "DELETE FROM messaging_workerbeat WHERE name = %(name)s OR seen_at < %(forgotten)s"

_UPSERT = """
INSERT INTO messaging_workerbeat AS b (name, channels, started_at, seen_at, clock_difference_ms, sent,
                                       calls, failures, last_error, failed_at)
VALUES (%(name)s, ARRAY[%(channel)s]::varchar[], %(now)s, %(now)s, %(difference)s, %(sent)s, %(calls)s,
        %(failures)s, %(last_error)s, %(failed_at)s)
ON CONFLICT (name) DO UPDATE
   SET channels = (SELECT array_agg(DISTINCT c ORDER BY c) FROM unnest(b.channels || EXCLUDED.channels) c),
       seen_at = EXCLUDED.seen_at,
       clock_difference_ms = EXCLUDED.clock_difference_ms,
       sent = b.sent + EXCLUDED.sent,
       calls = b.calls + EXCLUDED.calls,
       failures = b.failures + EXCLUDED.failures,
       last_error = coalesce(nullif(EXCLUDED.last_error, ''), b.last_error),
       failed_at = coalesce(EXCLUDED.failed_at, b.failed_at)
"""


class Heart:
    """The reports of this process, one row a worker's name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        # By worker and channel: what was done since the last heartbeat, and when that was.
        self._unsaid: dict[tuple[str, str], PumpReport] = defaultdict(PumpReport)
        self._said_at: dict[tuple[str, str], datetime] = {}

    def note(
        self,
        worker: str,
        channel_code: str,
        news: PumpReport,
        *,
        clock_difference: timedelta,
        now: datetime,
        at_once: bool = False,
    ) -> None:
        """Add what was done since the last call, and write it (`at_once`, or) unless something was written
        less than two seconds ago.

        `now` is the database's clock. Writes one row; raises the database's errors, and keeps what could not
        be written for the next heartbeat.
        """
        key, name = (worker, channel_code), worker[:120]
        with self._lock:
            unsaid = self._unsaid[key]
            unsaid.add(news)
            if not at_once and key in self._said_at and abs(now - self._said_at[key]) < timedelta(seconds=2):
                return
            if worker not in self._known:
                execute(_BEGIN, {"name": name, "forgotten": now - GIVEN_UP_AFTER})
            done = {"sent": unsaid.sent, "calls": unsaid.calls, "failures": len(unsaid.failures)}
            error = unsaid.failures[-1][:60] if unsaid.failures else ""
            failed = {"last_error": error, "failed_at": now if unsaid.failures else None}
            difference = round(clock_difference / timedelta(milliseconds=1))
            here = {"name": name, "channel": channel_code, "difference": difference, "now": now}
            execute(_UPSERT, {**here, **done, **failed})
            self._known.add(worker)
            self._said_at[key] = now
            del self._unsaid[key]


note = Heart().note
