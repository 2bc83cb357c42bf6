"""A gateway's failures become a recorded outage (reading 8), and its answers end it.

While an outage is open the claim hands nothing out, so that a dead gateway costs one batch in doubt
and not a campaign. The probe asks for the account's state, which sends nothing to anybody.
"""

from __future__ import annotations

import time

from channels.actions import detect_outage, end_outage
from channels.models import Channel, Outage
from messaging.dispatch.clock import Clock
from messaging.dispatch.send import Courier
from messaging.gateways.base import GatewayError, Trouble

# Troubles that say nothing about the next call.
HARMLESS = frozenset({Trouble.HOURS, Trouble.CONTENT})

PROBE_SECONDS_LEAST = 1.0
PROBE_SECONDS_MOST = 60.0


def open_outage(channel: Channel, failure: GatewayError, *, clock: Clock) -> bool:
    """Record an outage for a failed call, unless the failure is the message's own or one is open."""
    if failure.trouble in HARMLESS:
        return False
    detect_outage(channel=channel, reason=f"{failure.trouble}: {failure.code}"[:300], now=clock())
    return True


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
        if outage.reason.startswith(Trouble.ACCOUNT) and account.credit is not None and account.credit <= 0:
            return False
        end_outage(outage=outage, by=None, now=clock())
        return True
