"""The named points of a recipient's way at which a process may die: `claim → send → record → settle`.

`make faults` lets workers die at each of them, many times. `CRASH_AT="claim.committed@0.1"` (a point, and
a probability) kills this process there; the setting is read in development mode only, and without it
passing a point costs one comparison.
"""

from __future__ import annotations

import random
import signal
import threading
from enum import StrEnum


class Point(StrEnum):
    """In the order of the way."""

    CLAIM_BEFORE = "claim.before"
    CLAIM_WRITTEN = "claim.written"  # in the transaction, before its commit
    CLAIM_COMMITTED = "claim.committed"
    SEND_BEFORE = "send.before"  # the deadline was checked, nothing is written
    SEND_WRITTEN = "send.written"  # the request is out, the answer is not in
    SEND_ANSWERED = "send.answered"  # the answer is in, nothing is recorded
    RECORD_WRITTEN = "record.written"  # in the transaction, before its commit
    RECORD_COMMITTED = "record.committed"
    RECOVER_WRITTEN = "recover.written"
    SETTLE_ASKED = "settle.asked"
    SETTLE_WRITTEN = "settle.written"
    SETTLE_COMMITTED = "settle.committed"
    INBOUND_FETCHED = "inbound.fetched"  # the provider gave them away, nothing is stored


_crash_at: Point | None = None
_probability = 0.0
_signal = signal.SIGKILL


def arm(text: str, *, by: signal.Signals = signal.SIGKILL) -> None:
    """Die at a point from now on, or get another signal there (SIGSTOP: stand still); '' disarms.

    Raises ValueError for an unknown point or probability.
    """
    global _crash_at, _probability, _signal
    name, _at, share = text.partition("@")
    _crash_at = Point(name) if name else None
    _probability = float(share or 1)
    _signal = by


def failpoint(point: Point) -> None:
    """This process came by here: it dies without a word if it was told to.

    The signal goes to the thread that is here. It strikes the whole process all the same, but one sent
    to the process is taken by another thread if there is one, and this one would meanwhile go on.
    """
    if point is _crash_at and random.random() < _probability:  # noqa: S311 - no secret
        signal.pthread_kill(threading.get_ident(), _signal)
