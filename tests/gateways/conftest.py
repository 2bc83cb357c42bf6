from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateways.amootsms.client import AmootSms
from gateways.avanak.client import Avanak
from gateways.base import Answer, Batch, Gateway
from gateways.http import Http
from tests.gateways.daytime import daytime
from tests.gateways.running import Running, running_gateway

TOKEN = "s3cret-token-of-the-tests"
TEXT = "تخفیف پاییزی آموت تا پایان هفته"
ADDRESSES = ("+989121111111", "+989122222222", "+989353333333")


@dataclass
class Client:
    """A client, the gateway it talks to, and the loop it runs in."""

    gateway: Gateway
    server: Running
    runner: asyncio.Runner
    audio_id: int | None = None

    @property
    def code(self) -> str:
        return self.gateway.code

    def run(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(call)

    def batch(self, *addresses: str, **changes: Any) -> Batch:
        now = datetime.now(UTC)
        batch = Batch(
            text=TEXT,
            addresses=addresses or ADDRESSES,
            reference="amoot-1-1",
            now=daytime(now) if self.code == "avanak" else now,
            audio_id=self.audio_id,
        )
        return replace(batch, **changes)

    def send(self, *addresses: str, **changes: Any) -> Answer:
        answer: Answer = self.run(self.gateway.send(self.batch(*addresses, **changes)))
        return answer

    def take_lookup(self, campaign_id: str = "", **changes: Any) -> Any:
        now = datetime.now(UTC)
        batch = self.batch(**changes)
        return self.run(self.gateway.lookup(batch, now - timedelta(seconds=30), now, campaign_id))


def make_gateway(code: str, base: str, *, timeout: float = 5.0, token: str = TOKEN) -> Gateway:
    if code == "sms":
        return AmootSms(Http(f"{base}/rest", token, timeout=timeout), line="public", max_batch=100)
    return Avanak(Http(f"{base}/Rest", token, timeout=timeout), speaker="female", max_batch=100)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    with running_gateway(tmp_path / "gateway.jsonl") as running:
        yield running


@pytest.fixture
def connect(server: Running) -> Iterator[Callable[..., Client]]:
    """Make clients of the server; each has its audio before any fault is in force."""
    clients: list[Client] = []

    def make(code: str, **options: Any) -> Client:
        client = Client(make_gateway(code, server.url, **options), server, asyncio.Runner())
        clients.append(client)
        if client.gateway.needs_audio:
            client.audio_id = client.run(client.gateway.make_audio(TEXT, "amoot-1"))
        return client

    yield make
    for client in clients:
        client.run(client.gateway.close())
        client.runner.close()


@pytest.fixture(params=["sms", "avanak"])
def client(request: pytest.FixtureRequest, connect: Callable[..., Client]) -> Client:
    return connect(request.param)


@pytest.fixture
def sms(connect: Callable[..., Client]) -> Client:
    return connect("sms")


@pytest.fixture
def avanak(connect: Callable[..., Client]) -> Client:
    return connect("avanak")
