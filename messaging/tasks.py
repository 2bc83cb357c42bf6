"""Celery only wakes: a task carries no payload and means "look at the table"."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from celery import shared_task

from channels.models import Channel, Outage
from common.enqueue import WAKE_SECONDS
from gateways.registry import gateway_for
from messaging.actions.plan import plan_waiting
from messaging.actions.sweep import sweep_channel
from messaging.audience.kept_progress import count_wanted
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump
from messaging.dispatch.record import recover as recover_calls
from messaging.dispatch.send import GatewayClient
from messaging.feedback.poll import poll_provider
from messaging.reconciliation.compare import compare_due
from messaging.settlement.ask import settle_channel

logger = logging.getLogger(__name__)

# Seconds after which a pump gives its worker back; it asks for another turn if there is more to do.
TURN_SECONDS = 10.0

_here = threading.local()


def pump_of(channel: Channel) -> Pump:
    """This thread's pump of a channel, with its connections kept from one turn to the next."""
    pumps: dict[int, Pump] = _here.__dict__.setdefault("pumps", {})
    if channel.pk not in pumps:
        pumps[channel.pk] = Pump(channel, GatewayClient(gateway_for(channel.code)), clock=database_clock)
    return pumps[channel.pk]


@shared_task(name="messaging.tasks.pump", ignore_result=True)
def pump(channel_code: str) -> None:
    channel = Channel.objects.of_messages().filter(code=channel_code).first()
    if channel is None:
        return
    if not channel.is_active:
        # What was cancelled, or is too late, ends all the same.
        plan_waiting(channel.code, now=database_clock())
        sweep_channel(channel.code, now=database_clock())
        return
    report = pump_of(channel).run(seconds=TURN_SECONDS)
    if report.moved and not report.failures:
        pump.apply_async((channel_code,), queue=channel_code, retry=False)


@shared_task(name="messaging.tasks.wake", ignore_result=True)
def wake() -> None:
    for code in Channel.objects.of_messages().values_list("code", flat=True):
        pump.apply_async((code,), queue=code, retry=False, expires=WAKE_SECONDS)


@shared_task(name="messaging.tasks.progress", ignore_result=True)
def progress() -> None:
    count_wanted(now=database_clock())


@shared_task(name="messaging.tasks.recover", ignore_result=True)
def recover() -> None:
    recover_calls(now=database_clock())


def _each(channels: Iterable[Channel], act: Callable[[Channel], object]) -> None:
    """One channel's trouble must not keep the next one from its turn."""
    for channel in channels:
        try:
            act(channel)
        except Exception:
            logger.exception("a round failed", extra={"channel": channel.code})


@shared_task(name="messaging.tasks.settle", ignore_result=True)
def settle() -> None:
    _each(
        Channel.objects.of_messages(),
        lambda channel: settle_channel(channel, pump_of(channel).client, clock=database_clock),
    )


@shared_task(name="messaging.tasks.probe", ignore_result=True)
def probe() -> None:
    down = Outage.objects.to_probe(database_clock()).values_list("channel_id", flat=True)
    _each(Channel.objects.sending().filter(pk__in=list(down)), lambda channel: pump_of(channel).probe())


@shared_task(name="messaging.tasks.reports", ignore_result=True)
def reports() -> None:
    _each(
        Channel.objects.of_messages(),
        lambda channel: poll_provider(channel, pump_of(channel).client, clock=database_clock),
    )


@shared_task(name="messaging.tasks.compare_sends", ignore_result=True)
def compare_sends() -> None:
    _each(Channel.objects.sending(), _compare)


def _compare(channel: Channel) -> None:
    client = GatewayClient(gateway_for(channel.code))
    try:
        compare_due(channel, client, clock=database_clock)
    finally:
        client.close()
