"""Pages by key: the rows behind, or before, the last one seen. Nothing is counted, nothing skipped over.

The address holds the key: `after=KEY` for the next page, `before=KEY` for the one that ends before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import QueryDict

# Rows of a table, entries of several lines in a list, and the newest that a card shows of a longer history.
PAGE_ROWS: Final = 50
PAGE_ENTRIES: Final = 25
NEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class KeyPage:
    """The rows of a page; `previous` and `next` are query strings, empty where there is no such page."""

    rows: list[Any]
    previous: str
    next: str


def page_by(
    rows: QuerySet[Any], asked: QueryDict, *, size: int, key: str = "pk", descending: bool = False
) -> KeyPage:
    """The page of `rows` that the address asks for, in the order of the unique field `key`."""
    after, before = (_edge(asked, name, is_id=key == "pk") for name in ("after", "before"))
    backwards = bool(before) and not after
    downwards = descending is not backwards
    edge = after or before
    if edge:
        rows = rows.filter(**{f"{key}__{'lt' if downwards else 'gt'}": edge})
    found = list(rows.order_by(f"-{key}" if downwards else key)[: size + 1])
    more = len(found) > size
    found = found[:size]
    if backwards:
        found.reverse()
    ahead, behind = (True, more) if backwards else (more, bool(after))
    return KeyPage(
        rows=found,
        previous=_link(asked, before=getattr(found[0], key)) if found and behind else "",
        next=_link(asked, after=getattr(found[-1], key)) if found and ahead else "",
    )


def page_of(rows: Sequence[Any], asked: QueryDict, *, size: int) -> KeyPage:
    """The same of rows in memory, in the order in which they stand; the first page where the key is gone."""
    after, before = (_edge(asked, name, is_id=True) for name in ("after", "before"))
    places = {str(row.pk): place for place, row in enumerate(rows)}
    start = places[after] + 1 if after in places else max(places.get(before, 0) - size, 0)
    found = list(rows[start : start + size])
    return KeyPage(
        rows=found,
        previous=_link(asked, before=found[0].pk) if found and start else "",
        next=_link(asked, after=found[-1].pk) if start + size < len(rows) else "",
    )


def _edge(asked: QueryDict, name: str, *, is_id: bool) -> str:
    """A key from the address; anything that can be none is passed over."""
    text = asked.get(name, "").replace("\x00", "")[:64]
    return "" if is_id and not is_key(text) else text


def is_key(text: str) -> bool:
    """Whether a text from the address can be a row's id."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def _link(asked: QueryDict, **edge: Any) -> str:
    query = asked.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query.update({name: str(value) for name, value in edge.items()})
    return f"?{query.urlencode()}"
