"""One claimed request: the deadline is checked, the request written, the answer recorded."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

from django.db import InterfaceError, OperationalError, connection

from common.failpoints import Point, failpoint
from common.monotonic import monotonic
from common.timeouts import DATABASE_AWAY, REFUSED_PAUSE
from gateways.base import (
    Answer,
    Batch,
    GatewayError,
    NotSent,
    OutcomeUnknown,
    Result,
    Trouble,
)
from gateways.statuses import StatusKind, kind_of
from messaging.dispatch.claim import Claim
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.dispatch.record import record_answer, record_not_sent, record_unknown
from messaging.models import Message
from messaging.policy.reasons import Reason

logger = logging.getLogger(__name__)

# Our own code, also of the gateways' clients: nothing was written, and the gateway is not at fault.
DEADLINE_PASSED = "deadline_passed"

# The code of `NamedNobody`, where the recipients' statuses say nothing of the account or the provider.
NOBODY_TOLD = "nobody_told"

# The reason of a message that the provider holds up.
_HOLDS: Final = {Trouble.HOURS: Reason.PROVIDER_HOURS, Trouble.APPROVAL: Reason.AUDIO_UNAPPROVED}

Outcome = Answer | NotSent | OutcomeUnknown


class NamedNobody(OutcomeUnknown):
    """The provider answered, and named no recipient as taken or refused: all are unknown."""


def send_claim(
    client: GatewayClient,
    message: Message,
    claim: Claim,
    *,
    clock: Clock,
    ends_at: datetime | None,
    started: float,
) -> GatewayError | None:
    """Make the request of a claim and record its outcome; the failure, if the whole request failed.

    `started` is the reading of `common.monotonic` taken just before the claim: a worker that was
    stopped in between finds its deadline passed and writes nothing.
    """
    allowance = (claim.write_deadline - claim.claimed_at).total_seconds()
    if monotonic() - started >= allowance:
        late = NotSent(DEADLINE_PASSED, trouble=Trouble.LATE)
        _record_with_retry(partial(_record, claim, late, clock, None))
        return late
    batch = Batch(
        text=message.text,
        addresses=[address for _pk, address in claim.recipients],
        reference=f"amoot-{message.pk}-{claim.call_id}",
        now=claim.claimed_at,
        ends_at=ends_at,
        audio_id=message.audio_id,
        write_before=started + allowance,
    )
    failpoint(Point.SEND_BEFORE)
    begun = time.monotonic()
    outcome = _request(client, batch)
    latency_ms = round((time.monotonic() - begun) * 1000)
    if isinstance(outcome, Answer):
        failpoint(Point.SEND_ANSWERED)
    _record_with_retry(partial(_record, claim, outcome, clock, latency_ms))
    return _named_nobody(outcome) if isinstance(outcome, Answer) else outcome


def _request(client: GatewayClient, batch: Batch) -> Outcome:
    try:
        return client.send(batch)
    except (NotSent, OutcomeUnknown) as failure:
        return failure


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


def _record_with_retry(record: Callable[[], None]) -> None:
    """Record an outcome, again and again while the database is restarted, for `DATABASE_AWAY` at most.

    The answer is known here alone: without it a whole batch would be `unknown`. Recording twice does no harm,
    since each recipient is moved once.
    """
    until = time.monotonic() + DATABASE_AWAY
    while True:
        try:
            return record()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() >= until:
                raise
            logger.warning("the database is away; the answer of a call is kept", exc_info=True)
            connection.close()
            time.sleep(0.5)


def _record(claim: Claim, outcome: Outcome, clock: Clock, latency_ms: int | None) -> None:
    now = clock()
    if isinstance(outcome, Answer):
        record_answer(claim, outcome, now=now, latency_ms=latency_ms)
    elif isinstance(outcome, OutcomeUnknown):
        record_unknown(claim.call_id, now=now, error=outcome.code, answer=outcome.raw, latency_ms=latency_ms)
    else:
        record_not_sent(
            claim,
            now=now,
            error=outcome.code,
            answer=outcome.raw,
            not_before=max(hold_of(outcome, now) or now, now),
            reason=_HOLDS.get(outcome.trouble, Reason.RETRY),
            latency_ms=latency_ms,
        )


def hold_of(failure: GatewayError, now: datetime) -> datetime | None:
    """The instant until which a refused message waits; None if it may be tried again at once."""
    if failure.until is not None:
        return failure.until
    return now + REFUSED_PAUSE if failure.trouble in _HOLDS else None
