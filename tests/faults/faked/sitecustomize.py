"""Read by Python at its start in a process with a faked wall clock, and in no other.

`time.sleep` asks the kernel for an absolute instant of the monotonic clock. libfaketime 0.9.10 shifts
that instant, although it leaves the clock itself alone as it was told, and the call fails.
"""

from __future__ import annotations

import select
import time
from typing import SupportsIndex


def sleep(seconds: float | SupportsIndex, /) -> None:
    select.select([], [], [], float(seconds))


time.sleep = sleep
