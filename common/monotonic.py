"""A clock for deadlines, and for how old a thing that was read is. Pure."""

from __future__ import annotations

import time
from typing import Final

# CLOCK_MONOTONIC stands still while the machine sleeps: a worker that was put to sleep with a claim in hand
# would find its deadline ahead, and send what others have settled and sent meanwhile.
_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def monotonic() -> float:
    """Seconds since some instant: never set back, and they pass while the machine sleeps, too (Linux)."""
    return time.clock_gettime(_CLOCK)
