"""A message that the gateway fails at while it takes every other: the fault lies in the message.

The provider does not say so; it answers 500, or not at all. Such a message opens the outage again each
time its turn comes, and holds up all the others each time. A gateway that is merely sick fails at the
others, too. So what counts is that the failures of a message that never went through and the successes of
others took turns, again and again, and that nothing failed meanwhile that had gone through before.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Max, Q

from messaging.models import GatewayCall, Message, MessageStop

# Stands before the provider's word in the reason of the pause.
CHOKED: Final = "choked"

# So many failures, each two of them parted by another message's success, are no chance any more.
ROUNDS: Final = 5

# A call that a dead worker left behind says nothing of the gateway.
_FAILED: Final = Q(outcome__in=[GatewayCall.Outcome.UNKNOWN, GatewayCall.Outcome.SETTLED]) & ~Q(
    error="worker_lost"
)
# Taken, be it in part, as the provider itself answered: whoever is found later was in a call that failed.
_TAKEN: Final = Q(error="", first_provider_id__isnull=False)
_FAILED_WHOLE: Final = _FAILED & ~_TAKEN


def is_choked_on(message: Message) -> bool:
    """Whether the gateway fails at this message and at no other, since a person last let it go on."""
    own = GatewayCall.objects.filter(message=message)
    if own.filter(_TAKEN).exists():
        return False
    resumed = MessageStop.objects.filter(message=message).aggregate(at=Max("lifted_at"))["at"]
    failures = own.filter(_FAILED_WHOLE)
    if resumed is not None:
        failures = failures.filter(intended_at__gt=resumed)
    others = GatewayCall.objects.filter(channel_id=message.channel_id).exclude(message=message)

    latest = failure = failures.order_by("-intended_at").first()
    for _round in range(ROUNDS - 1):
        if failure is None:
            break
        # One after the other: what was under way side by side was struck by the same moment.
        success = others.filter(_TAKEN, finished_at__lt=failure.intended_at).order_by("-finished_at").first()
        failure = (
            failures.filter(finished_at__lt=success.intended_at).order_by("-intended_at").first()
            if success is not None
            else None
        )
    if latest is None or failure is None:
        return False
    meanwhile = others.filter(
        _FAILED_WHOLE, intended_at__gte=failure.intended_at, intended_at__lte=latest.intended_at
    )
    failed_too = set(meanwhile.values_list("message", flat=True))
    return not GatewayCall.objects.filter(_TAKEN, message__in=failed_too).exists()
