"""A TCP proxy between portal and gateway that is as bad as a network can be.

It knows nothing of HTTP: it delays, swallows, resets and cuts bytes. Steered from the test while it runs.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

PIECE = 64 * 1024
RST = struct.pack("ii", 1, 0)


class Harm(StrEnum):
    """What may befall a connection. `after` counts bytes of its request, or of its answer."""

    REFUSE = "refuse"  # nobody listens
    RESET_AT_ONCE = "reset_at_once"  # accepted by the network, then reset
    DELAY = "delay"  # the request waits `seconds`, then goes on
    SWALLOW_REQUEST = "swallow_request"  # the gateway never gets more than `after` bytes
    RESET_REQUEST = "reset_request"  # `after` bytes get through, then both ends are reset
    SWALLOW_ANSWER = "swallow_answer"  # the portal never gets more than `after` bytes
    RESET_ANSWER = "reset_answer"  # `after` bytes of the answer, then a reset
    CUT_ANSWER = "cut_answer"  # `after` bytes of the answer, then an ordinary end


@dataclass(frozen=True, slots=True)
class Trouble:
    """A harm, and the share of connections that it befalls."""

    harm: Harm
    after: int = 0
    seconds: float = 0
    probability: float = 1


class Proxy:
    def __init__(self, target_port: int, *, seed: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.done: Counter[Harm] = Counter()
        self._random = random.Random(seed)
        self._troubles: list[Trouble] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def use(self, *troubles: Trouble) -> None:
        """Put these in the place of all; connections that are open end, so that none escapes them."""
        self._run(self._use(troubles))

    def start(self) -> None:
        self._thread.start()
        self._run(self._listen())

    def stop(self) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    # --- in the loop's thread ---------------------------------------------------------------------

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _use(self, troubles: tuple[Trouble, ...]) -> None:
        self._troubles = list(troubles)
        self._end_connections()
        refuses = any(trouble.harm is Harm.REFUSE for trouble in troubles)
        if refuses and self._server is not None:
            self._server.close()
            self._server = None
        elif not refuses:
            await self._listen()

    def _end_connections(self) -> None:
        for writer in self._writers:
            writer.close()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._end_connections()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _fate(self) -> Trouble | None:
        return next((t for t in self._troubles if self._random.random() < t.probability), None)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer)
        finally:
            self._writers.discard(writer)
            self._tasks.discard(task)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fate = self._fate()
        if fate is not None and fate.harm is Harm.RESET_AT_ONCE:
            self.done[fate.harm] += 1
            _reset(writer)
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.target_port)
        self._writers.add(back)
        try:
            way = _Way(self, fate, writer, back)
            both = [
                asyncio.ensure_future(way.there(reader)),
                asyncio.ensure_future(way.back(there)),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one in both:
                    one.cancel()
                await asyncio.gather(*both, return_exceptions=True)
        finally:
            self._writers.discard(back)
            back.close()


class _Way:
    """One connection's two directions; the end of either ends both."""

    def __init__(
        self, proxy: Proxy, fate: Trouble | None, portal: asyncio.StreamWriter, gateway: asyncio.StreamWriter
    ) -> None:
        self.proxy, self.fate, self.portal, self.gateway = proxy, fate, portal, gateway

    def _suffers(self, *harms: Harm) -> Trouble | None:
        return self.fate if self.fate is not None and self.fate.harm in harms else None

    def _count(self) -> None:
        if self.fate is not None:
            self.proxy.done[self.fate.harm] += 1

    async def there(self, reader: asyncio.StreamReader) -> None:
        limit = self._suffers(Harm.SWALLOW_REQUEST, Harm.RESET_REQUEST)
        delay = self._suffers(Harm.DELAY)
        so_far = 0
        while piece := await reader.read(PIECE):
            if delay:
                self._count()
                await asyncio.sleep(delay.seconds)
            if limit and so_far + len(piece) > limit.after:
                await _write(self.gateway, piece[: max(limit.after - so_far, 0)])
                self._count()
                await self._end(reset=limit.harm is Harm.RESET_REQUEST, swallow=reader)
                return
            so_far += len(piece)
            await _write(self.gateway, piece)

    async def back(self, reader: asyncio.StreamReader) -> None:
        limit = self._suffers(Harm.SWALLOW_ANSWER, Harm.RESET_ANSWER, Harm.CUT_ANSWER)
        so_far = 0
        while piece := await reader.read(PIECE):
            if limit and so_far + len(piece) > limit.after:
                await _write(self.portal, piece[: max(limit.after - so_far, 0)])
                self._count()
                if limit.harm is Harm.CUT_ANSWER:
                    return
                await self._end(reset=limit.harm is Harm.RESET_ANSWER, swallow=reader)
                return
            so_far += len(piece)
            await _write(self.portal, piece)

    async def _end(self, *, reset: bool, swallow: asyncio.StreamReader) -> None:
        if reset:
            _reset(self.portal)
            _reset(self.gateway)
            return
        while await swallow.read(PIECE):
            pass


async def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if piece:
        writer.write(piece)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End with RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
    writer.transport.abort()


@contextmanager
def running_proxy(target_port: int, *, seed: int) -> Iterator[Proxy]:
    proxy = Proxy(target_port, seed=seed)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
