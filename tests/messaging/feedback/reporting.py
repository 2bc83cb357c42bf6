"""What the tests of the reports share: accepted deliveries of a call, and canned gateways."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.db.models import F

from messaging.actions.plan import plan
from messaging.dispatch.clock import database_clock
from messaging.feedback.delivery_reports import Polled, poll_channel
from messaging.feedback.inbound import fetch_inbound
from messaging.models import Delivery, GatewayCall, Message
from tests.factories import MessageFactory
from tests.guards import unguarded
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people


def sent(dispatch: Dispatch, count: int, **options: Any) -> Message:
    """A message to so many people, taken by the gateway."""
    people(count)
    message: Message = MessageFactory(channel=dispatch.channel)
    plan(message.pk, now=database_clock())
    assert dispatch.run(**options).sent == count
    return message


def make_due() -> None:
    """As if the pauses were over."""
    GatewayCall.objects.filter(report_due_at__isnull=False).update(report_due_at=database_clock())


def age(hours: float) -> None:
    """As if every call had been made so much earlier."""
    from datetime import timedelta

    with unguarded():
        GatewayCall.objects.update(intended_at=F("intended_at") - timedelta(hours=hours))


def later(dispatch: Dispatch, seconds: float = 100) -> None:
    """At the gateway, as if so much time had gone by since the acceptance."""
    for ledger in dispatch.server.gateway.ledgers.values():
        for campaign in ledger.campaigns:
            campaign.at -= seconds


def poll(dispatch: Dispatch, **options: Any) -> Polled:
    make_due()
    return poll_channel(dispatch.channel, dispatch.client(**options), clock=dispatch.clock)


def fetch(dispatch: Dispatch) -> int:
    return fetch_inbound(dispatch.channel, dispatch.client(), clock=dispatch.clock)


def statuses(message: Message) -> dict[str, str]:
    return dict(Delivery.objects.filter(message=message).values_list("address", "provider_status"))


def due_at() -> datetime | None:
    found: datetime | None = GatewayCall.objects.get().report_due_at
    return found


def canned(body: Any) -> bytes:
    """An HTTP answer with a JSON value."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text
