"""What a customer refuses, and the calls about it: the only writers of the flags (C7.3, reading 7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.wording import count_text, instant_text
from contacts.hooks import Event, StoppedDeliveries, announce
from contacts.models import CallStep, ConsentEntry, Contact, OptOutCall, WrittenWord
from persian.text import fold, has_words, is_blank
from staff.models import User

# Characters, an essay; C7.3 asks for the reason in words.
REASON_MAX_LENGTH: Final = 2000
# The audit action of a reason that changed no flag.
NOTED = "contact.consent_noted"

Flag = ConsentEntry.Flag
Source = ConsentEntry.Source


@dataclass(frozen=True, slots=True)
class ConsentEffect:
    """Whether the flag changed, how many waiting deliveries were stopped, and how many had left already.

    `noted`: the flag was so already, and the new reason is kept beside the history.
    """

    changed: bool
    stopped: int = 0
    in_flight: int = 0
    noted: bool = False


@dataclass(frozen=True, slots=True)
class Decided:
    """What was recorded of one customer."""

    contact: Contact
    effect: ConsentEffect


def set_consent(
    *,
    contact: Contact,
    flag: str,
    value: bool,
    reason: str,
    by: User,
    now: datetime,
    source: str = Source.VOC_CALL,
    call: OptOutCall | None = None,
    word: WrittenWord | None = None,
) -> ConsentEffect:
    """Set or clear one of the two options of C7.3; waiting deliveries that it forbids are stopped with it.

    Setting what is set already changes nothing: a new reason is kept as a note, and what waits in spite of
    the flag is stopped. An expert's decision has a call behind it (reading 15), which it closes: `call`, else
    the open one, else one just answered; or the customer's message, `word`. Raises PermissionDenied for
    others than VOC experts, ValidationError for an unknown flag, a reason without words, another customer's
    call, or one that another expert has taken.
    """
    demand_expert(by=by)
    demand_flag(flag)
    reason = readable(reason)
    with transaction.atomic():
        locked, effect = _lock(contact), StoppedDeliveries()
        call = _call_behind(locked, call, source, by)
        changed = getattr(locked, flag) != value
        noted = not changed and _note(locked, flag, reason, by, now)
        if changed:
            given: dict[str, Any] = {"flag": flag, "source": source, "call": call, "word": word}
            effect = change_flag(contact=locked, value=value, reason=reason, by=by, now=now, **given)
        elif value:
            # A recipient who was with the provider then may have come back into the queue since.
            effect = announce(Event.TIGHTENED, locked.pk, now)
        if value:
            _fulfil_words(locked, reason, by, now)
        if call is not None:
            effect += _close(locked, by, now, OptOutCall.Outcome.DECIDED)
    _refresh(contact, locked)
    return ConsentEffect(changed, effect.stopped, effect.in_flight, noted)


@dataclass(frozen=True, slots=True)
class Handover:
    """How the colleague left the caller: the number the caller named (E.164), and which expert was named."""

    way: str = ""
    number: str = ""
    named: User | None = None
    extension: str = ""


def open_call(
    *, contact: Contact, by: User, now: datetime, handover: Handover = Handover()
) -> tuple[OptOutCall, StoppedDeliveries]:
    """Record that the customer is on the line about messages (C7.2): promotional ones wait from now on.

    A call that is open already is returned as it is. Raises PermissionDenied unless `by` may open calls.
    """
    if not by.may("contacts.open_call"):
        raise PermissionDenied(_("None of your roles allows this."))
    with transaction.atomic():
        locked = _lock(contact)
        call = locked.calls.filter(closed_at__isnull=True).first()
        effect = StoppedDeliveries()
        if call is None:
            call = _opened(locked, by, now, handover)
            _set(locked, voc_call_open=True, updated_at=now)
            effect = announce(Event.TIGHTENED, locked.pk, now)
    _refresh(contact, locked)
    return call, effect


def _opened(contact: Contact, by: User, now: datetime, handover: Handover) -> OptOutCall:
    call = contact.calls.create(
        opened_at=now,
        opened_by=by,
        handover=handover.way,
        number=handover.number,
        named=handover.named,
        named_extension=handover.extension,
    )
    call.steps.create(at=now, kind=CallStep.Kind.OPENED, by=by)
    record(
        by=by,
        action="contact.call_opened",
        obj=contact,
        data={"call": call.pk, "handover": handover.way} if handover.way else {"call": call.pk},
        now=now,
    )
    return call


def close_call(*, contact: Contact, by: User, now: datetime, reason: str = "") -> bool:
    """End the open call without a change, kept with its `reason`. False when none was open.

    Raises PermissionDenied unless `by` is a VOC expert, ValidationError where another one has the call.
    """
    demand_expert(by=by)
    with transaction.atomic():
        locked = _lock(contact)
        was_open = locked.voc_call_open
        _open_call_for(locked, by)
        _close(locked, by, now, OptOutCall.Outcome.UNCHANGED, reason)
    _refresh(contact, locked)
    return was_open


def settle_call(
    *, contact: Contact, safe_side: bool, reason: str, by: User, now: datetime
) -> StoppedDeliveries:
    """End the open call of a customer who could not be reached (reading 12): on the safe side promotional
    messages are refused, else nothing changes. Returns what the safe side stopped.

    Raises PermissionDenied unless `by` manages the desk, ValidationError for a reason without words.
    """
    if not by.may("contacts.manage_desk"):
        raise PermissionDenied(_("None of your roles allows this."))
    reason = readable(reason)
    with transaction.atomic():
        locked = _lock(contact)
        call = locked.calls.filter(closed_at__isnull=True).first()
        effect = StoppedDeliveries()
        if safe_side and not locked.no_promotional:
            effect = change_flag(
                contact=locked,
                flag=Flag.NO_PROMOTIONAL,
                value=True,
                reason=reason,
                by=by,
                now=now,
                source=Source.VOC_CALL,
                call=call,
            )
        if safe_side:
            _fulfil_words(locked, reason, by, now)
        outcome = OptOutCall.Outcome.SAFE_SIDE if safe_side else OptOutCall.Outcome.UNCHANGED
        effect += _close(locked, by, now, outcome, reason)
    _refresh(contact, locked)
    return effect


def _call_behind(contact: Contact, call: OptOutCall | None, source: str, by: User) -> OptOutCall | None:
    """The call that a decision has behind it so far; None where the expert answers the customer now."""
    if call is not None and call.contact_id != contact.pk:
        raise ValidationError(_("The call is another customer's."), code="foreign_call")
    if source != Source.VOC_CALL:
        return call
    open_one = _open_call_for(contact, by)
    return call or open_one


def _open_call_for(contact: Contact, by: User) -> OptOutCall | None:
    """The customer's open call, locked; None where there is none. Raises ValidationError where another
    expert has taken it: that one decides, or whoever takes it over."""
    if not contact.voc_call_open:
        return None
    rows = contact.calls.select_for_update(no_key=True).filter(closed_at__isnull=True)
    call: OptOutCall | None = rows.first()
    if call is not None and call.taken_by_id not in (None, by.pk):
        raise held_by_another(call)
    return call


def held_by_another(call: OptOutCall) -> ValidationError:
    """The error that names who has the call, and since when."""
    return ValidationError(
        _("%(name)s has this call since %(at)s.")
        % {
            "name": call.taken_by.display_name if call.taken_by else "",
            "at": instant_text(call.taken_at) if call.taken_at else "",
        },
        code="call_taken",
    )


def change_flag(
    *,
    contact: Contact,
    flag: str,
    value: bool,
    reason: str,
    by: User,
    now: datetime,
    source: str,
    call: OptOutCall | None = None,
    corrects: ConsentEntry | None = None,
    word: WrittenWord | None = None,
) -> StoppedDeliveries:
    """Write a change of a flag of a locked customer, with its entry in the ledger; for the actions of
    consent, which have asked who may and whether it changes anything."""
    if call is None and source == Source.VOC_CALL:
        call = _answered(contact, by, now)
    _set(contact, **{flag: value, "updated_at": now})
    entry = ConsentEntry.objects.create(
        contact=contact,
        at=now,
        flag=flag,
        before=not value,
        after=value,
        by=by,
        reason=reason,
        source=source,
        call=call,
        corrects=corrects,
        word=word,
    )
    effect = announce(Event.TIGHTENED if value else Event.LOOSENED, contact.pk, now)
    _record_change(entry, effect, by, now)
    return effect


def _record_change(entry: ConsentEntry, effect: StoppedDeliveries, by: User, now: datetime) -> None:
    refuses = entry.after
    record(
        by=by,
        action="contact.opt_out_set" if refuses else "contact.opt_out_cleared",
        obj=entry.contact,
        data={
            "flag": entry.flag,
            "entry": entry.pk,
            "source": entry.source,
            "call": entry.call_id,
            "stopped": effect.stopped,
            **({"corrects": entry.corrects_id} if entry.corrects_id else {}),
            **({"word": entry.word_id} if entry.word_id else {}),
        },
        now=now,
    )


def _answered(contact: Contact, by: User, now: datetime) -> OptOutCall:
    """The call of a customer whom the expert answered: it begins and ends with the decision."""
    call: OptOutCall = contact.calls.create(
        opened_at=now,
        opened_by=by,
        handover=OptOutCall.Handover.ANSWERED,
        closed_at=now,
        closed_by=by,
        outcome=OptOutCall.Outcome.DECIDED,
    )
    return call


def _fulfil_words(contact: Contact, reason: str, by: User, now: datetime) -> None:
    """What the customer wrote is refused now by the expert's word, on all numbers that the customer gave."""
    for word in contact.written_words.filter(decided_at__isnull=True).exclude(meaning="opt_in"):
        word.restricts, word.outcome, word.note = False, WrittenWord.Outcome.SET, reason
        word.decided_at, word.decided_by = now, by
        word.save(update_fields=["restricts", "outcome", "note", "decided_at", "decided_by"])
        data = {"word": word.pk, "word_outcome": str(word.outcome)}
        record(by=by, action="contact.word_decided", obj=contact, data=data, now=now)


