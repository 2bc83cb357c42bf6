"""Words of the audit trail for customers."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from audit import words
from contacts.models import ConsentEntry, OptOutCall, WrittenWord
from contacts.models.duty import Weekday

ACTIONS: Final = {
    "contact.call_closed": _("opt-out call closed"),
    "contact.call_opened": _("opt-out call opened"),
    "contact.called_again": _("customer called again while the call was open"),
    "contact.consent_noted": _("note added to the consent history"),
    "contact.edited": _("customer's record changed"),
    "contact.look_ups_used_up": _("look-ups of the day used up"),
    "contact.opt_out_cleared": _("opt-out cleared"),
    "contact.opt_out_set": _("opt-out set"),
    "contact.word_confirmed": _("written word confirmed as an opt-out"),
    "contact.word_decided": _("written word decided"),
    "contact.word_received": _("written word received"),
    "contact.word_restored": _("written word stands again after a correction"),
    "contacts.created_for_numbers": _("customers made for new numbers"),
    "contacts.imported": _("customers imported"),
    "desk.handed_back": _("opt-out call given back to the queue"),
    "desk.not_reached": _("opt-out call: customer not reached"),
    "desk.signed_out": _("opt-out call given back at sign-out"),
    "desk.taken": _("opt-out call taken"),
    "desk.taken_over": _("opt-out call taken over"),
    "desk.timed_out": _("opt-out call given back: no press for a while"),
    "duty.day_ended": _("duty of a single day taken back"),
    "duty.day_set": _("duty of a single day set"),
    "duty.fallbacks_set": _("fallbacks on duty set"),
    "duty.shift_ended": _("weekly duty ended"),
    "duty.shifts_added": _("weekly duty added"),
}
NAMES: Final = {
    "call_outcome": _("outcome"),
    "corrects": _("wrong entry"),
    "created": _("new"),
    "entry": _("entry in the history"),
    "expert": _("VOC expert"),
    "experts_after": _("fallbacks after"),
    "experts_before": _("fallbacks before"),
    "file": _("file"),
    "flag": _("option"),
    "handover": _("handover"),
    "hours": _("hours"),
    "look_ups": _("customers shown"),
    "refused": _("refused"),
    "stopped": _("waiting messages stopped"),
    "tag": _("tag"),
    "taken_from": _("taken from"),
    "unchanged": _("unchanged"),
    "updated": _("changed"),
    "weekdays": _("days of the week"),
    "word_meaning": _("meaning"),
    "word_outcome": _("outcome"),
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
            "weekdays": {str(day.value): day.label for day in Weekday},
            "word_meaning": dict(WrittenWord.Meaning.choices),
            "word_outcome": dict(WrittenWord.Outcome.choices),
        },
        references=dict.fromkeys(("expert", "experts_before", "experts_after", "taken_from"), "staff.user"),
        lists={"hours", "weekdays", "experts_before", "experts_after"},
        technical={"corrects", "entry", "word", "reference"},
    )
