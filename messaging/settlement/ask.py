"""Calls of unknown outcome are settled by asking the provider after a while. Nothing is resent blindly.

Present there: `accepted`. Proven absent: back into the queue. A provider that cannot tell is asked again
after growing pauses, and after `ROUNDS` of them only if somebody presses; the deliveries stay `unknown`,
where a person sees them and may decide (`messaging.actions.decide`).

Calls of one message are asked about together: five hundred calls of the same minutes are one period.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from channels.models import Channel
from common.failpoints import Point, failpoint
from common.monotonic import monotonic
from common.timeouts import ASKING_TURN, REQUEST_TO_LATE_RECORD, REQUEST_TO_RECORD
from gateways.base import Batch, GatewayError, NotSent, Trouble
from messaging.dispatch.claim import gateway_timeout
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.models import Delivery, GatewayCall
from messaging.settlement.apply import ProviderAnswer, Settlement, settle_call
from messaging.settlement.proof import Obstacle
from messaging.states import DeliveryState

logger = logging.getLogger(__name__)


def settle_channel(
    channel: Channel,
    client: GatewayClient,
    *,
    clock: Clock,
    limit: int | None = 500,
    insist: bool = False,
    seconds: float = ASKING_TURN,
) -> Settlement:
    """Settle up to `limit` calls of a channel whose quiet period is over and whose turn has come.

    `insist` asks about every call whatever its turn, those too of which nothing more is expected. A
    provider that cannot be reached at all is not asked about the rest; after `seconds` no further question
    is begun, and the rest is anybody's again.
    """
    result = Settlement()
    calls = _take(channel, clock(), limit, insist=insist)
    until = monotonic() + seconds
    left = {call.pk for call in calls}
    for group in _groups(calls):
        left -= {call.pk for call in group}
        word = _ask(group, client, clock)
        failpoint(Point.SETTLE_ASKED)
        for call in group:
            settle_call(call, word, clock(), result)
        if word.obstacle is Obstacle.UNREACHABLE:
            break
        if monotonic() >= until:
            GatewayCall.objects.filter(pk__in=left).update(settle_due_at=clock())
            break
    return result


def _take(channel: Channel, now: datetime, limit: int | None, *, insist: bool) -> list[GatewayCall]:
    """The calls whose turn it is, kept from other settlers for a while; those never asked about first."""
    quiet_since = now - timedelta(seconds=settings.SETTLE_QUIET_SECONDS)
    due = GatewayCall.objects.filter(
        channel=channel, outcome=GatewayCall.Outcome.UNKNOWN, finished_at__lte=quiet_since
    )
    if not insist:
        due = due.filter(
            Q(settle_due_at__isnull=True) | Q(settle_due_at__lte=now), settle_given_up_at__isnull=True
        )
    due = due.order_by(F("settle_due_at").asc(nulls_first=True), "id")
    with transaction.atomic():
        taken = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit])
        GatewayCall.objects.filter(pk__in=taken).update(settle_due_at=now + _asking())
    calls = GatewayCall.objects.filter(pk__in=taken).select_related("message").defer("answer")
    return list(calls.order_by("message_id", "campaign_id", "intended_at", "pk"))


def _asking() -> timedelta:
    """How long a settler keeps calls to itself; one that dies meanwhile leaves them to others. One that is
    slower is overtaken, which does no harm: what is written down is asked of the rows again."""
    return 4 * gateway_timeout() + timedelta(seconds=10)


def _groups(calls: Sequence[GatewayCall]) -> Iterator[list[GatewayCall]]:
    """Calls that one question answers: of one message, near in time; a known campaign is its own."""
    for (_message, campaign), members in groupby(calls, key=lambda c: (c.message_id, c.campaign_id)):
        group: list[GatewayCall] = []
        for call in members:
            is_far = group and (
                campaign
                or call.intended_at - group[0].intended_at > REQUEST_TO_RECORD
                or sum(one.size for one in group) + call.size > 50_000
            )
            if is_far:
                yield group
                group = []
            group.append(call)
        yield group


def _ask(group: Sequence[GatewayCall], client: GatewayClient, clock: Clock) -> ProviderAnswer:
    """The provider's word about the calls' recipients, or what keeps it from telling."""
    since = group[0].intended_at
    if not client.gateway.can_lookup:
        return ProviderAnswer(since, obstacle=Obstacle.CANNOT_ASK)
    waiting = Delivery.objects.filter(call__in=group, state=DeliveryState.UNKNOWN)
    addresses = list(waiting.values_list("address", flat=True))
    if not addresses:
        return ProviderAnswer(since)  # late answers have come for all of them
    first, message = group[0], group[0].message
    batch = Batch(
        text=message.text,
        addresses=addresses,
        reference=f"amoot-{message.pk}-{first.pk}",
        now=since,
        audio_id=message.audio_id,
    )
    last = max(call.finished_at or call.intended_at for call in group)
    until = min(clock(), last + REQUEST_TO_LATE_RECORD)
    try:
        lookup = client.ask(client.gateway.lookup(batch, since, until, first.campaign_id))
    except GatewayError as failure:
        logger.warning("the provider could not be asked", extra={"call": first.pk, "code": failure.code})
        return ProviderAnswer(since, obstacle=_obstacle(failure), code=failure.code)
    if lookup.final and not lookup.found:
        return ProviderAnswer(since, lookup, Obstacle.NO_CAMPAIGN)
    if lookup.clock is not None and abs(lookup.clock - clock()) > timedelta(minutes=2):
        return ProviderAnswer(since, lookup, Obstacle.CLOCK)
    return ProviderAnswer(since, lookup, None if lookup.complete else Obstacle.INCOMPLETE)


def _obstacle(failure: GatewayError) -> Obstacle:
    """What a failed question says: an access that may send need not be one that may ask."""
    if not isinstance(failure, NotSent):
        return Obstacle.NO_ANSWER
    is_away = failure.trouble in (Trouble.NETWORK, Trouble.PROVIDER)
    return Obstacle.UNREACHABLE if is_away else Obstacle.REFUSED
