"""How far a message is: how many recipients are in which state and why, and who they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When

from messaging.audience.planning import BEFORE_THE_OWN, Plan, summarise
from messaging.evaluation.facts import MessageDecision, decision_of
from messaging.models import Delivery, Message
from messaging.models.querysets import DeliveryQuerySet
from messaging.policy.decide import Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus
from persian.phones import search_digits

ENDED = frozenset({MessageStatus.FINISHED, MessageStatus.CANCELLED})


def message_progress(message: Message, now: datetime) -> Plan:
    """How many recipients are in which state and why, with what holds the whole message now."""
    return plan_of(message, count_recipients([message], now)[message.pk], decision_of(message, now))


def plan_of(message: Message, counts: list[tuple[str, str, int]], message_decision: MessageDecision) -> Plan:
    plan = summarise(counts, message_decision)
    if message.status in ENDED or (message.planned_at is not None and not plan.waiting):
        return replace(plan, held_by="", held_until=None)
    return plan


def count_recipients(messages: Collection[Message], now: datetime) -> dict[int, list[tuple[str, str, int]]]:
    """By message: the number of recipients of each (state, own reason), in one query over the rows of all.

    A waiting recipient who is due has no reason of his own. Lines given twice stand outside the unique
    index that finds those rows, so they are not read but told by the number of the file's lines.
    """
    own_reason = Case(
        When(_waits_for_the_message(now), then=Value("")), default=F("reason"), output_field=CharField()
    )
    counted = (
        Delivery.objects.filter(message__in=[message.pk for message in messages])
        .exclude(reason=Reason.DUPLICATE)
        .annotate(own_reason=own_reason)
        .values_list("message_id", "state", "own_reason")
        .annotate(n=Count("*"))
        .order_by()
    )
    found: dict[int, list[tuple[str, str, int]]] = defaultdict(list)
    for message_id, state, reason, n in counted:
        found[message_id].append((state, reason, n))
    for message in messages:
        counts = found[message.pk]
        twice = _given_twice(message, sum(n for _state, _reason, n in counts))
        if twice:
            counts.append((DeliveryState.SUPPRESSED, Reason.DUPLICATE, twice))
    return found


def _waits_for_the_message(now: datetime) -> Q:
    """A queued row that is due: whatever it waited for is over, and only the whole message holds it."""
    return Q(state=DeliveryState.QUEUED, not_before__lte=now)


def _given_twice(message: Message, recipients: int) -> int:
    """Every line of a file has one delivery: those that are no recipient of their own repeat one."""
    if message.planned_at is None or message.audience["kind"] != "file":
        return 0
    return int(message.audience["lines"]) - recipients


def deliveries_of(
    message: Message,
    message_decision: MessageDecision,
    *,
    state: str = "",
    reason: str = "",
    number: str = "",
) -> DeliveryQuerySet:
    """A message's recipients, by state, by the reason under which `message_progress` counts them, and by
    number (any part, any spelling); lines that repeat a number only for the reason `duplicate`."""
    rows = Delivery.objects.filter(message=message)
    rows = (
        rows.filter(reason=Reason.DUPLICATE)
        if reason == Reason.DUPLICATE
        else rows.exclude(reason=Reason.DUPLICATE)
    )
    if reason and reason != Reason.DUPLICATE:
        rows = rows.annotate(named=_named_reason(message_decision)).filter(named=reason)
    if state:
        rows = rows.filter(state=state)
    if number:
        digits = search_digits(number)
        rows = rows.filter(address__contains=digits.lstrip("0") if digits else number)
    return rows


def _named_reason(message_decision: MessageDecision) -> Case:
    now = message_decision.facts.now
    held = message_decision.decision.reason if message_decision.decision.verdict is Verdict.HOLD else None
    queued, due = Q(state=DeliveryState.QUEUED), _waits_for_the_message(now)
    if held is None:
        cases = [When(due, then=Value(""))]
    elif held in BEFORE_THE_OWN:
        cases = [When(queued, then=Value(str(held)))]
    else:
        cases = [When(queued & (due | ~Q(reason=Reason.VOC_CALL_OPEN)), then=Value(str(held)))]
    return Case(*cases, default=F("reason"), output_field=CharField())


def message_status(message: Message, now: datetime) -> dict[str, Any]:
    """Where a message stands, for machines: `id`, `status`, `total`, `by_state`, `by_reason`,
    `held_by` and `held_until` (ISO 8601; both None when nothing holds the whole message)."""
    return {"id": message.pk, "status": str(message.status), **message_progress(message, now).as_json()}


def reason_now(delivery: Delivery, message_decision: MessageDecision, now: datetime) -> str:
    """The reason to name for one delivery, as `message_progress` counts it: a waiting one that is due waits
    for what holds the whole message."""
    if delivery.state != DeliveryState.QUEUED:
        return delivery.reason
    due = delivery.not_before is not None and delivery.not_before <= now
    one = summarise([(delivery.state, "" if due else delivery.reason, 1)], message_decision)
    return next(iter(one.by_reason), "")
