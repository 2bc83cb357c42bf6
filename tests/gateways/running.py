"""A real fake gateway in a thread of the test's process, on a free port of loopback."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from devtools.fake_gateway.provider import Fate
from devtools.fake_gateway.relays import Relays
from devtools.fake_gateway.server import FakeGateway, Options


def fetch(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
    """The JSON value of an answer; raises HTTPError for a bad status."""
    request = urllib.request.Request(url, data, headers or {})  # noqa: S310
    with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
        return json.loads(answer.read())


class Running:
    """A gateway that listens; `url` has no path."""

    def __init__(self, gateway: FakeGateway, loop: asyncio.AbstractEventLoop) -> None:
        self.gateway = gateway
        self._loop = loop

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.gateway.port}"

    @property
    def log(self) -> list[dict[str, Any]]:
        # What is just being written is no line yet.
        whole, _newline, _begun = self.gateway.options.log.read_text("utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines() if line]

    @property
    def accepted(self) -> list[dict[str, Any]]:
        return [entry for entry in self.log if entry["event"] == "accepted"]

    @property
    def received(self) -> list[dict[str, Any]]:
        return [entry for entry in self.log if entry["event"] == "received"]

    def use(self, *faults: str) -> None:
        """Put these faults in force, as an operator would."""
        self.steer("faults", {"faults": list(faults)})

    def steer(self, what: str, body: dict[str, Any]) -> Any:
        data = json.dumps(body).encode()
        return fetch(f"{self.url}/_fake/{what}", data, {"Content-Type": "application/json"})


@contextmanager
def running_gateway(
    log: Path,
    *faults: str,
    port: int = 0,
    token: str | None = None,
    fate: Fate | None = None,
    relays: Relays = Relays.OFF,
) -> Iterator[Running]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)

    async def make() -> FakeGateway:
        chosen = fate or Fate(seconds=0.2, undelivered=0)
        gateway = FakeGateway(Options(log, faults, token, fate=chosen, relays=relays))
        await gateway.start(port=port)
        return gateway

    gateway = run(make())
    try:
        yield Running(gateway, loop)
    finally:
        run(gateway.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
