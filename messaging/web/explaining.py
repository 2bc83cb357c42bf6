"""One sentence about a message and one number: what becomes of it, why and until when.

It follows from the decision that acts: the reason and the instant are the policy's own, or those on record
where the delivery has ended or waits by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.wording import Label, digits_text, instant_text
from messaging.models import Delivery
from messaging.policy.decide import Decision, Verdict
from messaging.policy.reasons import Reason
from messaging.states import DeliveryState
from messaging.web.labels import REASONS
from persian.phones import local_form

# The end of "…, because …".
BECAUSE: Final[dict[Reason, Label]] = {
    Reason.DUPLICATE: gettext_lazy("the number stands in the file more than once"),
    Reason.INVALID_ADDRESS: gettext_lazy("it is no valid number"),
    Reason.LANDLINE: gettext_lazy("this number takes no SMS (landline)"),
    Reason.CANCELLED: gettext_lazy("the message was cancelled"),
    Reason.EXPIRED: gettext_lazy("its expiry has passed"),
    Reason.EXPIRES_FIRST: gettext_lazy("it expires before it may go"),
    Reason.NO_MESSAGES: gettext_lazy("the customer wants no message at all"),
    Reason.NO_PROMOTIONAL: gettext_lazy("the customer wants no promotional messages"),
    Reason.FACTS_MISSING: gettext_lazy("the number is not on the list of customers"),
    Reason.AWAITING_APPROVAL: gettext_lazy("the emergency is not approved yet"),
    Reason.PAUSED: gettext_lazy("somebody paused the message"),
    Reason.VOC_CALL_OPEN: gettext_lazy("the customer's call with the VOC expert is open"),
    Reason.OPERATOR_DOWN: gettext_lazy("the operator is down"),
    Reason.SCHEDULED: gettext_lazy("the time that the sender chose has not come yet"),
    Reason.WINDOW_CLOSED: gettext_lazy("it would leave outside the hours"),
    Reason.RETRY: gettext_lazy("the provider did not take it and is tried again"),
    Reason.PROVIDER_HOURS: gettext_lazy("the provider takes nothing at this hour"),
    Reason.AUDIO_UNAPPROVED: gettext_lazy("the provider has not approved the voice yet"),
}

NOT_SENT: Final = frozenset({DeliveryState.SUPPRESSED, DeliveryState.EXPIRED, DeliveryState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Sentence:
    """`reason` is None where nothing stands in the way, `until` where no instant is known."""

    text: str
    reason: Reason | None
    until: datetime | None


def sentence_of(decision: Decision, number: str, delivery: Delivery | None, now: datetime) -> Sentence:
    """The sentence about a number, as it is shown; `delivery` is None for one that is not addressed."""
    if delivery is None:
        return _of_stranger(decision, number)
    if delivery.state in NOT_SENT:
        return _said(_("This message was not sent to %(n)s, %(why)s."), number, Reason(delivery.reason))
    if delivery.state != DeliveryState.QUEUED:
        text = _("This message to %(n)s: %(state)s.")
        return Sentence(text % {"n": number, "state": delivery.get_state_display()}, None, None)
    if decision.verdict is Verdict.REFUSE and decision.reason is not None:
        return _said(_("This message is not sent to %(n)s, %(why)s."), number, decision.reason)
    reason, until = _hold(decision, delivery, now)
    if reason is None:
        return _said(_("This message goes to %(n)s when its turn comes."), number)
    if until is None:
        return _said(_("This message to %(n)s waits, %(why)s."), number, reason)
    return _said(_("This message to %(n)s waits until %(until)s, %(why)s."), number, reason, until)


def _hold(decision: Decision, delivery: Delivery, now: datetime) -> tuple[Reason | None, datetime | None]:
    """What a waiting delivery waits for at last: the policy's hold, or its own where that ends later."""
    own = delivery.not_before if delivery.reason else None
    is_held = decision.verdict is Verdict.HOLD
    ends = decision.until if is_held else now  # None: an event that nobody knows the instant of
    if own is not None and ends is not None and own > ends:
        return Reason(delivery.reason), own
    return (decision.reason, decision.until) if is_held else (None, None)


def _of_stranger(decision: Decision, number: str) -> Sentence:
    if decision.reason is None:
        return _said(_("This message does not address %(n)s; if it did, it would go now."), number)
    until = None if decision.verdict is Verdict.REFUSE else decision.until
    if decision.verdict is Verdict.REFUSE:
        text = _("This message does not address %(n)s; if it did, it would not be sent, %(why)s.")
    elif until is None:
        text = _("This message does not address %(n)s; if it did, it would wait, %(why)s.")
    else:
        text = _("This message does not address %(n)s; if it did, it would wait until %(until)s, %(why)s.")
    return _said(text, number, decision.reason, until)


def shown_number(address: str) -> str:
    """A number as people here say it: «۰۹۱۲…»; what is no number of Iran as it was given."""
    try:
        local = local_form(address)
    except ValueError:
        return address
    return digits_text(local)


def _said(text: str, number: str, reason: Reason | None = None, until: datetime | None = None) -> Sentence:
    words = {"n": number}
    if reason is not None:
        words["why"] = _("because %(reason)s") % {"reason": BECAUSE.get(reason) or REASONS[reason].name}
    if until is not None:
        words["until"] = instant_text(until)
    return Sentence(text % words, reason, until)
