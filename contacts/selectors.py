"""Looks at customers that are no query of one table's rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from contacts.consent import Flags, fold_ledger
from contacts.models import ConsentEntry, Contact, ContactImport, OptOutCall
from staff.models import User

# The newest customers are looked at, not all: a list of tags must not cost a scan of millions.
_TAG_SAMPLE = 5_000


def flags_from_ledger(contact: Contact) -> Flags:
    """What the history alone says of the customer's flags."""
    return fold_ledger(contact.ledger.order_by("pk").values_list("flag", "after"))


def out_of_step_with_ledger() -> QuerySet[Contact, Any]:
    """Customers whose flags are not what their history says: there must be none."""

    def last_word(flag: str) -> Coalesce:
        entries = ConsentEntry.objects.filter(contact=OuterRef("pk"), flag=flag).order_by("-pk")
        return Coalesce(Subquery(entries.values("after")[:1]), Value(False))

    open_calls = OptOutCall.objects.filter(contact=OuterRef("pk"), closed_at__isnull=True)
    judged = Contact.objects.alias(
        _promotional=last_word("no_promotional"), _all=last_word("no_messages"), _open=Exists(open_calls)
    )
    return judged.exclude(no_promotional=F("_promotional"), no_messages=F("_all"), voc_call_open=F("_open"))


def known_tags(limit: int = 50) -> list[str]:
    """The most frequent tags of the newest customers, most frequent first."""
    counts: dict[str, int] = {}
    for tags in Contact.objects.order_by("-pk").values_list("tags", flat=True)[:_TAG_SAMPLE]:
        for tag in tags:
            counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts, key=lambda tag: (-counts[tag], tag))[:limit]


def newest_imports(by: User, limit: int = 10) -> QuerySet[ContactImport, Any]:
    """Imports, newest first: the confirmed ones, and the person's own that wait for a decision."""
    rows = ContactImport.objects.exclude(Q(status=ContactImport.Status.PREVIEWED) & ~Q(by=by))
    return rows.select_related("by").order_by("-pk")[:limit]


def left_behind(before: datetime) -> QuerySet[ContactImport, Any]:
    """Imports that are to be worked on, and that no worker has begun since `before`."""
    running = ContactImport.objects.filter(status=ContactImport.Status.RUNNING)
    return running.alias(begun=Coalesce("tried_at", "created_at")).filter(begun__lt=before).order_by("pk")


def abandoned_previews(before: datetime) -> QuerySet[ContactImport, Any]:
    """Uploads that were looked at and never confirmed."""
    return ContactImport.objects.filter(status=ContactImport.Status.PREVIEWED, created_at__lt=before)
