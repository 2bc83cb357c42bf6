"""What the customers' pages show beside the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.forms import ReasonForm
from contacts.models import ConsentEntry, Contact
from contacts.querysets import ContactQuerySet

PAGE_SIZE = 50

VERDICTS: dict[str, Promise] = {
    "new": _("new"),
    "changed": _("changed"),
    "unchanged": _("unchanged"),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list by key; `previous` and `next` are query strings, empty where there is nothing."""

    rows: list[Contact]
    previous: str
    next: str


def page_of(customers: ContactQuerySet, asked: dict[str, Any]) -> Page:
    """The order of `ContactQuerySet.older`. `before` asks for older customers than that key, `after` for newer ones."""
    before, after = asked.get("before"), asked.get("after")
    if after and not before:
        rows = list(customers.newer(after)[: PAGE_SIZE + 1])
        more_newer, more_older = len(rows) > PAGE_SIZE, bool(rows)
        rows = rows[:PAGE_SIZE][::-1]
    else:
        rows = list(customers.older(before)[: PAGE_SIZE + 1])
        more_newer, more_older = before is not None and bool(rows), len(rows) > PAGE_SIZE
        rows = rows[:PAGE_SIZE]
    return Page(
        rows,
        _query(asked, after=rows[0].pk) if more_newer else "",
        _query(asked, before=rows[-1].pk) if more_older else "",
    )


def _query(asked: dict[str, Any], **key: int) -> str:
    kept = {name: value for name, value in asked.items() if name not in ("before", "after")}
    return "?" + urlencode({**kept, **key})


@dataclass(frozen=True, slots=True)
class Option:
    """One of the two options of C7.3 on the card, with the form that changes it."""

    flag: str
    words: str
    is_set: bool
    form: ReasonForm


def options_of(contact: Contact, bound: dict[str, ReasonForm] | None = None) -> list[Option]:
    """Both options; `bound` holds a form that was refused."""
    forms = bound or {}
    return [
        Option(
            flag.value,
            str(flag.label),
            getattr(contact, flag.value),
            forms.get(flag.value) or ReasonForm(prefix=flag.value),
        )
        for flag in ConsentEntry.Flag
    ]
