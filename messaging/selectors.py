"""Looks at messages that are more than one query: where one stands, and why somebody gets it or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, Value, When

from contacts.models import Contact
from messaging.facts import MessageGate, gate_of, recipient_facts
from messaging.models import Delivery, Message
from messaging.planning import Plan, summarise
from messaging.policy.decide import Decision
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState, MessageStatus

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


def message_status(message: Message, now: datetime) -> dict[str, Any]:
    """Where a message stands, for machines: `id`, `status`, `total`, `by_state`, `by_reason`,
    `held_by` and `held_until` (ISO 8601; both None when nothing holds the whole message)."""
    return {"id": message.pk, "status": str(message.status), **standing(message, now).as_json()}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Every rule's finding about one recipient now, and what has happened to the delivery so far.

    `delivery` is None for somebody whom the message does not address.
    """

    address: str
    decision: Decision
    delivery: Delivery | None
    contact: Contact | None


def contact_of(address: str) -> Contact | None:
    """The customer behind a number: whose own it is, else who has it as a second one (the strictest)."""
    found: Contact | None = Contact.objects.filter(address=address).first()
    if found is None:
        seconds = Contact.objects.filter(phone=address)
        found = seconds.order_by("-no_messages", "-no_promotional", "id").first()
    return found


def delivery_to(message: Message, address: str) -> Delivery | None:
    """The message's delivery to a number; a line that repeats it is not the one that is meant."""
    rows = Delivery.objects.filter(message=message, address=address).exclude(reason=Reason.DUPLICATE)
    found: Delivery | None = rows.select_related("call", "contact").first()
    return found


def explain_delivery(message: Message, delivery: Delivery, now: datetime) -> Explanation:
    """Why this recipient gets the message, or does not, or waits."""
    duplicate = delivery.reason == Reason.DUPLICATE
    facts = recipient_facts(delivery.contact, delivery.address, duplicate=duplicate)
    return Explanation(
        delivery.address, gate_of(message, now).for_recipient(facts), delivery, delivery.contact
    )


def explain_address(message: Message, address: str, now: datetime) -> Explanation:
    """The same for a number (E.164), also for one that the message does not address."""
    delivery = delivery_to(message, address)
    if delivery is not None:
        return explain_delivery(message, delivery, now)
    contact = contact_of(address)
    decision = gate_of(message, now).for_recipient(recipient_facts(contact, address))
    return Explanation(address, decision, None, contact)


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
