"""One turn of each of a channel's duties (`amoot_comms/duties.py`): look at the table, do what is due.

A turn that gives True has more to do at once. A thread keeps its clients from one turn to the next, until
`close_clients`.
"""

from __future__ import annotations

import threading
from datetime import datetime, time
from typing import Final

from channels.models import Channel
from common.timeouts import PUMP_TURN
from gateways.registry import gateway_for
from messaging.actions.plan import plan_waiting
from messaging.actions.sweep import sweep_channel
from messaging.actions.wake import wake_worker
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump
from messaging.feedback.poll import poll_provider
from messaging.reconciliation.compare import compare_due
from messaging.settlement.ask import settle_channel
from persian.jalali import TEHRAN

# In Tehran: the day before is compared in these hours, when no campaign is sent.
COMPARES_FROM: Final = time(2, 30)
COMPARES_UNTIL: Final = time(6)


class _Kept(threading.local):
    def __init__(self) -> None:
        self.clients: dict[str, GatewayClient] = {}
        self.pumps: dict[int, Pump] = {}


_kept: Final = _Kept()


def dispatch(code: str) -> bool:
    """Send for some seconds. On a channel out of use only what is cancelled or too late comes to its end."""
    channel = _channel(code)
    if channel is None:
        return False
    if not channel.is_active:
        sweep_channel(code, now=database_clock())
        return False
    if channel.pk not in _kept.pumps:
        _kept.pumps[channel.pk] = Pump(channel, _client(code), clock=database_clock, plans_campaigns=False)
    report = _kept.pumps[channel.pk].run(seconds=PUMP_TURN)
    return bool(report.moved and not report.failures)


def plan(code: str) -> None:
    """Plan what was submitted, campaigns too: a million recipients take seconds, in which no pump waits."""
    if plan_waiting(code, now=database_clock()):
        wake_worker(code)


def settle(code: str) -> None:
    if channel := _channel(code):
        settle_channel(channel, _client(code), clock=database_clock)


def poll(code: str) -> None:
    if channel := _channel(code):
        poll_provider(channel, _client(code), clock=database_clock)


def compare(code: str) -> None:
    channel = _channel(code)
    if channel and channel.is_active and is_quiet(database_clock()):
        compare_due(channel, _client(code), clock=database_clock)


def is_quiet(now: datetime) -> bool:
    return COMPARES_FROM <= now.astimezone(TEHRAN).time() < COMPARES_UNTIL


def close_clients() -> None:
    """Close this thread's connections to the providers."""
    while _kept.clients:
        _kept.clients.popitem()[1].close()
    _kept.pumps.clear()


def _channel(code: str) -> Channel | None:
    channel: Channel | None = Channel.objects.of_messages().filter(code=code).first()
    return channel


def _client(code: str) -> GatewayClient:
    if code not in _kept.clients:
        _kept.clients[code] = GatewayClient(gateway_for(code))
    return _kept.clients[code]
