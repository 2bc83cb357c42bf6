"""What the values of the policy and of the states are called, and what to do about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from common.wording import Label, count_text
from messaging.policy.reasons import Reason
from messaging.policy.rules import RULES, RuleEffect


@dataclass(frozen=True, slots=True)
class ReasonLabel:
    """A reason in words: its name, the clause that it comes from, and what somebody can do."""

    name: Label
    clause: str
    advice: Label


_REFUSALS: Final[dict[Reason, ReasonLabel]] = {
    Reason.DUPLICATE: ReasonLabel(
        gettext_lazy("given twice"),
        "C7.1",
        gettext_lazy("The number stands more than once in the file; it gets the message once."),
    ),
    Reason.INVALID_ADDRESS: ReasonLabel(
        gettext_lazy("invalid number"),
        "C7.1",
        gettext_lazy("Correct the number in the file."),
    ),
    Reason.LANDLINE: ReasonLabel(
        gettext_lazy("takes no SMS (landline)"),
        "C7.1",
        gettext_lazy("A landline takes no SMS. It can be called, with a voice message."),
    ),
    Reason.CANCELLED: ReasonLabel(
        gettext_lazy("message cancelled"),
        "C7.1",
        gettext_lazy("Somebody cancelled the message. Write a new one if it is to go after all."),
    ),
    Reason.EXPIRED: ReasonLabel(
        gettext_lazy("too late to be useful"),
        "C7.1",
        gettext_lazy("The expiry that the sender set has passed. Write a new message if it still matters."),
    ),
    Reason.EXPIRES_FIRST: ReasonLabel(
        gettext_lazy("expires before it may go"),
        "C7.1",
        gettext_lazy(
            "The expiry that the sender set comes before the message may go. Write a new message with a later"
            " expiry."
        ),
    ),
    Reason.NO_MESSAGES: ReasonLabel(
        gettext_lazy("no message at all is sent"),
        "C7.3",
        gettext_lazy("The customer's wish. Only the VOC expert can clear it, at the customer's request."),
    ),
    Reason.NO_PROMOTIONAL: ReasonLabel(
        gettext_lazy("promotional messages are not sent"),
        "C7.3",
        gettext_lazy("The customer's wish. Notifications and surveys still go."),
    ),
    Reason.FACTS_MISSING: ReasonLabel(
        gettext_lazy("not known as a customer"),
        "C7.3",
        gettext_lazy(
            "Nothing is known of this number's wishes, so nothing is sent. Import it as a customer."
        ),
    ),
}

HOLDS: Final[dict[Reason, ReasonLabel]] = {
    Reason.AWAITING_APPROVAL: ReasonLabel(
        gettext_lazy("awaiting approval"),
        "C7.4",
        gettext_lazy("It goes once senior management has approved it."),
    ),
    Reason.PAUSED: ReasonLabel(
        gettext_lazy("message paused"),
        "C7.1",
        gettext_lazy("It goes on when somebody presses resume."),
    ),
    Reason.VOC_CALL_OPEN: ReasonLabel(
        gettext_lazy("VOC call open"),
        "C7.2",
        gettext_lazy("The customer called about messages. It waits until the VOC expert has decided."),
    ),
    Reason.OPERATOR_DOWN: ReasonLabel(
        gettext_lazy("operator down"),
        "C7.5",
        gettext_lazy("It is sent automatically when the operator is back."),
    ),
    Reason.SCHEDULED: ReasonLabel(
        gettext_lazy("scheduled for later"),
        "C7.1",
        gettext_lazy("It is sent automatically at the time that the sender chose."),
    ),
    Reason.WINDOW_CLOSED: ReasonLabel(
        gettext_lazy("outside the hours"),
        "C7.6",
        gettext_lazy("It is sent automatically when the sending window opens."),
    ),
    Reason.RETRY: ReasonLabel(
        gettext_lazy("to be tried again"),
        "C7.5",
        gettext_lazy("The provider did not take it. It is tried again by itself, shortly."),
    ),
    Reason.PROVIDER_HOURS: ReasonLabel(
        gettext_lazy("the provider takes nothing at this hour"),
        "C7.5",
        gettext_lazy("A hold of the provider's, not of the procedure. It is sent automatically afterwards."),
    ),
    Reason.AUDIO_UNAPPROVED: ReasonLabel(
        gettext_lazy("the provider has not approved the voice yet"),
        "C7.5",
        gettext_lazy(
            "The provider listens to the voice message first. It is sent automatically once approved."
        ),
    ),
}

REASONS: Final = _REFUSALS | HOLDS

# Neutral nouns: whether a rule stands in the way is said beside them.
RULE_NAMES: Final[dict[str, Label]] = {
    "duplicate": gettext_lazy("Number given twice"),
    "address": gettext_lazy("Number and channel"),
    "cancelled": gettext_lazy("Cancellation of the message"),
    "expired": gettext_lazy("Expiry"),
    "no_messages": gettext_lazy("Refusal of every message"),
    "no_promotional": gettext_lazy("Refusal of promotional messages"),
    "approval": gettext_lazy("Emergency approval"),
    "paused": gettext_lazy("Pause of the message"),
    "voc_call": gettext_lazy("Call with the VOC expert"),
    "operator": gettext_lazy("Operator"),
    "schedule": gettext_lazy("Chosen time"),
    "window": gettext_lazy("Hours"),
}
assert RULE_NAMES.keys() == {rule.name for rule in RULES}  # noqa: S101 - a rule without a name is a typing error

EFFECT_NAMES: Final[dict[RuleEffect, Label]] = {
    RuleEffect.PASS: pgettext_lazy("finding", "nothing in the way"),
    RuleEffect.LIFTED: pgettext_lazy("finding", "lifted by an approved override"),
    RuleEffect.HOLD: pgettext_lazy("finding", "waits"),
    RuleEffect.REFUSE: pgettext_lazy("finding", "does not go"),
}

# In place of "under way" where all that is left waits.
WAITING_NAMES: Final[dict[Reason, Label]] = {
    Reason.AWAITING_APPROVAL: gettext_lazy("awaiting approval"),
    Reason.OPERATOR_DOWN: gettext_lazy("waits for the operator"),
    Reason.SCHEDULED: gettext_lazy("waits for its time"),
    Reason.WINDOW_CLOSED: gettext_lazy("waits for the hours"),
}

# The tones of components/badge.html.
EFFECT_TONES: Final[dict[RuleEffect, str]] = {
    RuleEffect.PASS: "success",
    RuleEffect.LIFTED: "info",
    RuleEffect.HOLD: "warning",
    RuleEffect.REFUSE: "danger",
}


def audience_label(audience: Mapping[str, Any]) -> str:
    """The people that a message addresses, in words."""
    if audience["kind"] == "file":
        return _("the numbers of “%(name)s” (%(lines)s lines)") % {
            "name": audience["name"],
            "lines": count_text(audience["lines"]),
        }
    if audience["kind"] == "import":
        return _("the customers of the import “%(name)s” (%(customers)s)") % {
            "name": audience["name"],
            "customers": count_text(audience["customers"]),
        }
    if audience["kind"] == "tag":
        return _("customers with the tag “%(tag)s”") % {"tag": audience["tag"]}
    return _("all customers")
