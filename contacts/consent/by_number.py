"""What somebody says of a number, when nobody has chosen a customer yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from contacts.actions.people import ensure_owners
from contacts.consent.actions import Decided, set_consent
from contacts.models import ConsentEntry, Contact, WrittenWord
from staff.models import User


def set_consent_by_number(
    *,
    number: str,
    flag: str,
    value: bool,
    reason: str,
    by: User,
    now: datetime,
    source: str = ConsentEntry.Source.COMMAND,
    word: WrittenWord | None = None,
) -> list[Decided]:
    """A refusal by a number (E.164) is each one's who has or had it; an unknown number becomes a customer.
    Only one customer can take it back: the one reached at the number, else its only owner.
    Raises ValidationError where several have it, and as `set_consent` does; nothing is written then."""
    with transaction.atomic():
        owners = ensure_owners(number=number, by=by, now=now)
        if not value and owners[0].address == number:
            owners = owners[:1]
        if not value and len(owners) > 1:
            raise ValidationError(
                _("Several customers have this number: take a refusal back by a number of one alone."),
                code="several_customers",
            )
        list(Contact.objects.lock(owner.pk for owner in owners))
        said: dict[str, Any] = {
            "flag": flag,
            "value": value,
            "reason": reason,
            "source": source,
            "word": word,
        }
        return [Decided(owner, set_consent(contact=owner, by=by, now=now, **said)) for owner in owners]
