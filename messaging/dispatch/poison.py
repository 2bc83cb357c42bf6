"""A message at which the gateway fails while it takes every other: the fault lies in the message.

The provider does not say so; it answers 500, or not at all. Such a message opens the outage again each
time its turn comes, and holds up all the others. A sick gateway fails at the others as well, so a failure
counts only behind a success of another message (docs/adr/0028).
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from gateways.base import GatewayError, OutcomeUnknown
from messaging.dispatch.send import NamedNobody
from messaging.models import FailureCount, GatewayCall, Message

# Stands before the provider's word in the reason of the pause.
CHOKED: Final = "choked"

# Failures, with another message's success between each two, that are no chance any more.
ENOUGH: Final = 5
# Failures of another message that may be poison itself, and so says nothing of the gateway.
SUSPECT: Final = 3

_TAKEN_IN_PART: Final = Q(error="", first_provider_id__isnull=False)
_TAKEN: Final = _TAKEN_IN_PART & Q(outcome=GatewayCall.Outcome.ANSWERED)


@transaction.atomic
def count_failure(message: Message, failure: GatewayError, *, called_at: datetime, now: datetime) -> bool:
    """Count a failed request, claimed at `called_at`; whether the message is poison.

    1. What is proven not sent was not read by the gateway, and is left out.
    2. Lock the message's count: workers that fail side by side count one after the other.
    3. A message of which somebody was ever taken is not at fault: its count is 0.
    4. A failed request counts, if another message went through since the failure before it. An answer that
       named no recipient does not count.
    5. At `ENOUGH`, a gateway that failed meanwhile at a message which is no suspect is sick: the count begins
       again with this failure.
    """
    if not isinstance(failure, OutcomeUnknown):
        return False
    count, _created = FailureCount.objects.select_for_update().get_or_create(
        message=message, defaults={"first_failed_at": called_at, "last_failed_at": now}
    )
    counts = not isinstance(failure, NamedNobody)
    if GatewayCall.objects.filter(_TAKEN_IN_PART, message=message).exists():
        count.failures = 0
    elif counts and count.failures == 0:
        count.failures, count.first_failed_at = 1, called_at
    elif counts and _another_went_through(message, count.last_failed_at, called_at):
        count.failures += 1
    if count.failures >= ENOUGH and _is_sick(message, count):
        count.failures, count.first_failed_at = 1, called_at
    count.last_failed_at = now
    count.save()
    return counts and count.failures >= ENOUGH


def _another_went_through(message: Message, since: datetime, until: datetime) -> bool:
    """Requests under way side by side were struck by the same moment, and prove nothing."""
    calls = GatewayCall.objects.filter(_TAKEN, channel=message.channel_id)
    return calls.filter(intended_at__gt=since, finished_at__lt=until).exists()


def _is_sick(message: Message, count: FailureCount) -> bool:
    others = FailureCount.objects.filter(
        message__channel=message.channel_id, last_failed_at__gte=count.first_failed_at
    ).exclude(pk=count.pk)
    went_through = Exists(GatewayCall.objects.filter(_TAKEN_IN_PART, message=OuterRef("message")))
    return others.filter(Q(failures__lt=SUSPECT) | went_through).exists()
