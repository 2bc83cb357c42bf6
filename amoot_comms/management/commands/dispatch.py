"""`dispatch`: the worker in the foreground, without Celery and without a broker.

Beside Celery's workers it is the one that goes on when the broker or the beat is away (docs/adr/0012).
"""

from __future__ import annotations

import argparse
import json
import signal
import time
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from amoot_comms.brokerless import BrokerlessWorker
from amoot_comms.duties import DUTIES
from channels.models import Channel
from common.media import MEDIA
from common.statement_timeout import limit_statements
from common.timeouts import PUMP_TURN
from gateways.registry import gateway_for
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump, PumpReport
from messaging.dispatch.record import recover
from messaging.management.cli import sending_channel

# How often a gateway that is down is asked again, with a second in between, before "idle" is accepted.
PROBES_BEFORE_IDLE = 5


class Command(BaseCommand):
    help = (
        "Do the workers' duties until told to stop;"
        " with --until-idle plan, claim and send what may go now, and stop when nothing may."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true")
        parser.add_argument("--channel", choices=[*MEDIA])
        parser.add_argument("--json", action="store_true", help="with --until-idle: what was done, as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        limit_statements()
        code = options["channel"]
        # Asked also where it is not needed: a database that is not there, or not fit, ends the process here.
        channels = [sending_channel(code)] if code else list(Channel.objects.sending())
        if options["until_idle"]:
            self._until_idle(channels, as_json=options["json"])
        else:
            # All, also those that come into use later.
            self._until_stopped([code] if code else [*MEDIA])

    def _until_stopped(self, codes: list[str]) -> None:
        worker = BrokerlessWorker(DUTIES, codes)

        def stop(number: int, frame: FrameType | None) -> None:
            worker.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        worker.run()
        self.stderr.write("stopped; whatever was not sent waits in its queue")

    def _until_idle(self, channels: list[Channel], *, as_json: bool) -> None:
        total = PumpReport()
        pumps = [Pump(c, GatewayClient(gateway_for(c.code)), clock=database_clock) for c in channels]
        try:
            self._drain(pumps, total)
        except KeyboardInterrupt:
            self.stderr.write("stopped; whatever was not sent waits in its queue")
        finally:
            for pump in pumps:
                pump.client.close()
        self._show(total, as_json=as_json)

    @staticmethod
    def _drain(pumps: list[Pump], total: PumpReport) -> None:
        patience = PROBES_BEFORE_IDLE
        while True:
            recover(now=database_clock())
            moved = 0
            for pump in pumps:
                report = pump.run(seconds=PUMP_TURN)
                total.add(report)
                # A call that failed is a reason to look again, too: its recipients may be due at once.
                moved += report.moved + report.calls
            if moved:
                patience = PROBES_BEFORE_IDLE
                continue
            patience -= 1
            if patience <= 0 or not any(pump.is_down() for pump in pumps):
                return
            time.sleep(1)

    def _show(self, total: PumpReport, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(total.as_json()))
            return
        self.stdout.write(
            f"planned {total.planned}, sent {total.sent} in {total.calls} calls,"
            f" turned away {total.turned_away}"
            + (f", failures: {', '.join(sorted(set(total.failures)))}" if total.failures else "")
        )
