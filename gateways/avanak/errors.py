"""Avanak's negative integers, method by method, as the dispatcher's outcomes. Pure."""

from __future__ import annotations

from typing import Final

from gateways.base import BatchRefused, GatewayError, NotSent, OutcomeUnknown, Trouble
from gateways.statuses import StatusKind, kind_of, name_of

# CreateCampaign, StartCampaign and QuickSend. -75 (values), -76 (dates), -77 (hours) and -80 (texts) are
# faults of our request: the message is paused for a person, for smaller batches would meet the same.
_SENDING: Final[dict[int, tuple[str, Trouble]]] = {
    -3: ("CreditNotEnough", Trouble.ACCOUNT),
    -6: ("Time_NotAllowed", Trouble.HOURS),
    -8: ("Message_Invalid", Trouble.CONTENT),
    -20: ("Connection_Failed", Trouble.PROVIDER),
    -25: ("Disabled", Trouble.ACCOUNT),
    -30: ("Campaign_CannotStart", Trouble.PROVIDER),
    -50: ("CreditNotEnough", Trouble.ACCOUNT),
    -60: ("Message_Invalid", Trouble.CONTENT),
    -61: ("Message_NotApprovedYet", Trouble.APPROVAL),
    -62: ("Message_Rejected", Trouble.CONTENT),
    -70: ("Tries_Invalid", Trouble.CONTENT),
    -71: ("RecordLength_Invalid", Trouble.CONTENT),
    -72: ("Record_NotAllowed", Trouble.ACCOUNT),
    -73: ("Area_NotExists", Trouble.CONTENT),
    -74: ("AreaNumbers_Failed", Trouble.CONTENT),
    -75: ("Values_Invalid", Trouble.CONTENT),
    -76: ("Dates_Invalid", Trouble.CONTENT),
    -77: ("Hours_Invalid", Trouble.CONTENT),
    -80: ("SMSTexts_Empty", Trouble.CONTENT),
}
NUMBER_INVALID: Final = -2  # Number_Invalid, of one number in the list

# GenerateTTS: the same numbers mean other things there.
_MAKING_AUDIO: Final[dict[int, tuple[str, Trouble]]] = {
    -2: ("Synthesis_Failed", Trouble.CONTENT),
    -3: ("CreditNotEnough", Trouble.ACCOUNT),
    -4: ("Synthesis_Failed", Trouble.CONTENT),
    -5: ("Text_TooLong", Trouble.CONTENT),
    -6: ("Audio_TooShort", Trouble.CONTENT),
}

_FAMILY: Final = {StatusKind.ACCOUNT: Trouble.ACCOUNT, StatusKind.PROVIDER: Trouble.PROVIDER}


def sending_error(code: object, raw: str) -> GatewayError:
    """The error for a refused campaign. A code that is not documented proves nothing."""
    if code == NUMBER_INVALID:
        return BatchRefused("Number_Invalid", trouble=Trouble.CONTENT, raw=raw)
    return _error(code, _SENDING, raw)


def audio_error(code: object, raw: str) -> GatewayError:
    """The error for a text that did not become a voice message."""
    return _error(code, _MAKING_AUDIO, raw)


def account_error(code: object, raw: str) -> GatewayError:
    """The error for a question that was not answered."""
    return _error(code, {}, raw)


def _error(code: object, table: dict[int, tuple[str, Trouble]], raw: str) -> GatewayError:
    if isinstance(code, int) and code in table:
        name, trouble = table[code]
        return NotSent(name, trouble=trouble, raw=raw)
    kind = kind_of(code) if _is_of_the_family(code) else None
    if kind in _FAMILY:
        return NotSent(name_of(code), trouble=_FAMILY[kind], raw=raw)
    return OutcomeUnknown(name_of(code) or "answer_not_understood", raw=raw)


def _is_of_the_family(code: object) -> bool:
    """Positive numbers are ids here, so that only negative ones and names are read as statuses."""
    return isinstance(code, str) or (isinstance(code, int) and code < 0)
