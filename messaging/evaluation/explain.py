"""Looks at messages that are more than one query: where one stands, and why somebody gets it or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, CharField, Count, F, Q, Value, When

from contacts.models import Contact
from contacts.selectors import Word, known_tags, owners_of, words_about
from messaging.audience.planning import Plan, summarise
from messaging.evaluation.facts import MessageGate, gate_of, recipient_facts
from messaging.models import Delivery, Message
from messaging.models.querysets import DeliveryQuerySet
from messaging.policy.decide import Decision, Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus
from persian.phones import search_digits

ENDED = frozenset({MessageStatus.FINISHED, MessageStatus.CANCELLED})


def standing(message: Message, now: datetime, gate: MessageGate | None = None) -> Plan:
    """How many recipients are in which state and why, with what holds the whole message now.

    One grouped query over the message's own rows. Lines given twice stand outside the unique index
    that finds those rows, so they are asked for by themselves, and only where a file was given.
    """
    own_reason = Case(
        When(_waits_for_the_message(now), then=Value("")), default=F("reason"), output_field=CharField()
    )
    rows = Delivery.objects.filter(message=message)
    counted = (
        rows.exclude(reason=Reason.DUPLICATE)
        .annotate(own_reason=own_reason)
        .values_list("state", "own_reason")
        .annotate(n=Count("*"))
        .order_by()
    )
    counts = [(state, reason, n) for state, reason, n in counted]
    twice = _given_twice(message, sum(n for _state, _reason, n in counts))
    if twice:
        counts.append((DeliveryState.SUPPRESSED, Reason.DUPLICATE, twice))
    plan = summarise(counts, gate or gate_of(message, now))
    if message.status in ENDED or (message.planned_at is not None and not plan.waiting):
        return replace(plan, held_by="", held_until=None)
    return plan


def _waits_for_the_message(now: datetime) -> Q:
    """A queued row that is due: whatever it waited for is over, and only the whole message holds it."""
    return Q(state=DeliveryState.QUEUED, not_before__lte=now)


def _given_twice(message: Message, recipients: int) -> int:
    """Every line of a file has one delivery: those that are no recipient of their own repeat one."""
    if message.planned_at is None or message.audience["kind"] != "file":
        return 0
    return int(message.audience["lines"]) - recipients


# Holds that come before a recipient's own (the order of `RULES`).
_BEFORE_THE_OWN = (Reason.AWAITING_APPROVAL, Reason.PAUSED)


def deliveries_of(
    message: Message, now: datetime, *, state: str = "", reason: str = "", number: str = ""
) -> DeliveryQuerySet:
    """A message's recipients, by state, by the reason that `standing` counts them under, and by
    number (any part, any spelling). Lines that repeat a number come only where they are asked for."""
    rows = Delivery.objects.filter(message=message)
    rows = (
        rows.filter(reason=Reason.DUPLICATE)
        if reason == Reason.DUPLICATE
        else rows.exclude(reason=Reason.DUPLICATE)
    )
    if reason and reason != Reason.DUPLICATE:
        rows = rows.annotate(named=_named_reason(gate_of(message, now), now)).filter(named=reason)
    if state:
        rows = rows.filter(state=state)
    if number:
        digits = search_digits(number)
        rows = rows.filter(address__contains=digits.lstrip("0") if digits else number)
    return rows


def _named_reason(gate: MessageGate, now: datetime) -> Case:
    """SQL for `reason_now`."""
    held = gate.decision.reason if gate.decision.verdict is Verdict.HOLD else None
    queued, due = Q(state=DeliveryState.QUEUED), _waits_for_the_message(now)
    if held is None:
        cases = [When(due, then=Value(""))]
    elif held in _BEFORE_THE_OWN:
        cases = [When(queued, then=Value(str(held)))]
    else:
        cases = [When(queued & (due | ~Q(reason=Reason.VOC_CALL_OPEN)), then=Value(str(held)))]
    return Case(*cases, default=F("reason"), output_field=CharField())


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag and how many customers have it; `is_more` where counting stopped at that number."""

    tag: str
    count: int
    is_more: bool


_TAG_LIMIT = 10_000


