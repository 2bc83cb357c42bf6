"""Looks at what is unknown: which messages, how many people, why nobody can tell, and who decided what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from common.paging import NEWEST
from common.wording import Label
from messaging.models import DecidedDelivery, Delivery, DoubtDecision, GatewayCall, Message
from messaging.models.querysets import DeliveryQuerySet, MessageQuerySet
from messaging.settlement.proof import HOPELESS, Obstacle
from messaging.states import DeliveryState

OBSTACLES: Final[dict[Obstacle, Label]] = {
    Obstacle.NO_CAMPAIGN: _(
        "The provider's answer was lost with the campaign's id in it, and only by that id can it be asked."
    ),
    Obstacle.CANNOT_ASK: _("This provider cannot be asked what became of a message."),
    Obstacle.UNREACHABLE: _("The provider cannot be reached at the moment."),
    Obstacle.REFUSED: _(
        "The provider was reached and refuses the question: the portal's access does not allow it, or has"
        " ended. IT should look at it."
    ),
    Obstacle.NO_ANSWER: _("The provider was asked and gave no answer that makes sense."),
    Obstacle.INCOMPLETE: _(
        "The provider's list has gaps: whoever is missing in it may have got it all the same."
    ),
    Obstacle.SHARED: _(
        "The same text went to the same number by another message too, and the provider's record may be"
        " either's."
    ),
    Obstacle.PARTLY: _("The provider has some of these people; the others may still appear there."),
    Obstacle.CLOCK: _("The provider's clock differs from ours, so that its list may be of another period."),
}
NOT_ASKED: Final[Label] = _("The provider has not been asked yet: it is given time to finish first.")


@dataclass
class UnknownOutcomes:
    """What is unknown of one message. `since` is when the first of its calls became unknown, `until` the
    last; `asked_at` when the provider is asked next, None if it is asked no more by itself."""

    message: Message
    people: int = 0
    calls: int = 0
    since: datetime | None = None
    until: datetime | None = None
    asked_at: datetime | None = None
    obstacles: list[Label] = field(default_factory=list)
    can_ask: bool = True

    @property
    def until_exactly(self) -> str:
        """`until` as a press posts it back: not a microsecond may be lost."""
        return self.until.isoformat() if self.until else ""


def _unknown_calls() -> Any:
    return GatewayCall.objects.filter(outcome=GatewayCall.Outcome.UNKNOWN)


def with_unknown_outcomes(user: Any) -> MessageQuerySet:
    """The messages that the user may see of which some recipient's outcome is unknown."""
    calls = _unknown_calls().filter(message=OuterRef("pk"))
    return Message.objects.visible_to(user).filter(Exists(calls))


def undecided(user: Any, now: datetime) -> MessageQuerySet:
    """Those of them about which the provider was asked in vain, or could not be asked for an hour: a person
    is needed."""
    is_away = Q(settle_said__startswith=Obstacle.UNREACHABLE, finished_at__lte=now - timedelta(hours=1))
    calls = _unknown_calls().filter(
        Q(settle_rounds__gt=0) | Q(settle_given_up_at__isnull=False) | is_away, message=OuterRef("pk")
    )
    return Message.objects.visible_to(user).filter(Exists(calls))


def deliveries_of_unknown_outcome(message: Message) -> DeliveryQuerySet:
    """The people of a message of unknown outcome, found by their calls: its other rows may be a million."""
    calls = list(_unknown_calls().filter(message=message).values_list("pk", flat=True))
    return Delivery.objects.filter(call__in=calls, state=DeliveryState.UNKNOWN)


def unknown_outcomes_of(messages: Sequence[Message]) -> list[UnknownOutcomes]:
    """What is unknown of each message, in their order: three questions for all of them."""
    found = {message.pk: UnknownOutcomes(message) for message in messages}
    calls = _unknown_calls().filter(message__in=list(found))
    next_time = Coalesce("settle_due_at", F("finished_at") + timedelta(seconds=settings.SETTLE_QUIET_SECONDS))
    for row in calls.values("message_id").annotate(
        n=Count("*"),
        since=Min("finished_at"),
        until=Max("finished_at"),
        asked_at=Min(next_time, filter=Q(settle_given_up_at__isnull=True)),
    ):
        outcome = found[row["message_id"]]
        outcome.calls, outcome.since, outcome.until = row["n"], row["since"], row["until"]
        outcome.asked_at = row["asked_at"]
    said: dict[int, set[str]] = defaultdict(set)
    for pk, word in calls.values_list("message_id", "settle_said").distinct():
        said[pk].add(word)
    for pk, words in said.items():
        found[pk].obstacles = [obstacle_label(word) for word in sorted(words)]
        found[pk].can_ask = any(_obstacle(word) not in HOPELESS for word in words)
    people = Delivery.objects.filter(call__in=calls.values("pk"), state=DeliveryState.UNKNOWN)
    for pk, n in people.values_list("call__message_id").annotate(n=Count("*")).order_by():
        found[pk].people = n
    return list(found.values())


def _obstacle(said: str) -> Obstacle | None:
    word = said.partition(":")[0]
    return Obstacle(word) if word in {one.value for one in Obstacle} else None


def obstacle_label(said: str) -> Label:
    """Why the machine cannot tell, in words, from what a call keeps."""
    obstacle = _obstacle(said)
    if obstacle is None:
        return NOT_ASKED
    code = said.partition(":")[2]
    return format_lazy("{} ({})", OBSTACLES[obstacle], code) if code else OBSTACLES[obstacle]


def answers_of(message: Message) -> list[tuple[str, str]]:
    """(our code, the provider's answer masked) of the message's calls of unknown outcome; five at most."""
    rows = _unknown_calls().filter(message=message).values_list("error", "answer").distinct()
    return [(error, answer) for error, answer in rows[:5]]


def decisions_of(message: Message) -> list[DoubtDecision]:
    """The newest decisions about a message."""
    return list(message.doubt_decisions.select_related("by").order_by("-id")[:NEWEST])


@dataclass(frozen=True, slots=True)
class UnknownOutcome:
    """Why one delivery's outcome is unknown, when the provider is asked next, and what was decided."""

    is_open: bool
    why: Label
    asked_at: datetime | None
    decisions: list[DoubtDecision]


def unknown_outcome_of(delivery: Delivery) -> UnknownOutcome:
    """What is known of a delivery's unknown outcomes, the one that is open and those that people ended."""
    ids = DecidedDelivery.objects.filter(delivery_id=delivery.pk).values("decision_id")
    decisions = list(DoubtDecision.objects.filter(pk__in=ids).select_related("by").order_by("id"))
    call = delivery.call
    if delivery.state != DeliveryState.UNKNOWN or call is None:
        return UnknownOutcome(False, "", None, decisions)
    asked_at = None
    if call.settle_given_up_at is None and call.finished_at is not None:
        quiet = timedelta(seconds=settings.SETTLE_QUIET_SECONDS)
        asked_at = call.settle_due_at or call.finished_at + quiet
    return UnknownOutcome(True, obstacle_label(call.settle_said), asked_at, decisions)
