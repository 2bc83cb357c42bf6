"""The worker that needs no broker: it drives the duties' table by itself, a thread for each lane.

1. A lane's thread takes that duty of its own which has been due for longest, waiting until it is due.
2. It takes its turn. Whatever the turn meets (a database that restarts, a bug) is logged and ends no thread.
3. The duty is due again after its pause, or at once where there is more to do; after an error in some
   minutes, though it be an hourly one.
4. The main thread writes the heartbeat, unless a lane has been at one turn for too long. A lane that waits is
   at none.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial

from django.db import close_old_connections, connection

from amoot_comms.duties import Duty
from common.liveness import TASK_SECONDS, report_alive
from common.timeouts import AFTER_ERROR
from messaging.turns import close_clients

logger = logging.getLogger(__name__)

# A lane's turns, each with the seconds after which it is due again.
Lane = list[tuple[partial[object], int]]


def lanes_of(duties: Iterable[Duty], codes: Iterable[str]) -> dict[str, Lane]:
    """By name; a duty by channel has a lane for each of the channels' `codes`."""
    lanes: dict[str, Lane] = defaultdict(list)
    for duty in duties:
        for arguments in duty.calls(codes):
            lanes["-".join((duty.lane, *arguments))].append((partial(duty.act, *arguments), duty.every))
    return lanes


class BrokerlessWorker:
    def __init__(self, duties: Iterable[Duty], codes: Iterable[str]) -> None:
        self._lanes = lanes_of(duties, codes)
        self._stopped = threading.Event()
        # By lane that is at a turn: when that began.
        self._began: dict[str, float] = {}

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Work until told to stop. A call under way is brought to its end first."""
        threads = [
            threading.Thread(target=self._serve, args=(name, lane), name=f"standby-{name}")
            for name, lane in self._lanes.items()
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self._report_heartbeat()
            time.sleep(0.5)

    def _report_heartbeat(self) -> None:
        if all(time.monotonic() - began < TASK_SECONDS for began in list(self._began.values())):
            report_alive("standby")

    def _serve(self, name: str, lane: Lane) -> None:
        due = dict.fromkeys(lane, 0.0)
        try:
            while True:
                turn = min(due, key=due.__getitem__)
                if self._stopped.wait(max(due[turn] - time.monotonic(), 0)):
                    return
                self._began[name] = time.monotonic()
                pause = take(*turn)
                del self._began[name]
                due[turn] = time.monotonic() + pause
        finally:
            close_clients()
            connection.close()


def take(act: Callable[[], object], every: int) -> int:
    """Take a turn of a duty; the seconds after which it is due again."""
    close_old_connections()
    try:
        return 0 if act() is True else every
    except Exception as error:  # whatever it is, the next turn is taken
        logger.exception("a turn failed", extra={"error": type(error).__name__})
        connection.close()
        return min(every, AFTER_ERROR)
