"""One claimed call is made: the deadline is checked, the request written, the answer recorded."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection

from messaging.dispatch.claim import Claim
from messaging.dispatch.clock import Clock
from messaging.dispatch.record import record_answer, record_not_sent, record_unknown
from messaging.gateways.base import (
    Account,
    Batch,
    BatchRefused,
    Gateway,
    GatewayError,
    Lookup,
    NotSent,
    OutcomeUnknown,
    Trouble,
)
from messaging.models import Message
from messaging.points import Point, passed
from messaging.policy.reasons import Reason

T = TypeVar("T")

# Our own word, the gateways' clients say it too: nothing was written, and nobody is to blame but us.
DEADLINE_PASSED = "deadline_passed"

# The provider's own window was closed: it is asked again after this.
HOURS_WAIT = timedelta(minutes=15)

# So long is an outcome held in hand while the database is away.
WRITING_DOWN_SECONDS = 20.0


class Courier:
    """A gateway's client with its own event loop, for one worker thread.

    The dispatch is plain synchronous code; only the requests are asynchronous, since the fastest
    client is.
    """

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self._runner = asyncio.Runner()

    def _run(self, call: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(call)

    def send(self, batch: Batch) -> Any:
        return self._run(self.gateway.send(batch))

    def account(self) -> Account:
        return self._run(self.gateway.account())

    def make_audio(self, text: str, title: str) -> int:
        return self._run(self.gateway.make_audio(text, title))

    def lookup(self, batch: Batch, since: Any, until: Any, campaign_id: str) -> Lookup:
        return self._run(self.gateway.lookup(batch, since, until, campaign_id))

    def close(self) -> None:
        self._run(self.gateway.close())
        self._runner.close()


def send_claim(
    courier: Courier, message: Message, claim: Claim, *, clock: Clock, ends_at: Any, started: float
) -> GatewayError | None:
    """Make the call of a claim and record what came of it; the failure, if the whole call failed.

    `started` is the monotonic reading (seconds) taken just before the claim: a worker that was
    stopped in between finds its deadline passed and writes nothing.
    """
    allowance = (claim.write_deadline - claim.claimed_at).total_seconds()
    if time.monotonic() - started >= allowance:
        record_not_sent(claim, now=clock(), error=DEADLINE_PASSED)
        return NotSent(DEADLINE_PASSED, trouble=Trouble.NETWORK)
    batch = Batch(
        text=message.text,
        addresses=[address for _pk, address in claim.recipients],
        reference=f"amoot-{message.pk}-{claim.call_id}",
        now=claim.claimed_at,
        ends_at=ends_at,
        audio_id=message.audio_id,
        write_before=started + allowance,
    )
    passed(Point.SEND_BEFORE)
    try:
        answer = courier.send(batch)
    except NotSent as failure:
        proof = failure
        _written_down(lambda: _record_failure(claim, proof, clock))
        return failure
    except OutcomeUnknown as failure:
        doubt = failure
        _written_down(lambda: record_unknown(claim, now=clock(), error=doubt.code, answer=doubt.raw))
        return failure
    passed(Point.SEND_ANSWERED)
    _written_down(lambda: record_answer(claim, answer, now=clock()))
    return None


def _written_down(record: Callable[[], None]) -> None:
    """Record an outcome, over a restart of the database if there is one just now.

    What the provider said is known here and nowhere else; given up, it would become a doubt. Each
    record is one transaction that may be written again, also when its commit was not acknowledged.
    """
    until = time.monotonic() + WRITING_DOWN_SECONDS
    while True:
        try:
            return record()
        except (OperationalError, InterfaceError):
            if time.monotonic() >= until:
                raise
            connection.close()
            time.sleep(0.2)


def _record_failure(claim: Claim, failure: NotSent, clock: Clock) -> None:
    now = clock()
    if failure.trouble is Trouble.HOURS:
        record_not_sent(
            claim,
            now=now,
            error=failure.code,
            answer=failure.raw,
            wait=HOURS_WAIT,
            reason=Reason.WINDOW_CLOSED,
        )
    else:
        record_not_sent(claim, now=now, error=failure.code, answer=failure.raw)


def is_batch_refusal(failure: GatewayError) -> bool:
    """Whether some unnamed member spoils the batch, so that smaller ones must be tried."""
    return isinstance(failure, BatchRefused)
