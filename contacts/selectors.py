"""Looks at customers that are no query of one table's rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from contacts.consent import Flags, fold_ledger
from contacts.models import Contact, ContactImport

# The newest customers are looked at, not all: a list of tags must not cost a scan of millions.
_TAG_SAMPLE = 5_000


def flags_from_ledger(contact: Contact) -> Flags:
    """What the history alone says of the customer's flags."""
    return fold_ledger(contact.ledger.order_by("pk").values_list("flag", "after"))


def known_tags(limit: int = 50) -> list[str]:
    """The most frequent tags of the newest customers, most frequent first."""
    counts: dict[str, int] = {}
    for tags in Contact.objects.order_by("-pk").values_list("tags", flat=True)[:_TAG_SAMPLE]:
        for tag in tags:
            counts[tag] = counts.get(tag, 0) + 1
    return sorted(counts, key=lambda tag: (-counts[tag], tag))[:limit]


def newest_imports(limit: int = 10) -> QuerySet[ContactImport, Any]:
    """Imports that were confirmed, newest first."""
    rows = ContactImport.objects.exclude(status=ContactImport.Status.PREVIEWED)
    return rows.select_related("by").order_by("-pk")[:limit]


def abandoned_previews(before: datetime) -> QuerySet[ContactImport, Any]:
    """Uploads that were looked at and never confirmed."""
    return ContactImport.objects.filter(status=ContactImport.Status.PREVIEWED, created_at__lt=before)
