"""The way of an opt-out call over the desk (C7.3): `waiting → taken → decided | handed back | not reached |
closed`. Each action is one conditional update of the call, its step and its audit entry.

The decision itself is `contacts.consent.actions.set_consent`. That locks the customer and then the call;
the actions here lock the call alone, so that neither waits for the other in a circle.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from audit.actions import record
from contacts.consent.actions import (
    Decided,
    close_call,
    held_by_another,
    readable,
    set_consent,
    settle_call,
)
from contacts.desk.concerned import same_customer_no
from contacts.hooks import StoppedDeliveries
from contacts.models import CallStep, Contact, OptOutCall
from contacts.voc_manager import is_voc_manager
from persian.jalali import tehran_date
from staff.models import User
from staff.working_days import is_working_day

# Reading 12: attempts to call back before the VOC manager may end a call, and the working days they are on.
ATTEMPTS: Final = 3
ATTEMPT_DAYS: Final = 2
# A next try lies within this.
LATEST_TRY: Final = timedelta(days=30)

Kind = CallStep.Kind


def take_call(*, call: OptOutCall, by: User, now: datetime) -> None:
    """Take a call that waits; for whoever has it already this is a press on its card.

    Raises ValidationError that says who has it and since when, or that it is closed.
    """
    _demand_expert(by)
    with transaction.atomic():
        waiting = _open(call).filter(taken_by__isnull=True)
        if waiting.update(taken_by=by, taken_at=now, pressed_at=now, next_try_at=None):
            _step(call, Kind.TAKEN, by, now)
        elif not _open(call).filter(taken_by=by).update(pressed_at=_not_before_taken(now)):
            raise _why_not(call)


def take_over_call(*, call: OptOutCall, holder_id: int, reason: str, by: User, now: datetime) -> None:
    """Take a call from the expert who has it, with the reason in words.

    `holder_id` is the expert whom `by` saw there: two who take over at once do not take it from one another.
    Raises ValidationError where somebody else has it by now, it waits again, or it is closed.
    """
    _demand_expert(by)
    reason = readable(reason)
    with transaction.atomic():
        held = _open(call).filter(taken_by=holder_id).exclude(taken_by=by)
        if not held.update(taken_by=by, taken_at=now, pressed_at=now):
            raise _why_not(call)
        _step(call, Kind.TAKEN_OVER, by, now, reason, taken_from=holder_id)


def hand_back(*, call: OptOutCall, by: User, now: datetime, note: str = "") -> None:
    """Give a call back to the queue. Raises ValidationError unless `by` has it."""
    _demand_expert(by)
    with transaction.atomic():
        if not _held(call, by).update(**_FREE):
            raise _why_not(call)
        _step(call, Kind.HANDED_BACK, by, now, note.strip()[:2000])


def not_reached(
    *, call: OptOutCall, note: str, next_try_at: datetime | None, by: User, now: datetime
) -> None:
    """Record that the customer was called back and not reached; the call waits for its next try.

    Raises ValidationError unless `by` has it, for a note without words, or a next try that is not ahead.
    """
    _demand_expert(by)
    note = readable(note)
    if next_try_at is not None and not now < next_try_at <= now + LATEST_TRY:
        raise ValidationError(_("The next try lies ahead, within 30 days."), code="next_try")
    with transaction.atomic():
        if not _held(call, by).update(**_FREE, attempts=F("attempts") + 1, next_try_at=next_try_at):
            raise _why_not(call)
        _step(call, Kind.NOT_REACHED, by, now, note)


def press(*, call: OptOutCall, by: User, now: datetime) -> bool:
    """Note that the expert who has the call is at its card; False where `by` has it no more."""
    return bool(_held(call, by).update(pressed_at=_not_before_taken(now)))


def give_back_idle(*, now: datetime) -> int:
    """Give back calls whose expert made no press on them for `DESK_IDLE_MINUTES`; how many."""
    idle = now - timedelta(minutes=settings.DESK_IDLE_MINUTES)
    rows = OptOutCall.objects.filter(closed_at__isnull=True, pressed_at__lte=idle)
    return _give_back(rows, Kind.TIMED_OUT, None, now)


def give_back_at_sign_out(*, user: User, now: datetime) -> int:
    """Give back what the expert has taken and not ended; how many calls."""
    rows = OptOutCall.objects.filter(closed_at__isnull=True, taken_by=user)
    return _give_back(rows, Kind.SIGNED_OUT, user, now)


def close_unchanged(*, call: OptOutCall, reason: str, by: User, now: datetime) -> None:
    """End a call whose customer wants no change, with what was said.

    Raises ValidationError unless `by` has it, and for a reason without words.
    """
    _demand_expert(by)
    reason = readable(reason)
    with transaction.atomic():
        # The customer first, as every decision does.
        contact = Contact.objects.select_for_update(no_key=True).get(pk=call.contact_id)
        if not _held(call, by).exists():
            raise _why_not(call)
        close_call(contact=contact, by=by, now=now, reason=reason)


def decide(
    *,
    call: OptOutCall,
    flag: str,
    value: bool,
    reason: str,
    also: Iterable[int],
    by: User,
    now: datetime,
) -> list[Decided]:
    """The decision of C7.3 by whoever has the call, for its customer and the customers `also` (by id): one
    entry in the ledger each, all of them or none. The call's own customer comes first in the answer.

    Raises ValidationError unless `by` has the call, where another expert has one of the others' calls, for
    somebody in `also` whom the decision does not concern, and as `set_consent` does.
    """
    _demand_expert(by)
    with transaction.atomic():
        others = set(also) - {call.contact_id}
        if others - set(same_customer_no(call.contact).values_list("pk", flat=True)):
            raise ValidationError(_("The decision does not concern one of these customers."), code="others")
        contacts = list(Contact.objects.lock(others | {call.contact_id}))
        if not _held(call, by).exists():
            raise _why_not(call)
        contacts.sort(key=lambda contact: contact.pk != call.contact_id)
        return [
            Decided(
                contact,
                set_consent(contact=contact, flag=flag, value=value, reason=reason, by=by, now=now),
            )
            for contact in contacts
        ]


def may_be_ended(attempts: Sequence[datetime]) -> bool:
    """Whether attempts to call back at these instants let the VOC manager end the call (reading 12):
    three of them on working days, on two different ones."""
    days: list[date] = [day for day in map(tehran_date, attempts) if is_working_day(day)]
    return len(days) >= ATTEMPTS and len(set(days)) >= ATTEMPT_DAYS


def close_by_manager(
    *, call: OptOutCall, safe_side: bool, reason: str, by: User, now: datetime
) -> StoppedDeliveries:
    """End a call that cannot end (reading 12): on the safe side promotional messages are refused from now on,
    else nothing changes.

    Raises PermissionDenied unless `by` is the VOC manager, ValidationError before three attempts on two
    working days, for a call that is closed, and for a reason without words.
    """
    if not is_voc_manager(by, now):
        raise PermissionDenied(_("Only the VOC manager ends a call whose customer was not reached."))
    with transaction.atomic():
        contact = Contact.objects.select_for_update(no_key=True).get(pk=call.contact_id)
        fresh = OptOutCall.objects.select_for_update(no_key=True).get(pk=call.pk)
        if fresh.closed_at is not None:
            raise _why_not(call)
        if not may_be_ended(attempts_of(fresh)):
            raise ValidationError(
                _("A call is ended by the manager after three attempts on two working days."),
                code="too_early",
            )
        return settle_call(contact=contact, safe_side=safe_side, reason=reason, by=by, now=now)


def attempts_of(call: OptOutCall) -> list[datetime]:
    """When the customer was called back and not reached."""
    return list(call.steps.filter(kind=Kind.NOT_REACHED).values_list("at", flat=True))


_FREE: Final[dict[str, Any]] = {"taken_by": None, "taken_at": None, "pressed_at": None}


def _open(call: OptOutCall) -> QuerySet[OptOutCall, Any]:
    return OptOutCall.objects.filter(pk=call.pk, closed_at__isnull=True)


def _held(call: OptOutCall, by: User) -> QuerySet[OptOutCall, Any]:
    return _open(call).filter(taken_by=by)


def _not_before_taken(now: datetime) -> Any:
    """`now`, or the instant of taking should another machine's clock be ahead."""
    return Greatest(Value(now), F("taken_at"))


