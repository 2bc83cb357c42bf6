"""Questions to a gateway in the background: each bounded in time, several side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from common.timeouts import QUESTION
from gateways.base import GatewayError, OutcomeUnknown, Trouble, not_understood

T = TypeVar("T")


async def with_timeout(call: Coroutine[Any, Any, T], seconds: float = QUESTION) -> T:
    """The answer. Raises `OutcomeUnknown` after `seconds`, and if reading it fails."""
    try:
        async with asyncio.timeout(seconds):
            return await call
    except TimeoutError:
        raise OutcomeUnknown("timeout", trouble=Trouble.NETWORK) from None
    except GatewayError:
        raise
    except Exception as error:
        raise not_understood(error) from error


async def gather_answers(
    calls: Sequence[Coroutine[Any, Any, T]], seconds: float = QUESTION
) -> list[T | GatewayError]:
    """All answers in order, a failure in the place of its own."""

    async def one(call: Coroutine[Any, Any, T]) -> T | GatewayError:
        try:
            return await with_timeout(call, seconds)
        except GatewayError as failure:
            return failure

    return list(await asyncio.gather(*(one(call) for call in calls)))
