"""How messages become unknown: a worker that dies before its request, an answer that is lost."""

from __future__ import annotations

from datetime import timedelta

from messaging.actions.plan import plan
from messaging.dispatch.claim import claim
from messaging.dispatch.clock import database_clock
from messaging.dispatch.record import record_unknown
from messaging.models import Message
from tests.factories import MessageFactory
from tests.guards import unguarded
from tests.messaging.dispatching import Dispatch
from tests.messaging.helpers import people


def planned(count: int, **fields: object) -> Message:
    if count:
        people(count)
    message: Message = MessageFactory(**fields)
    plan(message.pk, now=database_clock())
    return Message.objects.get(pk=message.pk)


def crash_before_sending(message: Message, limit: int = 10) -> int:
    """A worker that claims and dies before its request."""
    claimed = claim(message, limit=limit, closes_at=None, worker="dead", now=database_clock())
    assert claimed is not None
    record_unknown(claimed.call_id, now=database_clock(), error="worker_lost")
    return claimed.call_id


def lose_the_answer(sms: Dispatch) -> None:
    """The provider takes what waits, and its answer is lost; the outage that this opens is long over."""
    sms.server.use("5xx-after-accept")
    sms.run()
    sms.server.use()
    before = database_clock() - timedelta(minutes=1)
    with unguarded():
        sms.channel.outages.filter(ended_at__isnull=True).update(started_at=before, ended_at=before)
