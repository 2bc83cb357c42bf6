"""A message that the gateway fails at while it takes every other: the fault lies in the message.

The provider does not say so; it answers 500, or not at all. Such a message opens the outage again each
time its turn comes, and holds up all the others each time. A gateway that is merely sick fails at any
message, and takes any in between; so what counts is that the failures of this one, which never went
through, and the successes of others took turns, again and again.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Final

from django.db.models import Max, Q

from messaging.models import GatewayCall, Message, MessageStop

# Stands before the provider's word in the reason of the pause.
CHOKED: Final = "choked"

# So many failures, each two of them parted by another message's success, are no chance any more.
ROUNDS: Final = 5
# The failures that are looked at: trials of one outage may fail one after the other.
LOOK_BACK: Final = 40

# A call that a dead worker left behind says nothing of the gateway.
_FAILED: Final = Q(outcome__in=[GatewayCall.Outcome.UNKNOWN, GatewayCall.Outcome.SETTLED]) & ~Q(
    error="worker_lost"
)
# Answered, be it in part: then somebody of it may be in doubt, and the others were taken.
_TAKEN: Final = Q(outcome=GatewayCall.Outcome.ANSWERED) | Q(error="", first_provider_id__isnull=False)


def is_choked_on(message: Message, without_call: Iterable[datetime] = ()) -> bool:
    """Whether the gateway fails at this message and at no other, since a person last let it go on.

    `without_call` are instants of failures that left no call on record (a voice message's audio).
    """
    resumed = MessageStop.objects.filter(message=message).aggregate(at=Max("lifted_at"))["at"]
    calls = GatewayCall.objects.filter(message=message)
    if resumed is not None:
        calls = calls.filter(intended_at__gt=resumed)
    if calls.filter(_TAKEN).exists():
        return False
    at_calls = calls.filter(_FAILED).order_by("-intended_at").values_list("intended_at", flat=True)
    others = [at for at in without_call if resumed is None or at > resumed]
    failures = sorted([*at_calls[:LOOK_BACK], *others], reverse=True)[:LOOK_BACK]
    return 1 + sum(_went_well_between(message, *pair) for pair in pairwise(failures)) >= ROUNDS


def _went_well_between(message: Message, later: datetime, earlier: datetime) -> bool:
    well = GatewayCall.objects.filter(
        channel_id=message.channel_id,
        outcome=GatewayCall.Outcome.ANSWERED,
        intended_at__gt=earlier,
        intended_at__lt=later,
    )
    return well.exclude(message=message).exists()
