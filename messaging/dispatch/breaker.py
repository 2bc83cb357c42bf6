"""A gateway's failures become a recorded outage (reading 8), and a trial that goes well ends it.

While an outage is open the claim hands nothing out, so that a dead gateway costs one batch in doubt
and not a campaign. Closed, open, half-open, closed: a probe asks for the account's state, which sends
nothing to anybody; if that is answered well, one recipient is tried (`Pump.probe`); if that one is taken,
the outage ends and the calls grow to their full size.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Max

from channels.actions import detect_outage, postpone_probe, replace_outage, take_probe
from channels.models import Channel, Outage
from gateways.base import GatewayError, NotSent, Trouble
from messaging.dispatch.causes import CREDIT_CODE, cause_of
from messaging.dispatch.claim import gateway_timeout
from messaging.dispatch.clock import TOLERANCE, Clock
from messaging.dispatch.send import GatewayClient, is_batch_refusal

# Troubles that say nothing about the next call.
HARMLESS = frozenset({Trouble.HOURS, Trouble.APPROVAL, Trouble.CONTENT, Trouble.LATE})

_NEEDS_SOMEBODY: Final = frozenset({Outage.Cause.ACCOUNT, Outage.Cause.CREDIT})

# So long after an outage the calls grow to their full size.
RAMP_SECONDS: Final = 10.0

PROBE_SECONDS_LEAST: Final = 1.0
PROBE_SECONDS_MOST: Final = 60.0


def is_about_the_gateway(failure: GatewayError) -> bool:
    """Whether a failed call says something about the next one: not the message's own fault, nor ours."""
    return not (is_batch_refusal(failure) or failure.trouble in HARMLESS)


def open_outage(channel: Channel, failure: GatewayError, *, clock: Clock) -> bool:
    """Record an outage for a failed call; whether the failure was the gateway's. An open one is kept."""
    if not is_about_the_gateway(failure):
        return False
    detect_outage(channel=channel, cause=cause_of(failure), code=failure.code, now=clock())
    return True


def ramp_up_limit(channel: Channel, full: int, *, clock: Clock) -> int:
    """The recipients that one call may have now: few just after an outage, soon `full` again.

    A gateway that took one may still fail at many: then a few are in doubt, not a batch. Asked of
    the table, so that every worker on every machine goes by the same ramp.
    """
    now = clock()
    since = now - timedelta(seconds=RAMP_SECONDS)
    # An end that lies ahead was written by a clock that was wrong: it would hold the channel back till then.
    ended = Outage.objects.filter(
        channel=channel, ended_at__gt=since, ended_at__lte=now + TOLERANCE
    ).aggregate(at=Max("ended_at"))["at"]
    if ended is None:
        return full
    share = (now - ended).total_seconds() / RAMP_SECONDS
    return min(max(int(full * share), 1), full)


def pause_after(outage: Outage, now: datetime) -> timedelta:
    """Until the gateway is asked again: the longer, the longer it is away and the more trials failed."""
    age = (now - outage.started_at).total_seconds()
    wanted = max(age / 4, 2.0 ** min(outage.trials, 10), PROBE_SECONDS_LEAST)
    return timedelta(seconds=min(wanted, PROBE_SECONDS_MOST))


def outage_to_probe(channel: Channel, now: datetime) -> Outage | None:
    """The channel's detected outage, if it is time to ask and nobody else asks: one worker of all.

    Nobody else asks for as long as the question and a trial may take; whoever was given the outage
    says at the end of it when it is asked again (`ask_later`), or ends it.
    """
    outage: Outage | None = Outage.objects.to_probe(now).filter(channel=channel).first()
    if outage is None:
        return None
    until = now + 2 * gateway_timeout() + timedelta(seconds=PROBE_SECONDS_LEAST)
    return outage if take_probe(outage=outage, until=until, now=now) else None


def ask_later(outage: Outage, *, now: datetime, after_a_trial: bool) -> None:
    """The gateway is not back yet. A failed trial left somebody in doubt, so trials grow rare."""
    outage.trials += after_a_trial
    postpone_probe(outage=outage, until=now + pause_after(outage, now), failed_trials=int(after_a_trial))


def probe_gateway(client: GatewayClient, outage: Outage) -> GatewayError | None:
    """Why the provider does not answer well; None if it does, and, where the credit had run out, if there is
    some again."""
    try:
        account = client.account()
    except GatewayError as failure:
        return failure
    if outage.cause != Outage.Cause.CREDIT or account.credit is None or account.credit > 0:
        return None
    return NotSent(CREDIT_CODE, trouble=Trouble.ACCOUNT)


def extend_outage(outage: Outage, failure: GatewayError, *, now: datetime, after_a_trial: bool) -> None:
    """The gateway is not back. Where something else is the matter now, and one of the two needs a person at
    the account, that is an outage of its own: whoever must act is told of it, and of nothing that is over."""
    cause = cause_of(failure)
    if cause != outage.cause and _NEEDS_SOMEBODY & {cause, Outage.Cause(outage.cause)}:
        replace_outage(outage=outage, cause=cause, code=failure.code, now=now)
    else:
        ask_later(outage, now=now, after_a_trial=after_a_trial)
