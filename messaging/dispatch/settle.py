"""Calls in doubt are settled by asking the provider, after a quiet period. Nothing is resent blindly.

Present there: `accepted`. Proven absent: back into the queue. A provider that cannot be asked, or does
not answer for the whole period: the deliveries stay `unknown`, where a person sees them.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from audit.actions import record
from channels.models import Channel
from messaging.dispatch.clock import Clock
from messaging.dispatch.send import Courier
from messaging.gateways.base import Batch, GatewayError, Lookup, Result
from messaging.models import Delivery, GatewayCall
from messaging.points import Point, passed
from messaging.reports.schedule import expect_reports
from messaging.states import DeliveryState

logger = logging.getLogger(__name__)

_FOUND = """
    UPDATE messaging_delivery d
       SET state = 'accepted', provider_id = v.provider_id, provider_status = v.status, reason = '',
           updated_at = %(now)s
      FROM unnest(%(ids)s::bigint[], %(provider_ids)s::text[], %(statuses)s::text[])
           AS v(id, provider_id, status)
     WHERE d.id = v.id AND d.call_id = %(call)s AND d.state = 'unknown'
"""

_ABSENT = """
    UPDATE messaging_delivery
       SET state = 'queued', call_id = NULL, reason = 'retry', not_before = %(now)s, updated_at = %(now)s
     WHERE id = ANY(%(ids)s) AND call_id = %(call)s AND state = 'unknown'
"""


# The first key of the advisory lock; the second is the channel.
_SETTLING = 5_774


@dataclass
class Settlement:
    """How many deliveries in doubt were found at the provider, proven absent, or stay in doubt."""

    found: int = 0
    absent: int = 0
    in_doubt: int = 0


def settle_channel(channel: Channel, courier: Courier, *, clock: Clock, limit: int = 50) -> Settlement:
    """Settle up to `limit` calls of a channel whose quiet period is over.

    They are chosen at random: those of which the provider cannot tell would else stand before the
    others for ever.
    """
    result = Settlement()
    if not courier.gateway.can_lookup:
        result.in_doubt = Delivery.objects.in_doubt(channel).count()
        return result
    quiet_since = clock() - timedelta(seconds=settings.SETTLE_QUIET_SECONDS)
    calls = (
        GatewayCall.objects.filter(
            channel=channel, outcome=GatewayCall.Outcome.UNKNOWN, finished_at__lt=quiet_since
        )
        .select_related("message")
        .order_by("?")[:limit]
    )
    for call in calls:
        _settle_call(call, courier, clock, result)
    return result


def _settle_call(call: GatewayCall, courier: Courier, clock: Clock, result: Settlement) -> None:
    waiting = list(
        Delivery.objects.filter(call=call, state=DeliveryState.UNKNOWN).values_list("pk", "address")
    )
    lookup = _ask(call, [address for _pk, address in waiting], courier, clock) if waiting else None
    if waiting and lookup is None:
        result.in_doubt += len(waiting)
        return
    passed(Point.SETTLE_ASKED)
    now = clock()
    with transaction.atomic():
        locked = GatewayCall.objects.select_for_update().get(pk=call.pk)
        if locked.outcome != GatewayCall.Outcome.UNKNOWN:
            return
        if lookup is not None:
            _write(call, waiting, lookup, now, result)
        if not Delivery.objects.filter(call=call, state=DeliveryState.UNKNOWN).exists():
            locked.outcome = GatewayCall.Outcome.SETTLED
            locked.save(update_fields=["outcome"])
        passed(Point.SETTLE_WRITTEN)
    passed(Point.SETTLE_COMMITTED)


def _ask(call: GatewayCall, addresses: list[str], courier: Courier, clock: Clock) -> Lookup | None:
    """The provider's word, or None where it gives none."""
    batch = Batch(
        text=call.message.text,
        addresses=addresses,
        reference=f"amoot-{call.message_id}-{call.pk}",
        now=call.intended_at,
        audio_id=call.message.audio_id,
    )
    try:
        lookup = courier.lookup(batch, call.intended_at, clock(), call.campaign_id)
    except GatewayError as failure:
        logger.warning("the provider could not be asked", extra={"call": call.pk, "code": failure.code})
        return None
    return lookup if lookup.complete or lookup.found else None


def _recorded_elsewhere(call: GatewayCall, lookup: Lookup) -> set[str]:
    """Provider's ids that belong to other deliveries: the same text went to the same number twice.

    Such a number stays in doubt: what the provider shows may be the other message.
    """
    ids = {outcome.provider_id for outcome in lookup.found.values() if outcome.provider_id}
    same_people = Delivery.objects.filter(call=call, state=DeliveryState.UNKNOWN).values("contact_id")
    others = Delivery.objects.filter(contact_id__in=same_people, provider_id__in=ids).exclude(call=call)
    return set(others.values_list("provider_id", flat=True))


def _write(
    call: GatewayCall, waiting: list[tuple[int, str]], lookup: Lookup, now: datetime, result: Settlement
) -> None:
    with connection.cursor() as cursor:
        # One settlement of a channel at a time, or two would take one record of the provider for theirs.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_SETTLING, call.channel_id])
    ours = _recorded_elsewhere(call, lookup)
    present = [
        (pk, lookup.found[address])
        for pk, address in waiting
        if address in lookup.found
        and lookup.found[address].result is Result.ACCEPTED
        and lookup.found[address].provider_id not in ours
    ]
    absent = [pk for pk, address in waiting if address not in lookup.found] if lookup.complete else []
    with connection.cursor() as cursor:
        cursor.execute(
            _FOUND,
            {
                "ids": [pk for pk, _o in present],
                "provider_ids": [o.provider_id[:40] for _pk, o in present],
                "statuses": [o.status[:60] for _pk, o in present],
                "call": call.pk,
                "now": now,
            },
        )
        cursor.execute(_ABSENT, {"ids": absent, "call": call.pk, "now": now})
    expect_reports(call.pk, [o.provider_id for _pk, o in present], now)
    result.found += len(present)
    result.absent += len(absent)
    result.in_doubt += len(waiting) - len(present) - len(absent)
    record(
        by=None,
        action="call.settled",
        obj=call,
        data={"found": len(present), "absent": len(absent), "waiting": len(waiting)},
        now=now,
    )