def _note(contact: Contact, flag: str, reason: str, by: User, now: datetime) -> bool:
    """Keep a reason that came with a decision which was taken before; False if the history has it."""
    last = contact.ledger.filter(flag=flag).order_by("-pk").first()
    if last is not None and last.reason == reason:
        return False
    record(by=by, action="contact.consent_noted", obj=contact, data={"flag": flag, "reason": reason}, now=now)
    return True


def _close(contact: Contact, by: User, now: datetime, outcome: str, reason: str = "") -> StoppedDeliveries:
    """Close the open call, if there is one. The later instant wins, should a clock have gone back."""
    call = contact.calls.filter(closed_at__isnull=True).first()
    if call is None:
        return StoppedDeliveries()
    call.closed_at, call.closed_by, call.outcome = max(now, call.opened_at), by, outcome
    call.save(update_fields=["closed_at", "closed_by", "outcome"])
    call.steps.create(at=now, kind=CallStep.Kind.ENDED, by=by, note=reason)
    _set(contact, voc_call_open=False, updated_at=now)
    record(
        by=by,
        action="contact.call_closed",
        obj=contact,
        data={"call": call.pk, "call_outcome": str(outcome), **({"reason": reason} if reason else {})},
        now=now,
    )
    return announce(Event.LOOSENED, contact.pk, now)


