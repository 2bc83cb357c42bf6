"""Words of the audit trail for messages."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from audit import words
from messaging.models import DoubtDecision
from messaging.web.labels import audience_label

ACTIONS: Final = {
    "call.settled": _("unknown outcome of a call settled"),
    "call.stopped": _("provider asked to stop dialling"),
    "message.cancel": pgettext_lazy("audit", "message cancelled"),
    "message.doubt_asked": _("provider to be asked again"),
    "message.doubt_decided": _("unknown outcome decided"),
    "message.pause": pgettext_lazy("audit", "message paused"),
    "message.planned": _("message planned"),
    "message.resume": _("message resumed"),
    "message.stop_calls": _("calls of a voice message called back"),
    "message.submitted": _("message submitted"),
    "sends.compared": _("provider's list compared"),
    "sends.not_compared": _("provider's list could not be compared"),
}
NAMES: Final = {
    "absent": _("unknown to the provider"),
    "audience": _("audience"),
    "breaches": _("new breaches"),
    "calls": _("calls"),
    "choice": _("choice"),
    "found": _("known to the provider"),
    "listed": _("on the provider's list"),
    "outside_hours": _("outside the hours"),
    "recipients": _("recipients"),
    "sender": _("sender"),
    "sender_manager": _("direct manager"),
    "sent_late": _("sent late by the provider"),
    "shadow": _("past the portal"),
    "unsent": _("not sent so far"),
    "waiting": _("waiting"),
}


def register() -> None:
    words.register(
        actions=ACTIONS,
        names=NAMES,
        values={"choice": dict(DoubtDecision.Choice.choices)},
        references={"sender": "staff.employee", "sender_manager": "staff.employee"},
        technical={"content_hash"},
        formats={"audience": audience_label},
    )
