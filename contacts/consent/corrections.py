"""A wrong tick or a wrong customer is set right by an entry that names the wrong one; nothing is removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from contacts.consent.actions import ConsentEffect, Decided, change_flag, demand_flag, readable
from contacts.consent.words import restore_words
from contacts.models import ConsentEntry, Contact
from contacts.voc_manager import is_voc_manager
from staff.models import User

# The expert who made an entry corrects it within this; later the VOC manager does.
OWN_CORRECTION: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Meant:
    """The customer, and the option, that a wrong entry was meant for."""

    contact: Contact
    flag: str


def may_correct(*, entry: ConsentEntry, by: User, now: datetime) -> bool:
    """Whether `by` made the entry as a VOC expert in the last 15 minutes, or is the VOC manager."""
    is_own = entry.by_id == by.pk and by.may("contacts.set_consent") and now - entry.at <= OWN_CORRECTION
    return is_own or is_voc_manager(by, now)


def correct(
    *, entry: ConsentEntry, reason: str, by: User, now: datetime, meant: Meant | None = None
) -> list[Decided]:
    """Take a wrong entry back, and where `meant` says for whom and what it was meant, record that there.

    Both are entries of the source *correction* that name the wrong one, in one transaction; no call is
    needed. What the customer wrote, and a refusal that is taken back had fulfilled, stands again.
    Raises PermissionDenied unless `may_correct`, ValidationError for an entry that is not its option's last
    word (the last is set right first), for a reason without words, and where `meant` is the wrong entry
    again.
    """
    if not may_correct(entry=entry, by=by, now=now):
        raise PermissionDenied(
            _("An entry is corrected by its expert within 15 minutes, later by the VOC manager.")
        )
    reason = readable(reason)
    if meant is not None:
        demand_flag(meant.flag)
    if meant is not None and (meant.contact.pk, meant.flag) == (entry.contact_id, entry.flag):
        raise ValidationError(_("This is the very entry that is corrected."), code="meant_the_same")
    with transaction.atomic():
        wanted = {entry.contact_id} | ({meant.contact.pk} if meant else set())
        locked = {contact.pk: contact for contact in Contact.objects.lock(wanted)}
        wrong = locked[entry.contact_id]
        last = wrong.ledger.filter(flag=entry.flag).order_by("-pk").first()
        if last is None or last.pk != entry.pk:
            raise ValidationError(
                _("The option was changed again since: only its last entry is corrected."),
                code="not_the_last",
            )
        steps = [(wrong, entry.flag, entry.before)]
        if meant is not None:
            steps.append((locked[meant.contact.pk], meant.flag, entry.after))
        done = [_write(contact, flag, value, entry, reason, by, now) for contact, flag, value in steps]
        if entry.after and (meant is None or meant.contact.pk != wrong.pk):
            restore_words(contact=wrong, since=entry.at, by=by, now=now)
        return done


def _write(
    contact: Contact, flag: str, value: bool, wrong: ConsentEntry, reason: str, by: User, now: datetime
) -> Decided:
    if getattr(contact, flag) == value:
        return Decided(contact, ConsentEffect(changed=False))
    effect = change_flag(
        contact=contact,
        flag=flag,
        value=value,
        reason=reason,
        by=by,
        now=now,
        source=ConsentEntry.Source.CORRECTION,
        corrects=wrong,
    )
    return Decided(contact, ConsentEffect(True, effect.stopped, effect.in_flight))
