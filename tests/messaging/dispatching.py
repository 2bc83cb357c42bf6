"""The dispatch of one channel as the tests run it, against a real fake gateway."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from channels.models import Channel
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump, Report
from messaging.dispatch.send import Courier
from messaging.dispatch.settle import settle_channel
from messaging.dispatch.settled import Settlement
from tests.gateways.conftest import make_gateway
from tests.gateways.daytime import daytime
from tests.gateways.running import Running


class Dispatch:
    """Pumps of one channel that talk to a fake gateway of their own."""

    def __init__(self, channel: Channel, server: Running) -> None:
        self.channel = channel
        self.server = server
        self.couriers: list[Courier] = []

    def clock(self) -> datetime:
        """The database's, but for voice at the very end of a day, when campaigns wait for midnight."""
        return daytime(database_clock()) if self.channel.code == "avanak" else database_clock()

    def courier(self, *, max_batch: int = 10, timeout: float = 5.0, slice_limit: int = 0) -> Courier:
        gateway: Any = make_gateway(self.channel.code, self.server.url, timeout=timeout)
        gateway.max_batch = max_batch
        if slice_limit:
            gateway.slice_limit = slice_limit
        courier = Courier(gateway)
        self.couriers.append(courier)
        return courier

    def pump(self, **options: Any) -> Pump:
        return Pump(self.channel, self.courier(**options), clock=self.clock, worker="test", wall=self.clock)

    def run(self, seconds: float = 10, **options: Any) -> Report:
        return self.pump(**options).run(seconds=seconds)

    def settle(self, **options: Any) -> Settlement:
        return settle_channel(self.channel, self.courier(**options), clock=self.clock)

    @property
    def numbers(self) -> list[str]:
        """Every number that the gateway accepted, in order."""
        return [entry["number"] for entry in self.server.accepted]
