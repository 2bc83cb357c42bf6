"""A message that the gateway fails at while it takes every other: the fault lies in the message.

The provider does not say so; it answers 500, or not at all. Such a message opens the outage again each
time its turn comes, and holds up all the others each time. A gateway that is merely sick fails at the
others, too. So what counts is that the failures of a message that never went through and the successes of
others took turns, again and again, and that nothing else failed meanwhile.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Max, Q

from messaging.models import GatewayCall, Message, MessageStop

# Stands before the provider's word in the reason of the pause.
CHOKED: Final = "choked"

# So many failures, with another message's success between each two of them, are no chance any more.
ROUNDS: Final = 5

# Another message that failed so often, and never went through, may be choked on as well.
CHOKED_TOO: Final = 3

_IN_DOUBT: Final = Q(outcome__in=[GatewayCall.Outcome.UNKNOWN, GatewayCall.Outcome.SETTLED])
# The whole call had no answer, or none that made sense; what a dead worker left says nothing of the gateway.
_FAILED: Final = _IN_DOUBT & ~Q(error__in=["", "worker_lost"])
# An answer that tells of nobody is a failure as well, if another message's; one that tells of some is none.
_TROUBLE: Final = _FAILED | _IN_DOUBT & Q(error="", first_provider_id=None)
_TAKEN_IN_PART: Final = Q(error="", first_provider_id__isnull=False)
_TAKEN: Final = Q(outcome=GatewayCall.Outcome.ANSWERED) & _TAKEN_IN_PART


def is_poison(message: Message) -> bool:
    """Whether the gateway fails at this message and at no other, since a person last let it go on."""
    if GatewayCall.objects.filter(_TAKEN_IN_PART, message=message).exists():
        return False
    first = _first_of_the_rounds(message)
    return first is not None and not _is_sick_since(message, first)


def _first_of_the_rounds(message: Message) -> GatewayCall | None:
    """The failure with which the last rounds began; None if there were fewer."""
    resumed = MessageStop.objects.filter(message=message).aggregate(at=Max("lifted_at"))["at"]
    failures = GatewayCall.objects.filter(_FAILED, message=message).order_by("-intended_at")
    if resumed is not None:
        failures = failures.filter(intended_at__gt=resumed)
    successes = GatewayCall.objects.filter(_TAKEN, channel_id=message.channel_id).order_by("-finished_at")
    failure = failures.first()
    for _round in range(ROUNDS - 1):
        if failure is None:
            return None
        # One after the other: what was under way side by side was struck by the same moment.
        success = successes.filter(finished_at__lt=failure.intended_at).first()
        failure = failures.filter(finished_at__lt=success.intended_at).first() if success else None
    return failure


def _is_sick_since(message: Message, first: GatewayCall) -> bool:
    """Whether the gateway failed at another message since, which is not choked on itself."""
    others = GatewayCall.objects.filter(_TROUBLE, channel_id=message.channel_id).exclude(message=message)
    since = others.filter(finished_at__gte=first.intended_at)
    for other in since.values_list("message", flat=True).distinct():
        calls = GatewayCall.objects.filter(message=other)
        if calls.filter(_TAKEN).exists() or calls.filter(_FAILED).count() < CHOKED_TOO:
            return True
    return False
