"""Customers, what they refused (C7.3), and the record of how each refusal was made."""

from contacts.models.calls import OptOutCall
from contacts.models.consent import ConsentEntry
from contacts.models.customers import MOBILE, Contact, Number, Restriction
from contacts.models.imports import ContactImport, ImportChange, ImportedCustomers, RefusedRow

__all__ = [
    "MOBILE",
    "ConsentEntry",
    "Contact",
    "ContactImport",
    "ImportChange",
    "ImportedCustomers",
    "Number",
    "OptOutCall",
    "RefusedRow",
    "Restriction",
]
