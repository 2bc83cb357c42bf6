"""One look for news from a channel's provider: what it posted, its delivery reports, what came in."""

from __future__ import annotations

from collections.abc import Callable

from channels.models import Channel
from messaging.dispatch.clock import Clock
from messaging.dispatch.send import GatewayClient
from messaging.feedback.callbacks import handle_callbacks
from messaging.feedback.delivery_reports import TURN_SECONDS, poll_channel
from messaging.feedback.inbound import fetch_inbound


def poll_provider(
    channel: Channel, client: GatewayClient, *, clock: Clock, seconds: float = TURN_SECONDS
) -> None:
    """Customers' messages first: they are few, and the provider gives them once. Each look for itself: what
    is wrong with one must not keep the others from their turn. Raises the first error after all of them."""
    looks: list[Callable[[], object]] = [
        lambda: fetch_inbound(channel, client, clock=clock),
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
