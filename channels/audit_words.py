"""Words of the audit trail for channels."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from audit import words
from channels.models import PURPOSES, Outage

ACTIONS: Final = {
    "channel.added": _("channel added to the register"),
    "channel.changed": _("channel changed"),
    "channel.outage_declared": _("outage declared"),
    "channel.outage_detected": _("outage detected"),
    "channel.outage_ended": _("outage ended"),
    "channel.windows_set": _("sending windows set"),
}
NAMES: Final = {
    "channel": _("channel"),
    "outage": _("outage"),
    "purpose": _("purpose"),
    "usage_rule": _("usage rule"),
}


def register() -> None:
    words.register(
        actions=ACTIONS,
        names=NAMES,
        values={
            "purpose": {str(purpose): name for purpose, name in PURPOSES.items()},
            "why": dict(Outage.Cause.choices),
        },
        technical={"outage"},
    )
