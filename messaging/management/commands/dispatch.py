"""`dispatch`: the pump in the foreground, without Celery and without a broker.

Beside Celery's workers it is the one that goes on when the broker or the beat is away (docs/adr/0012).
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from channels.models import Channel
from common.statement_timeout import limit_statements
from gateways.registry import gateway_for
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump, PumpReport
from messaging.dispatch.record import recover
from messaging.dispatch.send import GatewayClient
from messaging.management.cli import sending_channel
from messaging.workers.brokerless import IDLE_SECONDS, TURN_SECONDS, Standby

# How often a gateway that is down is asked again before "idle" is accepted.
PROBES_BEFORE_IDLE = 5


class Command(BaseCommand):
    help = (
        "Plan, claim and send what may go now, a thread a channel, until it is told to stop;"
        " with --until-idle stop when nothing may go."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true")
        parser.add_argument("--channel", choices=[*Channel.SENT_BY_THE_PORTAL])
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        limit_statements()
        code = options["channel"]
        # Asked also where it is not needed: a database that is not there, or not fit, ends the process here.
        channels = [sending_channel(code)] if code else list(Channel.objects.sending())
        total = PumpReport()
        if options["until_idle"]:
            self._until_idle(channels, total)
        else:
            # All, also those that come into use later.
            self._until_stopped([code] if code else [*Channel.SENT_BY_THE_PORTAL], total)
        self._show(total, as_json=options["json"])

    def _until_stopped(self, codes: Sequence[str], total: PumpReport) -> None:
        standby = Standby(codes)

        def stop(number: int, frame: FrameType | None) -> None:
            standby.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        total.add(standby.run())
        self.stderr.write("stopped; whatever was not sent waits in its queue")

    def _until_idle(self, channels: list[Channel], total: PumpReport) -> None:
        pumps = [Pump(c, GatewayClient(gateway_for(c.code)), clock=database_clock) for c in channels]
        try:
            self._drain(pumps, total)
        except KeyboardInterrupt:
            self.stderr.write("stopped; whatever was not sent waits in its queue")
        finally:
            for pump in pumps:
                pump.client.close()

    @staticmethod
    def _drain(pumps: list[Pump], total: PumpReport) -> None:
        patience = PROBES_BEFORE_IDLE
        while True:
            recover(now=database_clock())
            moved = 0
            for pump in pumps:
                report = pump.run(seconds=TURN_SECONDS)
                total.add(report)
                # A call that failed is a reason to look again, too: its recipients may be due at once.
                moved += report.moved + report.calls
            if moved:
                patience = PROBES_BEFORE_IDLE
                continue
            patience -= 1
            if patience <= 0 or not any(pump.is_down() for pump in pumps):
                return
            time.sleep(IDLE_SECONDS)

    def _show(self, total: PumpReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(total.as_json()))
            return
        self.stdout.write(
            f"planned {total.planned}, sent {total.sent} in {total.calls} calls,"
            f" turned away {total.turned_away}"
            + (f", failures: {', '.join(sorted(set(total.failures)))}" if total.failures else "")
        )
