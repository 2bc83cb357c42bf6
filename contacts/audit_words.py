"""Words of the audit trail for customers."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from audit import words
from contacts.models import ConsentEntry, OptOutCall

ACTIONS: Final = {
    "contact.call_closed": _("opt-out call closed"),
    "contact.call_opened": _("opt-out call opened"),
    "contact.called_again": _("customer called again while the call was open"),
    "contact.consent_noted": _("note added to the consent history"),
    "contact.edited": _("customer's record changed"),
    "contact.look_ups_used_up": _("look-ups of the day used up"),
    "contact.opt_out_cleared": _("opt-out cleared"),
    "contact.opt_out_set": _("opt-out set"),
    "contacts.created_for_numbers": _("customers made for new numbers"),
    "contacts.imported": _("customers imported"),
    "desk.handed_back": _("opt-out call given back to the queue"),
    "desk.not_reached": _("opt-out call: customer not reached"),
    "desk.signed_out": _("opt-out call given back at sign-out"),
    "desk.taken": _("opt-out call taken"),
    "desk.taken_over": _("opt-out call taken over"),
    "desk.timed_out": _("opt-out call given back: no press for a while"),
}
NAMES: Final = {
    "call_outcome": _("outcome"),
    "corrects": _("wrong entry"),
    "created": _("new"),
    "entry": _("entry in the history"),
    "file": _("file"),
    "flag": _("option"),
    "handover": _("handover"),
    "look_ups": _("customers shown"),
    "refused": _("refused"),
    "stopped": _("waiting messages stopped"),
    "tag": _("tag"),
    "taken_from": _("taken from"),
    "unchanged": _("unchanged"),
    "updated": _("changed"),
}


def register() -> None:
    words.register(
        actions=ACTIONS,
        names=NAMES,
        values={
            "call_outcome": dict(OptOutCall.Outcome.choices),
            "flag": dict(ConsentEntry.Flag.choices),
            "handover": dict(OptOutCall.Handover.choices),
            "source": dict(ConsentEntry.Source.choices),
        },
        references={"taken_from": "staff.user"},
        technical={"corrects", "entry"},
    )
