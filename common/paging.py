"""Pages by key: the rows behind, or before, the last one seen. Nothing is counted, nothing skipped over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class KeyPage:
    """The rows of a page, and the keys that lead on: `after` to the next page, `before` to the last one."""

    rows: list[Any]
    after: str | None
    before: str | None


def page_by(
    rows: QuerySet[Any], key: str, *, size: int, descending: bool = False, after: str = "", before: str = ""
) -> KeyPage:
    """The page of `rows` in the order of the unique field `key`, behind the key `after`, or else the
    one that ends before the key `before`."""
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
        after=str(getattr(found[-1], key)) if found and ahead else None,
        before=str(getattr(found[0], key)) if found and behind else None,
    )