def demand_expert(*, by: User | None) -> None:
    """Raise PermissionDenied for others than VOC experts."""
    if by is None or not by.may("contacts.set_consent"):
        raise PermissionDenied(_("Only a VOC expert sets or clears what a customer refused."))


def demand_flag(flag: str) -> None:
    """Raise ValidationError for an option that there is not."""
    if flag not in Flag.values:
        raise ValidationError(_("There is no option “%(flag)s”.") % {"flag": flag}, code="unknown_flag")


def readable(reason: str) -> str:
    """The reason as it is stored. Raises ValidationError for one that nobody could read later."""
    reason = fold(reason).strip()
    if is_blank(reason):
        raise ValidationError(_("Write the reason: what did the customer say?"), code="reason_missing")
    if not has_words(reason):
        raise ValidationError(
            _("Write the reason in words, so that others understand it later."), code="reason_without_words"
        )
    if len(reason) > REASON_MAX_LENGTH:
        raise ValidationError(
            _("The reason has %(length)s characters; at most %(limit)s are kept.")
            % {"length": count_text(len(reason)), "limit": count_text(REASON_MAX_LENGTH)},
            code="reason_too_long",
        )
    return reason


def _lock(contact: Contact) -> Contact:
    # NO KEY: the ledger's and the deliveries' references to the customer need not wait.
    locked: Contact = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    return locked


def _set(contact: Contact, **values: object) -> None:
    for name, value in values.items():
        setattr(contact, name, value)
    contact.save(update_fields=list(values))


def _refresh(contact: Contact, locked: Contact) -> None:
    """The caller's copy shows what is stored now."""
    for name in (*Flag.values, "voc_call_open", "updated_at"):
        setattr(contact, name, getattr(locked, name))
