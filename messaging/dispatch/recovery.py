"""The end of a detected outage: the gateway is asked, then one recipient is tried (docs/adr/0013)."""

from __future__ import annotations

import random
from dataclasses import dataclass

from channels.actions import end_outage
from channels.models import Outage
from messaging.dispatch.breaker import extend_outage, outage_to_probe, probe_gateway
from messaging.dispatch.chooser import Chooser
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.sender import Sender


@dataclass(frozen=True, eq=False)
class Recovery:
    """1. Take the outage, if it is time to ask: of all workers one asks, the more rarely the longer it lasts.
    2. Ask the gateway for the account's state, which sends nothing to anybody.
    3. Half open: one recipient of a message drawn by chance may pass the outage. By urgency, a message at
       which the gateway fails would fail every trial and keep all the others waiting.
    4. No failure, also where nobody was due: the outage ends. Else it goes on, or another one begins.
    """

    chooser: Chooser
    sender: Sender

    def probe(self, report: PumpReport) -> bool:
        """The four steps; True if the outage is over. What was tried is added to `report`."""
        clock = self.sender.clock
        outage = outage_to_probe(self.sender.channel, clock())
        if outage is None:
            return False
        trial = PumpReport()
        failure = probe_gateway(self.sender.client, outage)
        answers = failure is None
        if answers:
            self._try_one(outage, trial)
            failure = trial.gateway_failure
        report.add(trial)
        if failure is not None:
            extend_outage(outage, failure, now=clock(), after_a_trial=answers)
            return False
        end_outage(outage=outage, by=None, now=clock())
        return True

    def _try_one(self, outage: Outage, trial: PumpReport) -> None:
        self.chooser.compare_clocks()
        self.chooser.read(known_due=self.sender.cursors, on_trial=outage.pk)
        while not trial.calls and trial.gateway_failure is None and (able := self.chooser.able()):
            random.shuffle(able)
            if not self.sender.serve(*able[0], trial, trial=outage):
                self.chooser.dry.add(able[0][0].pk)
        self.chooser.expire()
