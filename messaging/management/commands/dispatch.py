"""`dispatch`: the pump in the foreground, without Celery."""

from __future__ import annotations

import argparse
import json
import logging
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, connection

from channels.models import Channel
from messaging.cli import sending_channel
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump, Report
from messaging.dispatch.record import recover
from messaging.dispatch.send import Courier
from messaging.dispatch.settle import settle_channel
from messaging.gateways.registry import gateway_for

logger = logging.getLogger(__name__)

TURN_SECONDS = 5.0
IDLE_SECONDS = 1.0
# How often a gateway that is down is asked again before "idle" is accepted.
PROBES_BEFORE_IDLE = 5


class Command(BaseCommand):
    help = "Plan, claim and send what may go now; with --until-idle stop when nothing may."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true")
        parser.add_argument("--channel", choices=["sms", "avanak"])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        channels: list[Channel] = (
            [sending_channel(options["channel"])] if options["channel"] else list(Channel.objects.sending())
        )
        pumps = [Pump(c, Courier(gateway_for(c.code)), clock=database_clock) for c in channels]
        total = Report()
        try:
            self._run(pumps, total, until_idle=options["until_idle"])
        except KeyboardInterrupt:
            self.stderr.write("stopped; whatever was not sent waits in its queue")
        finally:
            for pump in pumps:
                pump.courier.close()
        self._show(total, as_json=options["json"])

    def _run(self, pumps: list[Pump], total: Report, *, until_idle: bool) -> None:
        patience = PROBES_BEFORE_IDLE
        while patience > 0:
            try:
                patience = self._round(pumps, total, patience, until_idle=until_idle)
            except (OperationalError, InterfaceError) as error:
                # It was restarted, or it is away: whatever was under way is found in the table later.
                logger.warning("the database is away", extra={"error": type(error).__name__})
                connection.close()
                time.sleep(IDLE_SECONDS)

    def _round(self, pumps: list[Pump], total: Report, patience: int, *, until_idle: bool) -> int:
        """Look at everything once; the patience that is left, 0 if nothing more can go."""
        recover(now=database_clock())
        moved = sum(self._turn(pump, total) for pump in pumps)
        ended = [pump.probe() for pump in pumps]
        if moved or any(ended):
            return PROBES_BEFORE_IDLE
        if until_idle:
            patience -= 1
            if patience <= 0 or not any(pump.is_down() for pump in pumps):
                return 0
        else:
            for pump in pumps:
                settle_channel(pump.channel, pump.courier, clock=database_clock)
        time.sleep(IDLE_SECONDS)
        return patience

    @staticmethod
    def _turn(pump: Pump, total: Report) -> int:
        report = pump.run(seconds=TURN_SECONDS)
        total.add(report)
        # A call that failed is a reason to look again, too: its recipients may be due at once.
        return report.moved + report.calls

    def _show(self, total: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(total.as_json()))
            return
        self.stdout.write(
            f"planned {total.planned}, sent {total.sent} in {total.calls} calls,"
            f" turned away {total.turned_away}"
            + (f", failures: {', '.join(sorted(set(total.failures)))}" if total.failures else "")
        )
