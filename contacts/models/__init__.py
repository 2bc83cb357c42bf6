"""Customers, what they refused (C7.3), and the record of how each refusal was made."""

from contacts.models.calls import CallStep, LookUp, OptOutCall
from contacts.models.consent import ConsentEntry
from contacts.models.customers import MOBILE, Contact, Number, Restriction
from contacts.models.duty import DutyDay, DutyFallback, DutyShift
from contacts.models.imports import ContactImport, ImportChange, ImportedCustomers, RefusedRow
from contacts.models.words import WrittenWord

__all__ = [
    "MOBILE",
    "CallStep",
    "ConsentEntry",
    "Contact",
    "ContactImport",
    "DutyDay",
    "DutyFallback",
    "DutyShift",
    "ImportChange",
    "ImportedCustomers",
    "LookUp",
    "Number",
    "OptOutCall",
    "RefusedRow",
    "Restriction",
    "WrittenWord",
]
