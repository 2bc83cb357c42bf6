"""The others whom a decision concerns: records with the same customer number, and how many of the company."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, Value

from contacts.keys import Key
from contacts.models import Contact
from contacts.querysets import ContactQuerySet
from persian.text import search_key

# Records of one customer number that the card lists; of more it names the first.
MOST_RECORDS: Final = 100
# People of a company are counted up to this.
MOST_COLLEAGUES: Final = 1000


def same_customer_no(contact: Contact) -> ContactQuerySet:
    """Other records with the customer's number, in any spelling; nobody where it has none."""
    others: ContactQuerySet = Contact.objects.exclude(pk=contact.pk)
    if not contact.customer_no:
        return others.none()
    keyed: ContactQuerySet = others.alias(_key=Key("customer_no"))
    return keyed.filter(~Q(customer_no=""), _key=Key(Value(contact.customer_no)))


def colleagues(contact: Contact) -> int:
    """How many others the customer's company has; at most `MOST_COLLEAGUES`."""
    company = search_key(contact.company)
    if not company:
        return 0
    # The text of the search has an index, the company none.
    others = Contact.objects.filter(search_text__contains=company, company=contact.company)
    return len(others.exclude(pk=contact.pk).values_list("pk", flat=True)[:MOST_COLLEAGUES])
