"""The circuit breaker of a channel: its state is the outage's row, shared by all workers (reading 8).

1. Closed: a failure of the gateway opens an outage, in which the claim hands nothing out. A dead gateway
   costs one batch with an unknown outcome, not a campaign.
2. Open: from time to time one worker asks for the account's state, which sends nothing.
3. Half open: if that is answered well, one recipient is tried (`recovery.Recovery`).
4. Closed: that one was taken, and the requests grow to their full size within `RAMP`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max

from channels.actions import detect_outage, postpone_probe, replace_outage, take_probe
from channels.models import Channel, Outage
from gateways.base import BatchRefused, GatewayError, NotSent, Trouble
from messaging.dispatch.causes import CREDIT_CODE, cause_of
from messaging.dispatch.claim import gateway_timeout
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import TOLERANCE, Clock

# Troubles that say nothing about the next request.
_HARMLESS: Final = frozenset({Trouble.HOURS, Trouble.APPROVAL, Trouble.CONTENT, Trouble.LATE})

_NEEDS_SOMEBODY: Final = frozenset({Outage.Cause.ACCOUNT, Outage.Cause.CREDIT})

# From the end of an outage until requests have their full size again.
RAMP: Final = timedelta(seconds=10)


def open_outage(channel: Channel, failure: GatewayError, *, clock: Clock) -> bool:
    """Record an outage for a failed request, unless one is open; False if the fault is the message's or our
    own, and the next request may well succeed."""
    if isinstance(failure, BatchRefused) or failure.trouble in _HARMLESS:
        return False
    detect_outage(channel=channel, cause=cause_of(failure), code=failure.code, now=clock())
    return True


def ended_lately(channel: Channel, now: datetime) -> datetime | None:
    """The end of an outage whose `RAMP` is not over. Read from the table, so that every worker on every
    machine goes by the same ramp."""
    # An end that lies ahead was written by a wrong clock, and would hold the channel back until then.
    lately = Outage.objects.filter(channel=channel, ended_at__gt=now - RAMP, ended_at__lte=now + TOLERANCE)
    ended: datetime | None = lately.aggregate(at=Max("ended_at"))["at"]
    return ended


def ramp_up_limit(channel: Channel, full: int, *, clock: Clock) -> int:
    """The most recipients of one request now: few just after an outage, soon `full` again.

    A gateway that took one may still fail at many: then a few outcomes are unknown, not a batch of them.
    """
    now = clock()
    ended = ended_lately(channel, now)
    return full if ended is None else min(max(int(full * ((now - ended) / RAMP)), 1), full)


def pause_after(outage: Outage, now: datetime) -> timedelta:
    """The pause before the next probe: a quarter of the outage's age, or a second, doubled by each failed
    trial; a minute at most."""
    age = (now - outage.started_at).total_seconds()
    return timedelta(seconds=min(max(age / 4, 2.0 ** min(outage.trials, 6)), 60))


def outage_to_probe(channel: Channel, now: datetime) -> Outage | None:
    """The channel's detected outage, if it is due to be probed and no other worker probes it.

    It is leased for the time that the question and a trial may take. The caller ends the outage, or says when
    it is probed next (`ask_later`).
    """
    outage: Outage | None = Outage.objects.to_probe(now).filter(channel=channel).first()
    if outage is None:
        return None
    until = now + 2 * gateway_timeout() + timedelta(seconds=1)
    return outage if take_probe(outage=outage, until=until, now=now) else None


def ask_later(outage: Outage, *, now: datetime, after_a_trial: bool) -> None:
    """Postpone the next probe. A failed trial left one outcome unknown, so trials grow rare."""
    outage.trials += after_a_trial
    postpone_probe(outage=outage, until=now + pause_after(outage, now), failed_trials=int(after_a_trial))


def probe_gateway(client: GatewayClient, outage: Outage) -> GatewayError | None:
    """The failure of the account question, also if the credit that had run out is still at zero; None if all
    is well."""
    try:
        account = client.ask(client.gateway.account())
    except GatewayError as failure:
        return failure
    if outage.cause != Outage.Cause.CREDIT or account.credit is None or account.credit > 0:
        return None
    return NotSent(CREDIT_CODE, trouble=Trouble.ACCOUNT)


def extend_outage(outage: Outage, failure: GatewayError, *, now: datetime, after_a_trial: bool) -> None:
    """The gateway is not back. Where the cause is another one now, and one of the two needs a person at the
    account, the outage ends and another begins: the mail names what is wrong now."""
    cause = cause_of(failure)
    if cause != outage.cause and _NEEDS_SOMEBODY & {cause, Outage.Cause(outage.cause)}:
        replace_outage(outage=outage, cause=cause, code=failure.code, now=now)
    else:
        ask_later(outage, now=now, after_a_trial=after_a_trial)