def tag_counts() -> list[TagCount]:
    """The tags to choose from, each counted no further than `_TAG_LIMIT`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tag, (SELECT count(*) FROM (SELECT FROM contacts_contact c"
            "  WHERE contacts_tag_keys(c.tags) @> ARRAY[contacts_key(t.tag)] LIMIT %s) capped)"
            " FROM unnest(%s::varchar[]) WITH ORDINALITY AS t(tag, nth) ORDER BY t.nth",
            [_TAG_LIMIT + 1, known_tags()],
        )
        return [TagCount(tag, min(n, _TAG_LIMIT), n > _TAG_LIMIT) for tag, n in cursor.fetchall()]


def message_status(message: Message, now: datetime) -> dict[str, Any]:
    """Where a message stands, for machines: `id`, `status`, `total`, `by_state`, `by_reason`,
    `held_by` and `held_until` (ISO 8601; both None when nothing holds the whole message)."""
    return {"id": message.pk, "status": str(message.status), **standing(message, now).as_json()}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every rule's finding about one recipient now, and what has happened to the delivery so far.

    `delivery` is None for somebody whom the message does not address. `words` are what restricts the
    number, also by the word of others who have or had it.
    """

    address: str
    decision: Decision
    delivery: Delivery | None
    contact: Contact | None
    words: list[Word]


def contact_of(address: str) -> Contact | None:
    """The customer behind a number, as a file's line would name one."""
    return next(iter(owners_of([address]).get(address, [])), None)


def delivery_to(message: Message, address: str) -> Delivery | None:
    """The message's delivery to a number; a line that repeats it is not the one that is meant."""
    rows = Delivery.objects.filter(message=message, address=address).exclude(reason=Reason.DUPLICATE)
    found: Delivery | None = rows.select_related("call", "contact").first()
    return found


def explain_delivery(message: Message, delivery: Delivery, now: datetime) -> Explanation:
    """Why this recipient gets the message, or does not, or waits."""
    facts = recipient_facts(delivery.contact, delivery.address, duplicate=delivery.reason == Reason.DUPLICATE)
    decision = gate_of(message, now).for_recipient(facts)
    words = words_about([delivery.address]).get(delivery.address, [])
    return Explanation(delivery.address, decision, delivery, delivery.contact, words)


def explain_address(message: Message, address: str, now: datetime) -> Explanation:
    """The same for a number (E.164), also for one that the message does not address."""
    delivery = delivery_to(message, address)
    if delivery is not None:
        return explain_delivery(message, delivery, now)
    contact = contact_of(address)
    decision = gate_of(message, now).for_recipient(recipient_facts(contact, address))
    return Explanation(address, decision, None, contact, words_about([address]).get(address, []))


def explain(message: Message, address: str, now: datetime) -> dict[str, Any]:
    """`explain_address` for machines: the verdict, every rule's finding, and the delivery so far."""
    explanation = explain_address(message, address, now)
    decision, delivery = explanation.decision, explanation.delivery
    return {
        "id": message.pk,
        "address": address,
        "verdict": str(decision.verdict),
        "reason": str(decision.reason) if decision.reason else None,
        "until": _iso(decision.until),
        "findings": [
            {
                "rule": finding.rule,
                "clause": finding.clause,
                "effect": str(finding.effect),
                "reason": str(finding.reason) if finding.reason else None,
                "until": _iso(finding.until),
            }
            for finding in decision.findings
        ],
        "restricted_by": [
            {"source": word.restriction.source, "contact": word.restriction.source_id}
            for word in explanation.words
        ],
        "state": delivery.state if delivery else None,
        "own_reason": (delivery.reason or None) if delivery else None,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None


def reason_now(delivery: Delivery, gate: MessageGate, now: datetime) -> str:
    """The reason to name for one delivery, as `standing` counts it: a waiting one that is due waits
    for what holds the whole message."""
    if delivery.state != DeliveryState.QUEUED:
        return delivery.reason
    due = delivery.not_before is not None and delivery.not_before <= now
    one = summarise([(delivery.state, "" if due else delivery.reason, 1)], gate)
    return next(iter(one.by_reason), "")
