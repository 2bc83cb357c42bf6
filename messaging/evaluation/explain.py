"""Why somebody gets a message or not: every rule's finding about one recipient."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from contacts.models import Contact
from contacts.selectors import NumberRestriction, owners_of, restrictions_by_number
from messaging.evaluation.facts import decision_of, recipient_facts
from messaging.models import Delivery, Message
from messaging.policy.decide import Decision
from messaging.policy.reasons import Reason


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
    words: list[NumberRestriction]


def explain_delivery(message: Message, delivery: Delivery, now: datetime) -> Explanation:
    """Why this recipient gets the message, or does not, or waits."""
    facts = recipient_facts(delivery.contact, delivery.address, duplicate=delivery.reason == Reason.DUPLICATE)
    decision = decision_of(message, now).for_recipient(facts)
    words = restrictions_by_number([delivery.address]).get(delivery.address, [])
    return Explanation(delivery.address, decision, delivery, delivery.contact, words)


def explain_address(message: Message, address: str, now: datetime) -> Explanation:
    """The same for a number (E.164), also for one that the message does not address."""
    # A line that repeats the number is not the one that is meant.
    rows = Delivery.objects.filter(message=message, address=address).exclude(reason=Reason.DUPLICATE)
    delivery = rows.select_related("call", "contact").first()
    if delivery is not None:
        return explain_delivery(message, delivery, now)
    # The customer behind the number, as a file's line would name one.
    contact = next(iter(owners_of([address]).get(address, [])), None)
    decision = decision_of(message, now).for_recipient(recipient_facts(contact, address))
    return Explanation(address, decision, None, contact, restrictions_by_number([address]).get(address, []))


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
        "findings": [{**asdict(finding), "until": _iso(finding.until)} for finding in decision.findings],
        "restricted_by": [
            {"source": word.restriction.source, "contact": word.restriction.source_id}
            for word in explanation.words
        ],
        "state": delivery.state if delivery else None,
        "own_reason": (delivery.reason or None) if delivery else None,
    }


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
