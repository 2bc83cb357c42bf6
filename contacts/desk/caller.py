"""A caller about messages, from the answer in the box to the open call (C7.2).

What was shown to somebody is sealed, with the expert whom the page introduced: nobody opens a call for a
customer, or in the name of an expert, that the portal did not show to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core import signing
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.actions.people import ensure_owners
from contacts.consent.actions import Handover, open_call
from contacts.hooks import StoppedDeliveries
from contacts.models import Contact, OptOutCall
from staff.models import User

_CALLER: Final = "contacts.caller"
_OPENED: Final = "contacts.opened-call"
# A tab that was left open: after that the number is typed anew.
_CALLER_KEPT: Final = timedelta(hours=1)
# The page of an opened call may be looked at during a day's work.
_OPENED_KEPT: Final = timedelta(hours=12)
# A second press within it is the same call of the customer.
_SAME_PRESS: Final = timedelta(minutes=1)

Way = OptOutCall.Handover


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is on the line: the number (E.164), and the customer where one was chosen; with the expert who was
    introduced, and the extension that was named."""

    number: str
    contact_id: int | None = None
    named_id: int | None = None
    extension: str = ""


@dataclass(frozen=True, slots=True)
class OpenedCall:
    """The customer's open call; `was_open`: it had been opened before, by whomever."""

    call: OptOutCall
    was_open: bool
    effect: StoppedDeliveries


def seal_caller(caller: Caller, user: User) -> str:
    words = [user.pk, caller.number, caller.contact_id, caller.named_id, caller.extension]
    return signing.dumps(words, salt=_CALLER)


def unseal_caller(text: str, user: User) -> Caller:
    """Raises ValidationError for what was not shown to this user within the last hour."""
    try:
        owner, *words = signing.loads(text, salt=_CALLER, max_age=_CALLER_KEPT)
    except signing.BadSignature:
        owner, words = None, []
    if owner != user.pk:
        raise ValidationError(
            _("This answer is out of date. Type the number once more; no call was opened."), code="stale"
        )
    return Caller(*words)


def open_for_caller(*, caller: Caller, way: str, by: User, now: datetime) -> OpenedCall:
    """Open the caller's call, or find the one that is open. An unknown number becomes a customer with it.

    Raises ValidationError for an unknown way or a transfer to nobody, PermissionDenied where somebody else
    than a VOC expert says to have answered.
    """
    if way not in Way.values or (way == Way.TRANSFERRED and caller.named_id is None):
        raise ValidationError(
            _("Nobody is on duty to transfer the call to: take the request instead."), code="nobody_named"
        )
    if way == Way.ANSWERED and not by.may("contacts.set_consent"):
        raise PermissionDenied(_("Only a VOC expert sets or clears what a customer refused."))
    named = None
    if caller.named_id is not None and way != Way.ANSWERED:
        named = User.objects.get(pk=caller.named_id)
    handover = Handover(way, caller.number, named, caller.extension if named else "")
    with transaction.atomic():
        contact = _contact_of(caller, by, now)
        call, effect = open_call(contact=contact, by=by, now=now, handover=handover)
        was_open = (call.opened_by_id, call.opened_at) != (by.pk, now)
        if was_open and (call.opened_by_id != by.pk or now - call.opened_at > _SAME_PRESS):
            data = {"call": call.pk, "handover": way}
            record(by=by, action="contact.called_again", obj=contact, data=data, now=now)
    return OpenedCall(call, was_open, effect)


def _contact_of(caller: Caller, by: User, now: datetime) -> Contact:
    if caller.contact_id is not None:
        return Contact.objects.get(pk=caller.contact_id)
    # Of several customers who have a number, the one who is reached at it.
    return ensure_owners(number=caller.number, by=by, now=now)[0]


def seal_opened(opened: OpenedCall, user: User) -> str:
    """The part of an address that shows an opened call to the one who opened it; no number stands in it."""
    effect = opened.effect
    words = [user.pk, opened.call.pk, opened.was_open, effect.stopped, effect.in_flight]
    return signing.dumps(words, salt=_OPENED)


def unseal_opened(text: str, user: User) -> OpenedCall | None:
    """None for what is not this user's, or older than a day's work."""
    try:
        owner, call, was_open, *effect = signing.loads(text, salt=_OPENED, max_age=_OPENED_KEPT)
    except signing.BadSignature:
        return None
    rows = OptOutCall.objects.select_related("contact", "opened_by", "named", "closed_by", "taken_by")
    found = rows.filter(pk=call).first() if owner == user.pk else None
    return OpenedCall(found, was_open, StoppedDeliveries(*effect)) if found else None
