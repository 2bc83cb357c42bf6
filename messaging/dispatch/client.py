"""The questions and requests of one worker thread to a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from common.timeouts import QUESTION
from gateways.base import (
    Answer,
    Batch,
    Gateway,
    GatewayError,
    Listing,
    OutcomeUnknown,
    Trouble,
    not_understood,
)

T = TypeVar("T")


class GatewayClient:
    """A gateway's asynchronous client with an event loop of its own, for one worker thread."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._runner = asyncio.Runner()

    def ask(self, question: Coroutine[Any, Any, T], *, seconds: float | None = None) -> T:
        """The answer. Raises `OutcomeUnknown` after `seconds`, and if reading it fails."""
        return self._runner.run(_answer(question, seconds))

    def ask_all(
        self, questions: Sequence[Coroutine[Any, Any, T]], *, seconds: float = QUESTION
    ) -> list[T | GatewayError]:
        """All answers in order, asked for side by side; a failure in the place of its own."""

        async def one(question: Coroutine[Any, Any, T]) -> T | GatewayError:
            try:
                return await _answer(question, seconds)
            except GatewayError as failure:
                return failure

        async def each() -> list[T | GatewayError]:
            return list(await asyncio.gather(*map(one, questions)))

        return self._runner.run(each())

    def send(self, batch: Batch) -> Answer:
        return self.ask(self.gateway.send(batch))

    def list_messages(self, since: datetime, until: datetime) -> Iterator[Listing]:
        """The provider's own list of a period, a part at a time."""
        parts = aiter(self.gateway.list_messages(since, until))

        async def following() -> Listing | None:
            return await anext(parts, None)

        while (part := self.ask(following())) is not None:
            yield part

    def close(self) -> None:
        self.ask(self.gateway.close())
        self._runner.close()


async def _answer(question: Coroutine[Any, Any, T], seconds: float | None) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await question
    except TimeoutError:
        raise OutcomeUnknown("timeout", trouble=Trouble.NETWORK) from None
    except GatewayError:
        raise
    except Exception as error:
        raise not_understood(error) from error
