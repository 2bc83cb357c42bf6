"""What the words of the providers say, for people who do not read the providers' documentation.

A word is a status of a call or a recipient, a delivery report's type, or our own name for why a call did
not go through. It is stored as it came; these are only shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy

from common.wording import Label
from gateways.statuses import StatusKind, kind_of
from messaging.dispatch.poison import CHOKED
from messaging.models import Message, MessageStop
from messaging.states import MessageStatus

_WORDS: Final[dict[str, Label]] = {
    # A message's text or audio.
    "SMSMessageText_Empty": gettext_lazy("the text is empty"),
    "AvanakMessageText_Empty": gettext_lazy("the text is empty"),
    "Length_Exceeded": gettext_lazy("the text is too long"),
    "Text_TooLong": gettext_lazy("the text is too long for a voice message"),
    "text_not_encodable": gettext_lazy("the text holds a character that cannot be sent"),
    "Audio_TooShort": gettext_lazy("the audio made of the text is too short"),
    "Synthesis_Failed": gettext_lazy("no audio could be made of the text"),
    "no_audio": gettext_lazy("no audio was made of the text yet"),
    "Message_Invalid": gettext_lazy("the voice message is not known to the provider"),
    "Message_NotApprovedYet": gettext_lazy("the voice message is not approved by the provider yet"),
    "Message_Rejected": gettext_lazy("the provider refused the voice message"),
    # A recipient.
    "Mobile_Empty": gettext_lazy("the number is missing"),
    "Mobiles_Empty": gettext_lazy("the number is missing"),
    "Mobile_Invalid": gettext_lazy("the number is wrong, or on the operator's blacklist"),
    "Mobiles_Invalid": gettext_lazy("the number is wrong, or on the operator's blacklist"),
    "Number_Invalid": gettext_lazy("the number is wrong"),
    # The provider's hours.
    "Time_NotAllowed": gettext_lazy("the provider does not send at this hour"),
    "day_ending": gettext_lazy("a voice message begins and ends on one day; this one waits for midnight"),
    # Our request.
    "Hours_Invalid": gettext_lazy("the portal asked for an end before the start; IT should look at it"),
    "Dates_Invalid": gettext_lazy("the portal asked for an end before the start; IT should look at it"),
    "Area_NotExists": gettext_lazy("the provider found a wrong value in the request; IT should look at it"),
    "AreaNumbers_Failed": gettext_lazy(
        "the provider found a wrong value in the request; IT should look at it"
    ),
    "SMSTexts_Empty": gettext_lazy("the provider found a wrong value in the request; IT should look at it"),
    "Values_Invalid": gettext_lazy("the provider found a wrong value in the request; IT should look at it"),
    "window_over": gettext_lazy("the hours would have ended before it was sent"),
    # A call.
    "Success": gettext_lazy("taken by the provider"),
    "Failed": gettext_lazy("refused without a reason"),
    "CreditNotEnough": gettext_lazy("the credit does not suffice"),
    "deadline_passed": gettext_lazy("too late for this attempt; it was not sent"),
    "timeout": gettext_lazy("no answer in time"),
    # Types of delivery reports.
    "sent_to_operator": gettext_lazy("handed to the operator"),
    "delivered": gettext_lazy("delivered"),
    "not_delivered": gettext_lazy("not delivered"),
    "operator_error": gettext_lazy("an error at the operator"),
    "unknown_error": gettext_lazy("an error that is not explained"),
    "reached_operator": gettext_lazy("reached the operator"),
    "not_reached_operator": gettext_lazy("did not reach the operator"),
    "blacklist": gettext_lazy("the owner of the number has advertising blocked at the operator (blacklist)"),
    "unknown": gettext_lazy("the provider does not know"),
    "sent": gettext_lazy("sent"),
    "filtered": gettext_lazy("held back by a filter of the operator"),
    "in_send_list": gettext_lazy("in the provider's list"),
    "not_accepted": gettext_lazy("not accepted"),
    "no_receipt": gettext_lazy("the operator gave no receipt"),
    "sent_through_avanak": gettext_lazy("sent through Avanak"),
    "sent_through_backup_line": gettext_lazy("sent through the backup line"),
    "queued": gettext_lazy("waits at the provider"),
    "not_dialled": gettext_lazy("the provider did not call this number"),
    "wrong_number": gettext_lazy("the number is wrong"),
    "empty": gettext_lazy("the text or the number is empty"),
    "bad_short_code": gettext_lazy("the line is not a valid sender"),
}

_KINDS: Final[dict[StatusKind, Label]] = {
    StatusKind.ACCOUNT: gettext_lazy("something is wrong with the company's account at the provider"),
    StatusKind.PROVIDER: gettext_lazy("the provider's own system is down"),
    StatusKind.CONTENT: gettext_lazy("the provider cannot take the request as it is; IT should look at it"),
}


def meaning_of(word: str) -> Label:
    """What a provider's word says, or ours in front of it; '' for one that nobody documented."""
    word = word.partition(":")[0]
    if word in _WORDS:
        return _WORDS[word]
    kind = kind_of(word)
    return _KINDS.get(kind, "") if kind else ""


@dataclass(frozen=True, slots=True)
class Refusal:
    word: str
    meaning: Label


_CHOKES: Final = gettext_lazy(
    "it failed at it each time, and took other messages in between; IT should look at the text"
)


def refusal_of(stop: MessageStop) -> Refusal | None:
    """The provider's refusal that a stop is about; None for a person's own stop."""
    if stop.by_id is not None:
        return None
    trouble, _colon, word = stop.reason.partition(": ")
    if trouble == CHOKED:
        return Refusal(word, _CHOKES)
    return Refusal(word, meaning_of(word) or _KINDS[StatusKind.CONTENT])


def refusal_that_stops(message: Message) -> Refusal | None:
    """The provider's refusal that a paused message still waits for, if that is why it is paused."""
    if message.status != MessageStatus.PAUSED:
        return None
    stop = message.stops.filter(kind=MessageStop.Kind.PAUSE, lifted_at=None).first()
    return refusal_of(stop) if stop else None
