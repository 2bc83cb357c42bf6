"""A gateway's failures become a recorded outage (reading 8), and its answers end it.

While an outage is open the claim hands nothing out, so that a dead gateway costs one batch in doubt
and not a campaign. The probe asks for the account's state, which sends nothing to anybody.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db.models import Max

from channels.actions import detect_outage, end_outage
from channels.models import Channel, Outage
from messaging.dispatch.clock import Clock
from messaging.dispatch.send import Courier
from messaging.gateways.base import GatewayError, Trouble
from messaging.operations.causes import cause_of

# Troubles that say nothing about the next call.
HARMLESS = frozenset({Trouble.HOURS, Trouble.CONTENT})

# So long after an outage the calls grow to their full size.
RAMP_SECONDS = 10.0

PROBE_SECONDS_LEAST = 1.0
PROBE_SECONDS_MOST = 60.0


def open_outage(channel: Channel, failure: GatewayError, *, clock: Clock) -> bool:
    """Record an outage for a failed call, unless the failure is the message's own or one is open."""
    if failure.trouble in HARMLESS:
        return False
    detect_outage(channel=channel, cause=cause_of(failure), code=failure.code, now=clock())
    return True


def ramped(channel: Channel, full: int, *, clock: Clock) -> int:
    """The recipients that one call may have now: few just after an outage, soon `full` again.

    A gateway that answers the probe may still fail at the first message: then a few are in doubt,
    not a batch. Asked of the table, so that every worker on every machine goes by the same ramp.
    """
    now = clock()
    since = now - timedelta(seconds=RAMP_SECONDS)
    ended = Outage.objects.filter(channel=channel, ended_at__gt=since).aggregate(at=Max("ended_at"))["at"]
    if ended is None:
        return full
    share = (now - ended).total_seconds() / RAMP_SECONDS
    return min(max(int(full * share), 1), full)


class Probe:
    """Asks a gateway whether it is back, the more rarely the longer the outage lasts."""

    def __init__(self) -> None:
        self._last: dict[int, float] = {}

    def _is_due(self, outage: Outage, age_seconds: float) -> bool:
        pause = min(max(age_seconds / 4, PROBE_SECONDS_LEAST), PROBE_SECONDS_MOST)
        last = self._last.get(outage.pk)
        return last is None or time.monotonic() - last >= pause

    def try_to_end(self, channel: Channel, courier: Courier, *, clock: Clock) -> bool:
        """End the channel's detected outage if the gateway answers; whether it was ended."""
        outage = Outage.objects.open().filter(channel=channel, origin=Outage.Origin.DETECTED).first()
        if outage is None:
            return False
        now = clock()
        if not self._is_due(outage, (now - outage.started_at).total_seconds()):
            return False
        self._last[outage.pk] = time.monotonic()
        try:
            account = courier.account()
        except GatewayError:
            return False
        if outage.cause == Outage.Cause.CREDIT and account.credit is not None and account.credit <= 0:
            return False
        end_outage(outage=outage, by=None, now=clock())
        return True
