"""Customers whom we know by a number only, and corrections by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.copying import ROWS_AT_ONCE
from contacts.models import Contact
from contacts.search import search_text
from contacts.selectors import owners_of
from persian.phones import is_mobile, local_form, normalise
from persian.text import fold_line
from staff.models import User

EDITABLE: Final = ("name", "company", "customer_no", "email", "tags")

_INSERT = """
    INSERT INTO contacts_contact
           (name, company, customer_no, email, mobile, phone, tags, search_text,
            no_promotional, no_messages, voc_call_open, created_at, updated_at)
    SELECT '', '', '', '', n.mobile, n.phone, '{}', E'\\n\\n\\n' || n.local,
           false, false, false, %(now)s, %(now)s
      FROM unnest(%(mobiles)s::text[], %(phones)s::text[], %(locals)s::text[]) AS n(mobile, phone, local)
    ON CONFLICT (address) DO NOTHING
"""


def ensure_contacts(*, addresses: Iterable[str], by: User | None, now: datetime) -> dict[str, int]:
    """The customers with these numbers (E.164), made where unknown, so that an opt-out has a place.

    Raises `persian.phones.InvalidNumber` for what is not a number.
    """
    # In the order of the numbers, as imports write: two writers cannot wait for each other.
    wanted = sorted({normalise(address) for address in addresses})
    known: dict[str, int] = {}
    created = 0
    with transaction.atomic():
        remaining = iter(wanted)
        while batch := list(islice(remaining, ROWS_AT_ONCE)):
            created += _insert_unknown(batch, now)
            known.update(Contact.objects.filter(address__in=batch).values_list("address", "pk"))
        if created:
            record(
                by=by,
                action="contacts.created_for_numbers",
                object_type="contacts.contact",
                data={"created": created},
                now=now,
            )
    return known


def _insert_unknown(batch: list[str], now: datetime) -> int:
    known = set(Contact.objects.filter(address__in=batch).values_list("address", flat=True))
    unknown = [number for number in batch if number not in known]
    if not unknown:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "mobiles": [number if is_mobile(number) else None for number in unknown],
                "phones": [None if is_mobile(number) else number for number in unknown],
                "locals": [local_form(number) for number in unknown],
                "now": now,
            },
        )
        return int(cursor.rowcount)


def ensure_owners(*, number: str, by: User | None, now: datetime) -> list[Contact]:
    """Everybody who has or had the number (E.164), as `owners_of`; an unknown one becomes a customer."""
    owners = owners_of([number]).get(number)
    if owners:
        return owners
    return [Contact.objects.get(pk=ensure_contacts(addresses=[number], by=by, now=now)[number])]


def edit_contact(*, contact: Contact, changes: Mapping[str, Any], by: User, now: datetime) -> bool:
    """Correct name, company, customer number, e-mail or tags; False when nothing differs.

    Numbers and flags are not edited: a number is who the customer is, and flags have their ledger.
    Raises PermissionDenied without `contacts.change_contact`, ValidationError for values that do not fit.
    """
    if not by.may("contacts.change_contact"):
        raise PermissionDenied
    foreign = sorted(set(changes) - set(EDITABLE))
    if foreign:
        raise ValidationError(
            _("These are not edited by hand: %(fields)s.") % {"fields": ", ".join(foreign)},
            code="not_editable",
        )
    with transaction.atomic():
        locked = Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
        changed = [name for name, value in changes.items() if getattr(locked, name) != _clean(value)]
        for name in changed:
            setattr(locked, name, _clean(changes[name]))
        if changed:
            locked.search_text = search_text(
                locked.name, locked.company, locked.customer_no, locked.mobile, locked.phone
            )
            locked.updated_at = now
            locked.clean_fields(exclude=["address"])
            locked.save(update_fields=[*changed, "search_text", "updated_at"])
            record(by=by, action="contact.edited", obj=locked, data={"fields": changed}, now=now)
    return bool(changed)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return fold_line(value)
    return list(dict.fromkeys(tag for tag in map(fold_line, value) if tag))
