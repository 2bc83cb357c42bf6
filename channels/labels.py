"""What an outage means, in sentences: what has happened, and what somebody can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels.models import Outage

Cause = Outage.Cause


@dataclass(frozen=True, slots=True)
class CauseLabel:
    """A cause in words: what has happened, and what to do."""

    happened: Promise
    advice: Promise


CAUSES: Final[dict[str, CauseLabel]] = {
    Cause.DECLARED: CauseLabel(
        _("A colleague declared that the operator is down."),
        _("No message is lost: they wait, and go by themselves once somebody ends the outage."),
    ),
    Cause.NETWORK: CauseLabel(
        _("The provider's system cannot be reached."),
        _(
            "No message is lost: they wait, and go by themselves when the connection is back."
            " If it lasts, look at the internet line and ask the provider."
        ),
    ),
    Cause.PROVIDER: CauseLabel(
        _("The provider's system is disturbed and takes no message."),
        _(
            "No message is lost: they wait, and go by themselves when the provider is back."
            " If it lasts, ask the provider's support."
        ),
    ),
    Cause.ACCOUNT: CauseLabel(
        _("The provider refuses our account: token, user, line or permission."),
        _(
            "No message is lost: they wait. IT must put the account right in the provider's panel or the"
            " settings; then they go by themselves."
        ),
    ),
    Cause.CREDIT: CauseLabel(
        _("The credit with the provider has run out."),
        _(
            "No message is lost: they wait. Top the account up in the provider's panel; the portal notices"
            " and goes on by itself."
        ),
    ),
    Cause.UNCLEAR: CauseLabel(
        _("The provider's answers make no sense."),
        _(
            "No message is lost: they wait until the provider answers as agreed."
            " If it lasts, IT should ask the provider's support."
        ),
    ),
}
