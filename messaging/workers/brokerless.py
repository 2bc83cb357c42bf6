"""A worker that needs no broker: it looks at the table by itself, a thread for each thing it looks after.

A channel's pump, its planning of campaigns and its chores (calls without an outcome, calls in doubt,
reports) are threads of their own, so that a slow provider delays its own messages only, and a long campaign
or a long question no message at all. One more counts how far large messages are for the screens, one tells of
outages and sends the mails about log-ins, so that a slow mail server delays nothing else, one takes up
imports left behind, and one verifies the audit trail at night.
Whatever a thread meets (a database that restarts, a bug) it says, and goes on after a moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from django.db import close_old_connections, connection

from audit.nightly import verify_if_due
from channels.models import Channel
from channels.notifications import notify
from common.liveness import TASK_SECONDS, report_alive
from contacts.actions.import_rounds import STANDBY_AFTER, resume_imports
from gateways.registry import gateway_for
from messaging.actions.plan import plan_waiting
from messaging.actions.sweep import sweep_channel
from messaging.audience.kept_progress import count_wanted
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump, PumpReport
from messaging.dispatch.record import recover
from messaging.dispatch.send import GatewayClient
from messaging.feedback.poll import poll_provider
from messaging.settlement.ask import settle_channel
from staff.outbox import deliver

logger = logging.getLogger(__name__)

TURN_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 1.0
CHORES_SECONDS: Final = 2.0
TELL_SECONDS: Final = 10.0
IMPORTS_SECONDS: Final = 30.0
# The audit trail is verified once a night; so often it is asked whether that was done.
VERIFY_SECONDS: Final = 600.0
# After an error; a database that was restarted is there again soon.
ERROR_SECONDS: Final = 1.0


class _LazyClient:
    """A channel's client, made in the first turn that needs one: what is wrong with its settings is told
    then, and ends no thread."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._client: GatewayClient | None = None

    def get(self) -> GatewayClient:
        if self._client is None:
            self._client = GatewayClient(gateway_for(self._code))
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()


class Standby:
    """Looks after the given channels until `stop()`: each once it is in the register, and sends while it is
    in use, also where that begins later."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = codes
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._total = PumpReport()
        # By thread: when its last turn began.
        self._turns: dict[str, float] = {}

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> PumpReport:
        """Work until told to stop; what was done. A call under way is brought to its end first."""
        work: list[Callable[[], None]] = [partial(self._pump, code) for code in self.codes]
        work += [partial(self._plan, code) for code in self.codes]
        work += [partial(self._chores, code) for code in self.codes]
        work += [self._progress, self._tell, self._imports, self._verify_trail]
        threads = [threading.Thread(target=act, name=f"standby-{n}") for n, act in enumerate(work)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            self._report_heartbeat()
            # Waits in small pieces, or a signal would not be heard.
            for thread in threads:
                thread.join(0.2)
        return self._total

    def _report_heartbeat(self) -> None:
        """Say that this process works, unless one of its threads has been at one turn for too long."""
        if all(time.monotonic() - began < TASK_SECONDS for began in list(self._turns.values())):
            report_alive("standby")

    def _pump(self, code: str) -> None:
        client = _LazyClient(code)
        pump: Pump | None = None

        def turn() -> float:
            nonlocal pump
            channel = Channel.objects.of_messages().filter(code=code).first()
            if channel is None:
                return IDLE_SECONDS
            if not channel.is_active:
                sweep_channel(code, now=database_clock())
                return IDLE_SECONDS
            pump = pump or Pump(channel, client.get(), clock=database_clock, plans_campaigns=False)
            report = pump.run(seconds=TURN_SECONDS)
            with self._lock:
                self._total.add(report)
            return 0.0 if report.moved or report.calls else IDLE_SECONDS

        self._repeat(turn, client)

    def _plan(self, code: str) -> None:
        def turn() -> float:
            plan_waiting(code, now=database_clock())
            return IDLE_SECONDS

        self._repeat(turn)

    def _chores(self, code: str) -> None:
        client = _LazyClient(code)

        def turn() -> float:
            recover(now=database_clock())
            channel = Channel.objects.of_messages().filter(code=code).first()
            if channel is not None:
                settle_channel(channel, client.get(), clock=database_clock)
                poll_provider(channel, client.get(), clock=database_clock)
            return CHORES_SECONDS

        self._repeat(turn, client)

    def _progress(self) -> None:
        def turn() -> float:
            count_wanted(now=database_clock())
            return IDLE_SECONDS

        self._repeat(turn)

    def _tell(self) -> None:
        def turn() -> float:
            notify(now=database_clock())
            deliver(now=database_clock())
            return TELL_SECONDS

        self._repeat(turn)

    def _imports(self) -> None:
        def turn() -> float:
            now = database_clock()
            resume_imports(now=now, after=STANDBY_AFTER)
            return IMPORTS_SECONDS

        self._repeat(turn)

    def _verify_trail(self) -> None:
        def turn() -> float:
            verify_if_due(now=database_clock())
            return VERIFY_SECONDS

        self._repeat(turn)

    def _repeat(self, turn: Callable[[], float], client: _LazyClient | None = None) -> None:
        """Take turns until told to stop; `turn` gives the seconds to wait afterwards."""
        try:
            while not self._stopped.is_set():
                self._turns[threading.current_thread().name] = time.monotonic()
                close_old_connections()
                try:
                    pause = turn()
                except Exception as error:  # whatever it is, the messages still wait
                    logger.exception("a turn failed", extra={"error": type(error).__name__})
                    connection.close()
                    pause = ERROR_SECONDS
                self._wait(pause)
        finally:
            if client is not None:
                client.close()
            connection.close()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopped.is_set() and time.monotonic() < until:
            self._stopped.wait(min(0.5, max(until - time.monotonic(), 0.0)))
