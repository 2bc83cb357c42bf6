"""The words of the message pages, and the deliveries on a customer's card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone

from contacts.models import Contact
from gateways.masking import masked_number
from messaging.evaluation.explain import reason_now
from messaging.evaluation.facts import MessageGate, gates_of
from messaging.labels import EFFECT_NAMES, EFFECT_TONES, REASONS, RULE_NAMES, Label, ReasonLabel
from messaging.labels import audience_label as label_of_audience
from messaging.models import Delivery, Message, MessageStop
from messaging.policy.decide import Finding
from messaging.policy.reasons import Reason
from messaging.provider_words import Refusal, meaning_of, refusal_of
from messaging.states import DeliveryState

register = template.Library()

ON_A_CARD = 20


@register.filter
def audience_label(audience: dict[str, Any]) -> str:
    return label_of_audience(audience)


@register.filter
def masked(number: str) -> str:
    """A number for those who may not see customers."""
    return masked_number(number)


@register.filter
def reason_label(code: str) -> ReasonLabel | None:
    """The words for a reason's code; None for none."""
    return REASONS[Reason(code)] if code else None


@register.filter
def word_meaning(word: str) -> Label:
    """What a provider's word says; '' if nobody documented it."""
    return meaning_of(word)


@register.filter
def refusal(stop: MessageStop) -> Refusal | None:
    """The provider's refusal that a stop is about; None for a person's own stop."""
    return refusal_of(stop)


@register.filter
def rule_name(finding: Finding) -> Label:
    return RULE_NAMES[finding.rule]


@register.filter
def effect_name(finding: Finding) -> Label:
    return EFFECT_NAMES[finding.effect]


@register.filter
def effect_tone(finding: Finding) -> str:
    return EFFECT_TONES[finding.effect]


@register.inclusion_tag("messaging/_contact_deliveries_table.html", takes_context=True)
def contact_deliveries(context: dict[str, Any], contact: Contact) -> dict[str, Any]:
    """What was sent to a customer lately. What another department's message says stays with it."""
    user, now = context["request"].user, timezone.now()
    rows = list(
        Delivery.objects.filter(contact=contact)
        .select_related("message__channel")
        .order_by("-id")[:ON_A_CARD]
    )
    visible = set(
        Message.objects.visible_to(user)
        .filter(pk__in={row.message_id for row in rows})
        .values_list("pk", flat=True)
    )
    gates = gates_of({row.message for row in rows if row.state == DeliveryState.QUEUED}, now)
    return {
        "rows": [_card_row(row, row.message_id in visible, gates.get(row.message_id), now) for row in rows]
    }


def _card_row(
    delivery: Delivery, is_visible: bool, gate: MessageGate | None, now: datetime
) -> dict[str, Any]:
    reason = reason_now(delivery, gate, now) if gate is not None else delivery.reason
    return {"delivery": delivery, "is_visible": is_visible, "reason": reason}
