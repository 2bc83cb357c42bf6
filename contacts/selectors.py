"""Looks at customers that are no query of one table's rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from contacts.models import ConsentEntry, Contact, ContactImport, Number, OptOutCall, Restriction, WrittenWord
from persian.keys import compare_key
from staff.models import User


def out_of_step_with_ledger() -> QuerySet[Contact, Any]:
    """Customers whose flags are not what their history says: there must be none."""

    def last_word(flag: str) -> Coalesce:
        entries = ConsentEntry.objects.filter(contact=OuterRef("pk"), flag=flag).order_by("-pk")
        return Coalesce(Subquery(entries.values("after")[:1]), Value(False))

    open_calls = OptOutCall.objects.filter(contact=OuterRef("pk"), closed_at__isnull=True)
    # Nearly all customers have neither flag nor history; the others are found in one scan.
    told_of = (
        Q(no_promotional=True)
        | Q(no_messages=True)
        | Q(voc_call_open=True)
        | Q(pk__in=ConsentEntry.objects.values("contact"))
        | Q(pk__in=OptOutCall.objects.filter(closed_at__isnull=True).values("contact"))
    )
    judged = Contact.objects.filter(told_of).alias(
        _promotional=last_word("no_promotional"), _all=last_word("no_messages"), _open=Exists(open_calls)
    )
    return judged.exclude(no_promotional=F("_promotional"), no_messages=F("_all"), voc_call_open=F("_open"))


def restrictions_out_of_step() -> list[tuple[str, str, int]]:
    """(number, source, customer or word) of every restriction that is not what the customers' numbers, flags
    and written words say: there must be none."""
    flags = ("no_messages", "no_promotional", "voc_call_open")
    wanted = {
        (number, source, contact, *stops)
        for number, contact, everything, promotional, is_open in Number.objects.filter(
            Q(contact__no_messages=True) | Q(contact__no_promotional=True) | Q(contact__voc_call_open=True)
        ).values_list("number", "contact_id", *(f"contact__{flag}" for flag in flags))
        for source, stops in (
            (Restriction.Source.REFUSAL.value, (everything, promotional, False)),
            (Restriction.Source.CALL.value, (False, False, is_open)),
        )
        if any(stops)
    }
    wanted |= {
        (number, Restriction.Source.KEYWORD.value, word, False, True, False)
        for number, word in WrittenWord.objects.filter(restricts=True).values_list("number", "pk")
    }
    rows = Restriction.objects.all()
    columns = ("stops_all", "stops_promotional", "holds_promotional")
    kept = set(rows.values_list("address", "source", "source_id", *columns))
    return sorted({row[:3] for row in wanted ^ kept})


def owners_of(numbers: Iterable[str]) -> dict[str, list[Contact]]:
    """Whose number it is: the customers of each of these numbers (E.164) that anybody has or had.

    First who is reached at it, then who has it now, then who gave it once; the oldest first.
    """
    found: dict[str, list[tuple[bool, bool, int, Contact]]] = defaultdict(list)
    for row in Number.objects.filter(number__in=numbers).select_related("contact"):
        is_reached = row.contact.address == row.number
        found[row.number].append((not is_reached, row.until is not None, row.contact_id, row.contact))
    return {number: [owner for *_order, owner in sorted(owners)] for number, owners in found.items()}


@dataclass(frozen=True, slots=True)
class NumberRestriction:
    """What restricts a number, and the customer whose word it is: who refused, calls, or wrote the keyword.
    None where it is no customer's."""

    restriction: Restriction
    contact: Contact | None


def restrictions_by_number(numbers: Iterable[str]) -> dict[str, list[NumberRestriction]]:
    """What restricts each of these numbers, and by whose word; the customer who came first is named first."""
    rows = list(Restriction.objects.filter(address__in=numbers).order_by("source_id", "-source"))
    by_word = {row.source_id for row in rows if row.source == Restriction.Source.KEYWORD}
    writers = dict(WrittenWord.objects.filter(pk__in=by_word).values_list("pk", "contact_id"))
    whose = {
        row: writers.get(row.source_id) if row.source == Restriction.Source.KEYWORD else row.source_id
        for row in rows
    }
    people = Contact.objects.in_bulk({pk for pk in whose.values() if pk})
    found: dict[str, list[NumberRestriction]] = defaultdict(list)
    for row, pk in whose.items():
        found[row.address].append(NumberRestriction(row, people.get(pk) if pk else None))
    return dict(found)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A number of a customer's that another one's word restricts."""

    number: str
    word: NumberRestriction


def foreign_restrictions(contacts: Iterable[Contact]) -> dict[int, list[Foreign]]:
    """By customer: which of the numbers that they have is restricted by the word of others who have or had
    it. The customer's own flags say nothing of that."""
    numbers = [(c.pk, number) for c in contacts for number in (c.mobile, c.phone) if number]
    words = restrictions_by_number(number for _contact, number in numbers)
    found: dict[int, list[Foreign]] = defaultdict(list)
    for contact_id, number in numbers:
        for word in words.get(number, []):
            if word.contact is None or word.contact.pk != contact_id:
                found[contact_id].append(Foreign(number, word))
    return dict(found)


def known_tags(limit: int = 50) -> list[str]:
    """The most frequent tags of the newest 5,000 customers, most frequent first: no scan of millions."""
    counts: dict[str, int] = {}
    spelled: dict[str, str] = {}
    for tags in Contact.objects.order_by("-pk").values_list("tags", flat=True)[:5_000]:
        for tag in tags:
            key = compare_key(tag)
            spelled.setdefault(key, tag)
            counts[key] = counts.get(key, 0) + 1
    return [spelled[key] for key in sorted(counts, key=lambda key: (-counts[key], key))[:limit]]


def newest_imports(by: User, limit: int = 10) -> QuerySet[ContactImport, Any]:
    """Imports, newest first: the confirmed ones, and the person's own that wait for a decision."""
    rows = ContactImport.objects.exclude(Q(status=ContactImport.Status.PREVIEWED) & ~Q(by=by))
    return rows.select_related("by").order_by("-pk")[:limit]


def imports_seen_by(user: User) -> QuerySet[ContactImport, Any]:
    """The person's own imports, and the confirmed ones of others for those who look after imports."""
    seen = Q(by=user)
    if user.may("contacts.view_contactimport"):
        seen |= ~Q(status=ContactImport.Status.PREVIEWED)
    return ContactImport.objects.filter(seen)


def left_behind(before: datetime) -> QuerySet[ContactImport, Any]:
    """Imports that are to be worked on, and that no worker has begun since `before`."""
    running = ContactImport.objects.filter(status=ContactImport.Status.RUNNING)
    return running.alias(begun=Coalesce("tried_at", "created_at")).filter(begun__lt=before).order_by("pk")


def abandoned_previews(before: datetime) -> QuerySet[ContactImport, Any]:
    """Uploads that were looked at and never confirmed."""
    return ContactImport.objects.filter(status=ContactImport.Status.PREVIEWED, created_at__lt=before)
