"""What AmootSMS says of a whole call and of one recipient, as the dispatcher's outcomes. Pure."""

from __future__ import annotations

from typing import Final

from gateways.base import BatchRefused, GatewayError, NotSent, OutcomeUnknown, Result, Trouble
from gateways.statuses import StatusKind, kind_of, name_of

_TROUBLES: Final = {
    StatusKind.ACCOUNT: Trouble.ACCOUNT,
    StatusKind.PROVIDER: Trouble.PROVIDER,
    StatusKind.CONTENT: Trouble.CONTENT,
}

# A recipient's own refusal is final. Codes of the account or the provider beside one recipient say
# nothing against that person: the outcome is asked for, and recipients not taken are sent again.
_RESULTS: Final = {
    StatusKind.SUCCESS: Result.ACCEPTED,
    StatusKind.RECIPIENT: Result.REJECTED,
    StatusKind.CONTENT: Result.REJECTED,
    StatusKind.VAGUE: Result.REJECTED,
}


def call_error(status: object, raw: str) -> GatewayError:
    """The error for a call that was refused as a whole with `status`.

    `Failed` without a reason, and anything undocumented, proves nothing: `OutcomeUnknown`.
    """
    kind = kind_of(status)
    code = name_of(status)
    if kind is StatusKind.RECIPIENT:
        return BatchRefused(code, trouble=Trouble.CONTENT, raw=raw)
    if kind in _TROUBLES:
        return NotSent(code, trouble=_TROUBLES[kind], raw=raw)
    return OutcomeUnknown(code or "answer_not_understood", raw=raw)


def recipient_result(status: object) -> Result:
    """What a recipient's own status says; undocumented ones are unknown."""
    kind = kind_of(status)
    return _RESULTS.get(kind, Result.UNKNOWN) if kind else Result.UNKNOWN
