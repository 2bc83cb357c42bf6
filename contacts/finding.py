"""The search of customers, page by page: the one that every list and desk uses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from contacts.matching import Sought
from contacts.models import Contact
from contacts.querysets import ContactQuerySet
from contacts.vocabulary import similar_words, unknown_words

# A query of more words is a sentence; each word costs a look into the vocabulary.
_RESPELLED_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A page of customers. `similar` ones follow the `rows` and hold a word spelled otherwise; they are on
    the first page alone. `has_previous` and `has_next`: whether rows are before and after this page."""

    rows: list[Contact]
    similar: list[Contact] = field(default_factory=list)
    has_previous: bool = False
    has_next: bool = False


def find_customers(
    customers: ContactQuerySet, typed: str, *, size: int, before: int | None = None, after: int | None = None
) -> Found:
    """The page of `customers` found by `typed`, group by group, the newest first within each
    but the similar ones.

    `before` is the key of the customer behind whom the page begins, `after` of the one before whom it ends.
    """
    groups = customers.groups(typed)
    if after and not before:
        rows = _backward(groups, after, size + 1)
        return Found(rows[:size][::-1], has_previous=len(rows) > size, has_next=bool(rows))
    rows = _forward(groups, before, size + 1)
    similar = []
    if before is None and len(rows) < size:
        similar = _similar(customers, typed, rows, size - len(rows))
    return Found(
        rows[:size], similar, has_previous=before is not None and bool(rows), has_next=len(rows) > size
    )


def _forward(groups: list[ContactQuerySet], before: int | None, limit: int) -> list[Any]:
    start = 0
    if before is not None:
        start = _place_of(before, groups)
        groups = [*groups[:start], groups[start].filter(pk__lt=before), *groups[start + 1 :]]
    return _taken([group.order_by("-pk") for group in groups[start:]], limit)


def _backward(groups: list[ContactQuerySet], after: int, limit: int) -> list[Any]:
    """What stands before the customer, the nearest first."""
    place = _place_of(after, groups)
    nearest = [groups[place].filter(pk__gt=after), *reversed(groups[:place])]
    return _taken([group.order_by("pk") for group in nearest], limit)


def _taken(groups: list[ContactQuerySet], limit: int) -> list[Any]:
    rows: list[Any] = []
    for group in groups:
        rows += group[: limit - len(rows)]
        if len(rows) == limit:
            break
    return rows


def _place_of(key: int, groups: list[ContactQuerySet]) -> int:
    """The group that the customer is in; the last one, by far the largest, for somebody who is in none."""
    for place, group in enumerate(groups[:-1]):
        if group.filter(pk=key).exists():
            return place
    return len(groups) - 1


def _similar(customers: ContactQuerySet, typed: str, found: list[Any], limit: int) -> list[Any]:
    """Customers with the words most like those that were typed; where they do not suffice, with one of the
    most similar ones in place of each. A word that customers have is taken for misspelled only if it found
    nobody together with the others."""
    sought = Sought.typed(typed)
    unfamiliar = unknown_words(sought.words) or ([] if found else sought.words)
    if not 0 < len(unfamiliar) <= _RESPELLED_WORDS:
        return []
    spellings = {word: similar_words(word) or [word] for word in unfamiliar}
    others = customers.exclude(pk__in=[row.pk for row in found]) if found else customers
    # In no order: by the key PostgreSQL would go through all customers to find the few with a rare word.
    best = list(others.filter(sought.respelled({w: s[:1] for w, s in spellings.items()})).order_by()[:limit])
    if len(best) < limit and any(len(s) > 1 for s in spellings.values()):
        rest = others.exclude(pk__in=[row.pk for row in best])
        best += rest.filter(sought.respelled(spellings)).order_by()[: limit - len(best)]
    return best
