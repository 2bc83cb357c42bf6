"""The dispatch of one channel as the tests run it, against a real fake gateway."""

from __future__ import annotations

from typing import Any

from channels.models import Channel
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock, database_clock
from messaging.dispatch.pump import Pump, PumpReport
from messaging.settlement.apply import Settlement
from messaging.settlement.ask import settle_channel
from persian.jalali import TEHRAN
from tests.gateways.conftest import make_gateway
from tests.gateways.daytime import daytime
from tests.gateways.running import Running


def by_day() -> Clock:
    """A clock that runs on from noon of today in Tehran, whenever the test runs: promotional messages may
    leave (C7.6)."""
    now = database_clock()
    ahead = now.astimezone(TEHRAN).replace(hour=12, minute=0, second=0, microsecond=0) - now
    return lambda: database_clock() + ahead


def _voice_clock() -> Clock:
    """The database's, or ahead of it at the very end of a day, when campaigns wait for midnight: decided
    once, so that no test sees its clock jump."""
    now = database_clock()
    ahead = daytime(now) - now
    return lambda: database_clock() + ahead


class Dispatch:
    """Pumps of one channel that talk to a fake gateway of their own, by `clock` (the database's)."""

    def __init__(self, channel: Channel, server: Running) -> None:
        self.channel = channel
        self.server = server
        self.clock: Clock = _voice_clock() if channel.code == "avanak" else database_clock
        self.clients: list[GatewayClient] = []

    def client(self, *, max_batch: int = 10, timeout: float = 5.0, slice_limit: int = 0) -> GatewayClient:
        gateway: Any = make_gateway(self.channel.code, self.server.url, timeout=timeout)
        gateway.max_batch = max_batch
        if slice_limit:
            gateway.slice_limit = slice_limit
        client = GatewayClient(gateway)
        self.clients.append(client)
        return client

    def pump(self, **options: Any) -> Pump:
        return Pump(self.channel, self.client(**options), clock=self.clock, worker="test", wall=self.clock)

    def run(self, seconds: float = 10, **options: Any) -> PumpReport:
        return self.pump(**options).run(seconds=seconds)

    def settle(self, **options: Any) -> Settlement:
        return settle_channel(self.channel, self.client(**options), clock=self.clock)

    @property
    def numbers(self) -> list[str]:
        """Every number that the gateway accepted, in order."""
        return [entry["number"] for entry in self.server.accepted]