def _give_back(rows: QuerySet[OptOutCall, Any], kind: CallStep.Kind, by: User | None, now: datetime) -> int:
    given = 0
    for call in rows.order_by("pk")[:500]:
        with transaction.atomic():
            # A press that came in between keeps the call.
            if rows.filter(pk=call.pk).update(**_FREE):
                _step(call, kind, by, now)
                given += 1
    return given


def _step(
    call: OptOutCall, kind: CallStep.Kind, by: User | None, now: datetime, note: str = "", **data: Any
) -> None:
    CallStep.objects.create(call=call, at=now, kind=kind, by=by, note=note)
    record(
        by=by,
        action=f"desk.{kind}",
        obj=call.contact,
        data={"call": call.pk, **({"reason": note} if note else {}), **data},
        now=now,
    )


def _why_not(call: OptOutCall) -> ValidationError:
    """Why the update found no row: the call is closed, another expert has it, or nobody."""
    fresh = OptOutCall.objects.select_related("taken_by").get(pk=call.pk)
    if fresh.closed_at is not None:
        return ValidationError(_("The call is closed already."), code="call_closed")
    if fresh.taken_by_id is None:
        return ValidationError(_("The call is back in the queue: take it first."), code="call_waits")
    return held_by_another(fresh)


def _demand_expert(by: User) -> None:
    if not by.may("contacts.set_consent"):
        raise PermissionDenied(_("Only a VOC expert answers opt-out calls."))
