"""`settle`: recover calls without an outcome, and ask the providers about the unknown ones."""

from __future__ import annotations

import argparse
import json
import math
from contextlib import closing
from typing import Any

from django.core.management.base import BaseCommand

from channels.models import Channel
from gateways.registry import gateway_for
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import database_clock
from messaging.dispatch.record import recover
from messaging.models import Delivery
from messaging.settlement.ask import settle_channel


class Command(BaseCommand):
    help = "Calls whose lease is over become unknown; then the providers are asked what became of them."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        result: dict[str, Any] = {"recovered": recover(now=database_clock()), "channels": {}}
        for channel in Channel.objects.of_messages():
            # Every call; the workers take a few at a time.
            whole: dict[str, Any] = {"limit": None, "insist": True, "seconds": math.inf}
            with closing(GatewayClient(gateway_for(channel.code))) as client:
                done = settle_channel(channel, client, clock=database_clock, **whole)
            result["channels"][channel.code] = {
                "found": done.found,
                "absent": done.absent,
                "in_doubt": Delivery.objects.of_unknown_outcome(channel).count(),
            }
        if options["json"]:
            self.stdout.write(json.dumps(result))
            return
        self.stdout.write(f"calls recovered: {result['recovered']}")
        for code, counts in result["channels"].items():
            self.stdout.write(
                f"{code}: {counts['found']} found at the provider, {counts['absent']} proven absent and"
                f" queued again, {counts['in_doubt']} unknown"
            )
