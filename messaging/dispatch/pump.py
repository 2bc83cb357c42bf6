"""The pump: sends what may go now, until nothing may or time is up."""

from __future__ import annotations

import os
import socket

from channels.models import Channel, Outage
from common.monotonic import monotonic
from messaging.actions.plan import plan_waiting
from messaging.actions.sweep import sweep_channel
from messaging.dispatch.chooser import Chooser
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock, wall_clock
from messaging.dispatch.heartbeat import note
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.recovery import Recovery
from messaging.dispatch.sender import Sender
from messaging.dispatch.stop_campaigns import stop_campaigns

__all__ = ["Pump", "PumpReport"]


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


class Pump:
    """One channel's pump in one worker thread: `chooser`, `sender` and `recovery`, and the loop over them.

    `clock` gives the database's time; `wall` is this machine's own. Where another thread does
    (`plans_campaigns` false), it does not plan what is promotional: a million recipients take seconds, in
    which this thread sends nothing.
    """

    def __init__(
        self,
        channel: Channel,
        client: GatewayClient,
        *,
        clock: Clock,
        worker: str = "",
        wall: Clock = wall_clock,
        plans_campaigns: bool = True,
    ) -> None:
        self.channel = channel
        self.client = client
        self.clock = clock
        self.plans_campaigns = plans_campaigns
        self.worker = worker or worker_name()
        self.chooser = Chooser(channel, clock, wall, self.worker)
        self.sender = Sender(channel, client, self.chooser, clock, self.worker)
        self.recovery = Recovery(self.chooser, self.sender)

    def run(self, *, seconds: float) -> PumpReport:
        """One turn.

        1. Forget the cursors: what came back into a queue meanwhile may lie before them.
        2. In an outage, see whether it is over (`Recovery`).
        3. Stop voice campaigns that somebody cancelled.
        4. Plan messages, and have the policy decide on them: at first, and again every half a second.
        5. Choose a message, make one claim and request of it; one with nobody due is left out until step 4.
        6. Again from step 4 until nothing may go, an outage begins, or `seconds` are over.
        7. Sweep what a stop or an end left in the queues, and report what was done.
        """
        report = PumpReport()
        until = monotonic() + seconds
        self.sender.cursors.clear()
        if self.is_down():
            self.recovery.probe(report)
        stop_campaigns(self.channel, self.client, clock=self.clock)
        self._refresh(report)
        while monotonic() < until:
            if self.chooser.is_stale:
                self._refresh(report)
            chosen = self.chooser.choose()
            if chosen is None:
                break
            if not self.sender.serve(*chosen, report):
                self.chooser.dry.add(chosen[0].pk)
            if report.failures and self.is_down():
                break
        report.turned_away += sweep_channel(self.channel.code, now=self.clock())
        self._report_heartbeat(report, at_once=report.calls > 0)
        return report

    def is_down(self) -> bool:
        """Whether an outage of the channel is open, declared or detected."""
        return Outage.objects.open().filter(channel=self.channel).exists()

    def _refresh(self, report: PumpReport) -> None:
        """Within a turn as well: a message of ten that comes amid one of a million is planned at once."""
        report.planned += plan_waiting(self.channel.code, now=self.clock(), promotional=self.plans_campaigns)
        self.chooser.compare_clocks()
        self.chooser.read(known_due=self.sender.cursors)
        self.sender.ramp_up()
        self._report_heartbeat(report)

    def _report_heartbeat(self, report: PumpReport, *, at_once: bool = False) -> None:
        note(
            self.worker,
            self.channel.code,
            report.news(),
            clock_difference=self.chooser.clock_difference,
            now=self.clock(),
            at_once=at_once,
        )
