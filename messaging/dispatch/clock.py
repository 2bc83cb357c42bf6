"""The clock of the dispatch: the database's, so that workers on many machines share one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from common.sql import fetch

Clock = Callable[[], datetime]

# A worker whose own clock differs by more sends nothing promotional: one of the two is wrong, and
# the hours are read off a clock.
TOLERANCE: Final = timedelta(seconds=2)


def database_clock() -> datetime:
    """The database's wall clock, now (aware)."""
    instant: datetime = fetch("SELECT clock_timestamp()")[0][0]
    return instant


def wall_clock() -> datetime:
    """This machine's own wall clock, now (aware)."""
    return datetime.now(UTC)


def difference(clock: Clock, wall: Clock) -> timedelta:
    """How far `clock` is ahead of `wall` (negative: behind); only what is proven counts.

    The reading of `clock` was taken somewhere between two readings of `wall`. One that lies between
    them shows no difference, however slowly it came.
    """
    before, theirs, after = wall(), clock(), wall()
    if theirs < before:
        return theirs - before
    return max(theirs - after, timedelta(0))
