"""One claimed request: the deadline is checked, the request written, the answer recorded."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import InterfaceError, OperationalError, connection

from common.failpoints import Point, failpoint
from common.monotonic import monotonic
from gateways.base import (
    Account,
    Answer,
    Batch,
    BatchRefused,
    Gateway,
    GatewayError,
    Listing,
    Lookup,
    NotSent,
    OutcomeUnknown,
    Result,
    Trouble,
    not_understood,
)
from gateways.statuses import StatusKind, kind_of
from messaging.dispatch.claim import Claim
from messaging.dispatch.clock import Clock
from messaging.dispatch.record import record_answer, record_not_sent, record_unknown
from messaging.models import Message
from messaging.policy.reasons import Reason

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Our own code, also of the gateways' clients: nothing was written, and the gateway is not at fault.
DEADLINE_PASSED = "deadline_passed"

# The code of `NamedNobody`, where the recipients' statuses say nothing of the account or the provider.
NOBODY_TOLD = "nobody_told"

# The wait of a message that the provider holds up, unless the provider's rule says when it ends.
HOLD_WAIT: Final = timedelta(minutes=15)

# The reason of a message that the provider holds up.
_HOLDS: Final = {Trouble.HOURS: Reason.PROVIDER_HOURS, Trouble.APPROVAL: Reason.AUDIO_UNAPPROVED}

# An answer is kept in memory for a database that is away, and given up after this.
DATABASE_TIMEOUT = timedelta(seconds=30)


class NamedNobody(OutcomeUnknown):
    """The provider answered, and named no recipient as taken or refused: all are unknown."""


class GatewayClient:
    """A gateway's asynchronous client with an event loop of its own, for one worker thread."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._runner = asyncio.Runner()

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        """The answer. An error of our own at reading it leaves the outcome unknown."""
        try:
            return self._runner.run(call)
        except GatewayError:
            raise
        except Exception as error:
            raise not_understood(error) from error

    def send(self, batch: Batch) -> Any:
        return self._run(self.gateway.send(batch))

    def account(self) -> Account:
        return self._run(self.gateway.account())

    def make_audio(self, text: str, title: str) -> int:
        return self._run(self.gateway.make_audio(text, title))

    def lookup(self, batch: Batch, since: Any, until: Any, campaign_id: str) -> Lookup:
        return self._run(self.gateway.lookup(batch, since, until, campaign_id))

    def ask(self, question: Coroutine[Any, Any, T]) -> T:
        """Any other question to the gateway, or several side by side."""
        return self._run(question)

    def list_messages(self, since: datetime, until: datetime) -> Iterator[Listing]:
        """The provider's own list of a period, a part at a time."""
        parts = aiter(self.gateway.list_messages(since, until))

        async def following() -> Listing | None:
            return await anext(parts, None)

        while (part := self._run(following())) is not None:
            yield part

    def close(self) -> None:
        self._run(self.gateway.close())
        self._runner.close()


def send_claim(
    client: GatewayClient,
    message: Message,
    claim: Claim,
    *,
    clock: Clock,
    ends_at: Any,
    started: float,
) -> GatewayError | None:
    """Make the request of a claim and record its outcome; the failure, if the whole request failed.

    `started` is the reading of `common.monotonic` taken just before the claim: a worker that was
    stopped in between finds its deadline passed and writes nothing.
    """
    allowance = (claim.write_deadline - claim.claimed_at).total_seconds()
    if monotonic() - started >= allowance:
        _record_with_retry(lambda: record_not_sent(claim, now=clock(), error=DEADLINE_PASSED))
        return NotSent(DEADLINE_PASSED, trouble=Trouble.LATE)
    batch = _batch(message, claim, ends_at, started + allowance)
    failpoint(Point.SEND_BEFORE)
    begun = time.monotonic()
    try:
        answer = client.send(batch)
    except NotSent as failure:
        failed, latency_ms = failure, _milliseconds_since(begun)
        _record_with_retry(lambda: _record_failure(claim, failed, clock, latency_ms=latency_ms))
        return failure
    except OutcomeUnknown as failure:
        error, answer_so_far, latency_ms = failure.code, failure.raw, _milliseconds_since(begun)
        _record_with_retry(
            lambda: record_unknown(
                claim, now=clock(), error=error, answer=answer_so_far, latency_ms=latency_ms
            )
        )
        return failure
    latency_ms = _milliseconds_since(begun)
    failpoint(Point.SEND_ANSWERED)
    _record_with_retry(lambda: record_answer(claim, answer, now=clock(), latency_ms=latency_ms))
    return _named_nobody(answer)


def _named_nobody(answer: Answer) -> NamedNobody | None:
    """The failure of an answer that leaves all outcomes unknown: the next batch would fare no better.

    A provider may refuse the account in the status of each recipient.
    """
    outcomes = list(answer.outcomes.values())
    if any(outcome.result is not Result.UNKNOWN for outcome in outcomes):
        return None
    kinds = {outcome.status: kind_of(outcome.status) for outcome in outcomes}
    for kind, trouble in ((StatusKind.ACCOUNT, Trouble.ACCOUNT), (StatusKind.PROVIDER, Trouble.PROVIDER)):
        status = next((status for status, one in kinds.items() if one is kind), None)
        if status is not None:
            return NamedNobody(status, trouble=trouble)
    return NamedNobody(NOBODY_TOLD, trouble=Trouble.PROVIDER)


def _batch(message: Message, claim: Claim, ends_at: Any, write_before: float) -> Batch:
    return Batch(
        text=message.text,
        addresses=[address for _pk, address in claim.recipients],
        reference=f"amoot-{message.pk}-{claim.call_id}",
        now=claim.claimed_at,
        ends_at=ends_at,
        audio_id=message.audio_id,
        write_before=write_before,
    )


def _milliseconds_since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _record_with_retry(record: Callable[[], None]) -> None:
    """Record an outcome, again and again while the database is restarted, `DATABASE_TIMEOUT` at most.

    The answer is known here alone: without it a whole batch would be `unknown`. Recording twice does no harm,
    since each recipient is moved once.
    """
    until = time.monotonic() + DATABASE_TIMEOUT.total_seconds()
    while True:
        try:
            return record()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= until:
                raise
            logger.warning("the database is away; the answer of a call is kept", exc_info=True)
            connection.close()
            time.sleep(0.5)


def _record_failure(claim: Claim, failure: NotSent, clock: Clock, *, latency_ms: int) -> None:
    now = clock()
    held_until = hold_of(failure, now)
    record_not_sent(
        claim,
        now=now,
        error=failure.code,
        answer=failure.raw,
        wait=max(held_until - now, timedelta(0)) if held_until else timedelta(0),
        reason=_HOLDS.get(failure.trouble, Reason.RETRY),
        latency_ms=latency_ms,
    )


def hold_of(failure: GatewayError, now: datetime) -> datetime | None:
    """The instant until which a refused message waits; None if it may be tried again at once."""
    if failure.until is not None:
        return failure.until
    return now + HOLD_WAIT if failure.trouble in _HOLDS else None


def is_batch_refusal(failure: GatewayError) -> bool:
    """Whether an unnamed member spoils the batch, so that smaller ones must be tried."""
    return isinstance(failure, BatchRefused)
