"""One poll of a channel's provider: received messages, callbacks, delivery reports."""

from __future__ import annotations

from collections.abc import Callable

from channels.models import Channel
from common.timeouts import REPORTS_TURN
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.feedback.callbacks import handle_callbacks
from messaging.feedback.delivery_reports import poll_channel
from messaging.feedback.inbound import fetch_inbound
from messaging.feedback.judge import judge_inbound


def poll_provider(
    channel: Channel, client: GatewayClient, *, clock: Clock, seconds: float = REPORTS_TURN
) -> None:
    """Customers' messages first: they are few, and the provider gives them once. An error of one step
    keeps the others from nothing; the first is raised after all of them."""
    looks: list[Callable[[], object]] = [
        lambda: fetch_inbound(channel, client, clock=clock),
        lambda: judge_inbound(channel, clock=clock),
        lambda: handle_callbacks(channel, now=clock()),
        lambda: poll_channel(channel, client, clock=clock, seconds=seconds),
    ]
    errors: list[Exception] = []
    for look in looks:
        try:
            look()
        except Exception as error:
            errors.append(error)
    if errors:
        raise errors[0]
