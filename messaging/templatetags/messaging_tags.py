"""The words of the message pages, and the deliveries on a customer's card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from channels.limits import hours_of
from common.masking import masked_number
from common.paging import NEWEST
from common.wording import Label
from contacts.models import Contact
from messaging.actions.submit import Draft, draft_decision
from messaging.audience.progress import reason_now
from messaging.evaluation.explain import Explanation
from messaging.evaluation.facts import decisions_of
from messaging.models import Delivery, Message
from messaging.policy.decide import Finding
from messaging.policy.reasons import Reason
from messaging.policy.rules import RuleEffect
from messaging.states import DeliveryState
from messaging.web.explaining import Sentence, sentence_of, shown_number
from messaging.web.labels import EFFECT_NAMES, EFFECT_TONES, REASONS, RULE_NAMES, ReasonLabel, audience_label
from messaging.web.presenting import ClosedSchedule, closed_schedule
from messaging.web.status_labels import meaning_of, refusal_of
from persian.digits import to_ascii
from persian.jalali import TEHRAN, format_datetime, format_time, numeric_date, tehran_date

register = template.Library()


register.filter("audience_label", audience_label)
# A number for those who may not see customers.
register.filter("masked", masked_number)
# What a provider's word says; '' if nobody documented it.
register.filter("word_meaning", meaning_of)
# The provider's refusal that a stop is about; None for a person's own stop.
register.filter("refusal", refusal_of)


@register.filter
def reason_label(code: str) -> ReasonLabel | None:
    """The words for a reason's code; None for none."""
    return REASONS[Reason(code)] if code else None


@register.filter
def rule_name(finding: Finding) -> Label:
    return RULE_NAMES[finding.rule]


@register.simple_tag
def effect_name(finding: Finding, message: Message) -> Label:
    """What a rule says, in words. Purposes without hours have none to be inside of (C7.5)."""
    passes = finding.rule == "window" and finding.effect is RuleEffect.PASS
    if passes and hours_of(message.channel, message.purpose) is None:
        return _("this purpose has no hours")
    return EFFECT_NAMES[finding.effect]


@register.simple_tag
def why_sentence(why: Explanation) -> Sentence:
    """The sentence that answers "why?"; its number keeps its direction (U+2066 … U+2069)."""
    number = shown_number(why.address)
    return sentence_of(why.decision, f"\u2066{number}\u2069", why.delivery, timezone.now())


@register.filter
def in_the_way(why: Explanation) -> list[Finding]:
    """The rules that refuse or hold, each reason once: what is not known is not known to several rules."""
    return list({finding.reason: finding for finding in reversed(why.decision.refusals)}.values())[::-1]


@register.filter
def effect_tone(finding: Finding) -> str:
    return EFFECT_TONES[finding.effect]


@register.simple_tag
def chosen_time(draft: Draft) -> ClosedSchedule | None:
    """What to say of a draft's chosen time that lies outside the hours; None where it does not."""
    return closed_schedule(draft_decision(draft, timezone.now()))


@register.filter
def day_value(instant: datetime) -> str:
    """The day in Tehran as the form's field takes it."""
    return to_ascii(numeric_date(instant.astimezone(TEHRAN).date(), get_language() or "fa"))


@register.filter
def clock_value(instant: datetime) -> str:
    """The time of day in Tehran as the form's field takes it."""
    return format_time(instant, get_language() or "fa")


@register.inclusion_tag("messaging/_contact_deliveries_table.html", takes_context=True)
def contact_deliveries(context: dict[str, Any], contact: Contact) -> dict[str, Any]:
    """What was sent to a customer lately. What another department's message says stays with it."""
    user, now = context["request"].user, timezone.now()
    rows = list(
        Delivery.objects.filter(contact=contact).select_related("message__channel").order_by("-id")[:NEWEST]
    )
    visible = set(
        Message.objects.visible_to(user)
        .filter(pk__in={row.message_id for row in rows})
        .values_list("pk", flat=True)
    )
    decisions = decisions_of({row.message for row in rows if row.state == DeliveryState.QUEUED}, now)
    shown = []
    for row in rows:
        decision = decisions.get(row.message_id)
        reason = reason_now(row, decision, now) if decision else row.reason
        shown.append({"delivery": row, "is_visible": row.message_id in visible, "reason": reason})
    return {"rows": shown}


@register.filter
def as_of(at: datetime) -> str:
    """The instant that numbers are of: «تا ساعت ۲۲:۰۰», with its day where that is not today."""
    language = get_language() or "fa"
    if tehran_date(at) == tehran_date(timezone.now()):
        return _("as of %(clock)s") % {"clock": format_time(at, language)}
    return _("as of %(day)s") % {"day": format_datetime(at, language)}
