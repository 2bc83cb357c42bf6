"""Stops processes at a point of the way, over and over, and prints how many of them went on all the same.

Each has two threads, as a worker has: the first waits, the other comes by the point. It runs apart from
the tests, because it forks.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time

from common import failpoints as points

TIMES = 100


def went_on() -> bool:
    hears, tells = os.pipe()
    pid = os.fork()
    if pid == 0:
        _come_by(tells)
    os.close(tells)
    os.waitpid(pid, os.WUNTRACED)
    told, _, _ = select.select([hears], [], [], 0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(hears)
    return bool(told)


def _come_by(tells: int) -> None:
    # With one processor the waiting thread cannot stop the other one while that one runs.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    points.arm(points.Point.SEND_BEFORE, by=signal.SIGSTOP)

    def work() -> None:
        time.sleep(0.01)  # until the first waits
        points.failpoint(points.Point.SEND_BEFORE)
        os.write(tells, b"on")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    os._exit(0)


if __name__ == "__main__":
    sys.stdout.write(f"{sum(went_on() for _ in range(TIMES))}\n")
