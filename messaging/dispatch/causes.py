"""The cause of the outage that a gateway's failure opens."""

from __future__ import annotations

from typing import Final

from channels.models import Outage
from gateways.base import GatewayError, OutcomeUnknown, Trouble

# Both providers name an empty account by this word.
CREDIT_CODE: Final = "CreditNotEnough"


def cause_of(failure: GatewayError) -> Outage.Cause:
    """The cause by trouble and code. A 5xx is the provider's own disturbance; an answer that makes no sense
    may be anything."""
    if failure.trouble is Trouble.NETWORK:
        return Outage.Cause.NETWORK
    if failure.trouble is Trouble.ACCOUNT:
        return Outage.Cause.CREDIT if failure.code == CREDIT_CODE else Outage.Cause.ACCOUNT
    understood = not isinstance(failure, OutcomeUnknown) or failure.code.startswith("http_5")
    return Outage.Cause.PROVIDER if understood else Outage.Cause.UNCLEAR
