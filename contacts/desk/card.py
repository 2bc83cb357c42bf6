"""What the card of a call shows: customer, both options with their effect, whom it concerns, the steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.desk.actions import attempts_of, may_be_ended
from contacts.desk.concerned import MOST_COLLEAGUES, MOST_RECORDS, colleagues, same_customer_no
from contacts.desk.forms import EndForm, NotReachedForm, TakeOverForm, UnchangedForm
from contacts.desk.queue import next_call, tone_of
from contacts.forms import ReasonForm
from contacts.hooks import forecast_refusals
from contacts.models import Contact, OptOutCall
from contacts.presenting import correctable_history, effects_of, options_of
from contacts.selectors import foreign_restrictions
from contacts.voc_manager import is_voc_manager, may_read_ledger
from staff.models import User

QUICK_NOTES: Final = (_("No answer"), _("The line was busy"), _("The telephone was switched off"))
_FORMS: Final[dict[str, type[forms.Form]]] = {
    "take_over": TakeOverForm,
    "not_reached": NotReachedForm,
    "unchanged": UnchangedForm,
    "end": EndForm,
}


@dataclass(frozen=True, slots=True)
class ConcernedRecord:
    """Another record with the customer's number; ticked, it gets the same decision."""

    contact: Contact
    ticked: bool
    waiting: int


def card_context(
    call: OptOutCall,
    user: User,
    now: datetime,
    refused: dict[str, forms.Form],
    options: dict[str, ReasonForm],
    also: set[int] | None,
) -> dict[str, Any]:
    """`refused` and `options` are forms that somebody filled in wrongly, `also` the records ticked then."""
    contact, is_open = call.contact, call.closed_at is None
    is_mine = is_open and call.taken_by_id == user.pk
    may_see_history = may_read_ledger(user, now)
    return {
        "call": call,
        "contact": contact,
        "tone": tone_of(call, now),
        "is_mine": is_mine,
        "is_free": is_open and call.taken_by_id is None,
        "is_held": is_open and call.taken_by_id not in (None, user.pk),
        "is_expert": user.may("contacts.set_consent"),
        "may_end": is_open and is_voc_manager(user, now) and may_be_ended(attempts_of(call)),
        "forms": {name: refused.get(name) or _form(name, call) for name in _FORMS},
        "open_form": next(iter(refused), ""),
        "quick_notes": QUICK_NOTES,
        "steps": call.steps.select_related("by").order_by("pk"),
        "numbers": contact.numbers.order_by("until", "pk"),
        "foreign": foreign_restrictions([contact]).get(contact.pk, []),
        "may_see_history": may_see_history,
        "history": correctable_history(contact, user, now) if may_see_history else [],
        "next_call": None if is_mine else next_call(now, but=call),
        **(_to_decide(contact, now, options, also) if is_mine else {"options": options_of(contact)}),
    }


def _to_decide(
    contact: Contact, now: datetime, options: dict[str, ReasonForm], also: set[int] | None
) -> dict[str, Any]:
    """What only the expert who decides is shown: the effect beforehand, and whom it concerns."""
    records = list(same_customer_no(contact).order_by("pk")[: MOST_RECORDS + 1])
    listed = records[:MOST_RECORDS]
    forecast = forecast_refusals([one.pk for one in (contact, *listed)], now)
    return {
        "options": options_of(contact, options, effects_of(forecast[contact.pk])),
        "records": [
            ConcernedRecord(record, also is None or record.pk in also, forecast[record.pk].everything.stopped)
            for record in listed
        ],
        "more_records": len(records) > MOST_RECORDS,
        "colleagues": colleagues(contact),
        "most_colleagues": MOST_COLLEAGUES,
    }


def _form(name: str, call: OptOutCall) -> forms.Form:
    initial = {"holder": call.taken_by_id} if name == "take_over" else None
    return _FORMS[name](prefix=name, initial=initial)
