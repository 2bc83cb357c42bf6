"""The fake gateway: a real HTTP server on loopback that speaks both providers' interfaces.

`/rest/<Method>` is AmootSMS, `/Rest/<Method>` is Avanak, as at the providers; `/_fake/…` steers it.
Everything received is logged before it is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from common.client_address import is_loopback
from devtools.fake_gateway.amootsms import AmootSmsFake
from devtools.fake_gateway.avanak import AvanakFake
from devtools.fake_gateway.faults import Fault, FaultError, Faults, FaultStage
from devtools.fake_gateway.log import GatewayLog, encode, stamp
from devtools.fake_gateway.provider import GOES_ON, Call, CallRefused, FakeProvider, Fate
from devtools.fake_gateway.relays import Relay, Relays
from devtools.fake_gateway.store import Ledger, restore_all

PREFIXES: Final = {"/rest/": "sms", "/Rest/": "avanak"}
PAGE: Final = "<!doctype html><html><body><h1>Web server is down</h1></body></html>"


@dataclass(frozen=True)
class Options:
    """How the fake behaves. `token` None takes any."""

    log: Path
    faults: tuple[str, ...] = ()
    token: str | None = None
    seed: int = 0
    fate: Fate = field(default_factory=Fate)
    relays: Relays = Relays.OFF


class FakeGateway:
    """Start it, ask for its `port`, close it. One event loop. Raises OSError for an unwritable log."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.log = GatewayLog(options.log)
        self.faults = Faults(options.faults, seed=options.seed)
        self.ledgers = {
            "sms": Ledger("sms", by_campaign=False, log=self.log),
            "avanak": Ledger("avanak", by_campaign=True, log=self.log),
        }
        self.sms = AmootSmsFake(self.ledgers["sms"], options.fate)
        self.providers: dict[str, FakeProvider] = {
            "sms": self.sms,
            "avanak": AvanakFake(self.ledgers["avanak"], options.fate),
        }
        self.calls: Counter[str] = Counter()
        self.faults_seen: Counter[str] = Counter()
        self.host, self.port = "127.0.0.1", 0
        self._call_number = 0
        self._listening: asyncio.Server | None = None
        self._door: asyncio.Task[None] | None = None
        self.relay: Relay | None = None
        self._relaying: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self._busy: set[web.RequestHandler] = set()
        self._web: web.Server | None = None

    # --- the door ---------------------------------------------------------------------------------

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes any. Raises OSError for a port in use."""
        restore_all(self.log, self.ledgers)
        self._web = web.Server(self._handle, access_log=None)
        self.host = host
        await self._listen(port)
        self._shut_if_told()
        if self.options.relays is not Relays.OFF:
            self._post_relays(self.options.relays)

    def _post_relays(self, mode: Relays) -> None:
        """From now on; what became final earlier is not posted."""
        if self._relaying is not None:
            self._relaying.cancel()
        self.relay = Relay(self.sms, mode, seed=self.options.seed)
        self._relaying = None if mode is Relays.OFF else asyncio.create_task(self.relay.run(time.time))

    async def _listen(self, port: int) -> None:
        assert self._web is not None  # noqa: S101 - start() made it
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(self._web, self.host, port, backlog=1024)
        self.port = self._listening.sockets[0].getsockname()[1]

    def _shut_if_told(self) -> None:
        seconds = self.faults.shut_for()
        if seconds and self._listening is not None:
            self.faults_seen["refuse"] += 1
            self._listening.close()
            self._listening = None
            self._end_connections()
            self._door = asyncio.create_task(self._reopen(seconds))

    def _end_connections(self) -> None:
        """Connections kept alive are a door too; those with a call under way end after their answer."""
        for connection in self._web.connections if self._web is not None else ():
            if connection in self._busy:
                connection.close()
            else:
                connection.force_close()

    async def _reopen(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        while self._listening is None:
            try:
                await self._listen(self.port)
            except OSError:
                await asyncio.sleep(0.2)

    async def close(self) -> None:
        self._closing.set()
        for task in (self._door, self._relaying):
            if task is not None:
                task.cancel()
        if self._listening is not None:
            self._listening.close()
        if self._web is not None:
            await self._web.shutdown(0.5)
        self.log.close()

    # --- a request --------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._busy.add(request.protocol)
        try:
            return await self._route(request)
        finally:
            self._busy.discard(request.protocol)

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        provider, method = PREFIXES.get(path[:6]), path[6:]
        if provider is None:
            return await self._steer(request) if path.startswith("/_fake/") else _plain(404, "not found")
        if request.method not in {"POST", "GET"}:
            return _plain(405, "POST or GET")
        fake = self.providers[provider]
        action = fake.methods().get(method)
        if action is None:
            return _plain(404, "no such method")
        params = await _params(request)
        faults = self.faults.pick(provider, sending=method in fake.sending, params=params)
        self._call_number += 1
        call = Call(self._call_number, time.time(), params, faults, self.faults.random.random)
        self._note(provider, method, call)
        refused = self._refused_token(request, params)
        if refused:
            return _json(fake.refused(method, refused))
        response = await self._before(request, fake, method, call)
        if response is None:
            try:
                answer = action(replace(call, at=time.time()))
            except CallRefused as refusal:
                answer = fake.refused(method, refusal.status)
            response = await self._after(request, answer, faults)
        _beside(response, faults)
        self._shut_if_told()
        return response

    def _note(self, provider: str, method: str, call: Call) -> None:
        self.calls[f"{provider}.{method}"] += 1
        self.faults_seen.update(fault.name for fault in call.faults)
        self.log.record(
            at=stamp(call.at),
            event="received",
            provider=provider,
            call=call.number,
            method=method,
            params={name: value for name, value in call.params.items() if name.casefold() != "token"},
            fault=[str(fault) for fault in call.faults],
        )

    def _refused_token(self, request: web.BaseRequest, params: Mapping[str, Any]) -> str:
        """The token stands in the header, raw, or in a field `Token`, as the vendor's samples have it."""
        given = {request.headers.get("Authorization", ""), str(params.get("Token", ""))} - {""}
        if not given:
            return "Token_NotExists"
        return "" if self.options.token is None or self.options.token in given else "Token_Invalid"

    async def _before(
        self, request: web.BaseRequest, fake: FakeProvider, method: str, call: Call
    ) -> web.StreamResponse | None:
        """The faults that come before anybody is accepted; None if the call goes on."""
        for fault in call.faults:
            if fault.kind.stage is FaultStage.REFUSAL:
                answer = fake.refusal(method, fault, call)
                if answer is not GOES_ON:
                    return _json(answer)
            if fault.kind.stage is not FaultStage.BEFORE:
                continue
            if fault.name == "latency" or (fault.name == "hang" and fault.number < 600):
                await self._wait(fault.number)
            else:
                return await self._spoil(request, fault)
        return None

    async def _after(self, request: web.BaseRequest, answer: Any, faults: list[Fault]) -> web.StreamResponse:
        """The answer of an accepted call, spoilt by its faults."""
        for fault in faults:
            if fault.kind.stage is not FaultStage.AFTER:
                continue
            if fault.name == "hang-after-accept" and fault.number < 600:
                await self._wait(fault.number)
                continue
            if fault.name == "half-json":
                # half of a bare number would be a number
                text = encode(answer if isinstance(answer, dict) else {"result": answer})
                return web.Response(text=text[: max(1, len(text) // 2)], content_type="application/json")
            if fault.name == "oversize":
                return web.Response(text='{"Data":"' + "x" * 40_000_000, content_type="application/json")
            return await self._spoil(request, fault)
        return _json(answer)

    async def _spoil(self, request: web.BaseRequest, fault: Fault) -> web.StreamResponse:
        """Faults that look the same before and after."""
        name = fault.name.removesuffix("-after-accept")
        if name == "reset":
            _reset(request)
        elif name == "hang":
            await self._hang(request)
        elif name == "html":
            return web.Response(text=PAGE, content_type="text/html")
        else:
            return _plain(503 if name == "chokes" else int(fault.number), "the server has a problem")
        raise ConnectionResetError("the connection is gone, as the fault wants")

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _hang(self, request: web.BaseRequest) -> None:
        while not self._closing.is_set() and request.transport and not request.transport.is_closing():
            await self._wait(0.2)

    # --- steering ---------------------------------------------------------------------------------

    async def _steer(self, request: web.BaseRequest) -> web.StreamResponse:
        if not is_loopback(request.remote):
            return _plain(403, "from this machine only")
        what = (request.method, request.path.removeprefix("/_fake/"))
        if what == ("GET", "stats"):
            return _json(self.stats())
        try:
            params = await _params(request)
            if what == ("POST", "faults"):
                return self._change_faults(params)
            if what == ("POST", "inbound"):
                return _json(self._inbound(params))
            if what == ("POST", "relays"):
                self._post_relays(Relays(str(params.get("mode"))))
                return _json(self.stats())
        except ValueError as error:
            return _plain(400, str(error))
        return _plain(404, "GET stats, POST faults, POST inbound, POST relays")

    def stats(self) -> dict[str, Any]:
        """Calls by provider and method, accepted recipients, faults in force and seen."""
        return {
            "calls": dict(self.calls),
            "accepted": {name: ledger.accepted for name, ledger in self.ledgers.items()},
            "faults": [str(fault) for fault in self.faults.active],
            "faults_seen": dict(self.faults_seen),
            "inbound_waiting": len(self.sms.inbox.fresh),
            "relayed": self.relay.posted if self.relay else 0,
        }

    def _change_faults(self, params: Mapping[str, Any]) -> web.StreamResponse:
        wanted = params.get("faults", [])
        if not isinstance(wanted, list) or not all(isinstance(option, str) for option in wanted):
            raise FaultError('send {"faults": ["hang@0.1", …]}; an empty list ends all faults')
        self.faults.replace(wanted)
        self._shut_if_told()
        return _json({"faults": [str(fault) for fault in self.faults.active]})

    def _inbound(self, params: Mapping[str, Any]) -> dict[str, Any]:
        at = time.time()
        mobile, text, line = (str(params.get(name, "")) for name in ("mobile", "text", "line"))
        message = self.sms.receive(mobile, text, line or "30001234", at)
        self.log.record(at=stamp(at), event="inbound", provider="sms", **message)
        return message


async def _params(request: web.BaseRequest) -> dict[str, Any]:
    """The fields of the address and of a form (multipart, too) or JSON object; anything else is no fields.
    A field that comes more than once is a list, as one of JSON may be."""
    return {**_joined(request.query.items()), **await _posted(request)}


def _joined(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    return fields


async def _posted(request: web.BaseRequest) -> dict[str, Any]:
    if request.content_type == "multipart/form-data":
        return _joined((await request.post()).items())
    body = (await request.content.read()).decode("utf-8", "replace")
    if request.content_type != "application/json":
        return _joined(parse_qsl(body, keep_blank_values=True))
    with contextlib.suppress(ValueError):
        value = json.loads(body)
        if isinstance(value, dict):
            return value
    return {}


def _json(value: Any) -> web.Response:
    if isinstance(value, bytes):
        return web.Response(body=value)
    return web.Response(text=encode(value), content_type="application/json")


def _plain(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text)


def _beside(response: web.StreamResponse, faults: list[Fault]) -> None:
    """What is wrong beside the call: the clock in `Date`, otherwise the server's own; a quote in a text."""
    for fault in faults:
        if fault.name == "clock":
            response.headers["Date"] = formatdate(time.time() + fault.number, usegmt=True)
        elif fault.name == "unquoted" and isinstance(response, web.Response) and response.text:
            response.text = response.text.replace(fault.value, f'{fault.value}"')


def _reset(request: web.BaseRequest) -> None:
    """End the connection with RST instead of FIN."""
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        transport.abort()
