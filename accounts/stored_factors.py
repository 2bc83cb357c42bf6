"""The encrypted parts of the stored second factors, where their keys change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def rewrite(authenticators: Any, change: Callable[[str], str]) -> int:
    """Replace each secret and seed of the rows (a queryset) by `change` of it; how many rows changed."""
    changed = 0
    for row in authenticators.select_for_update().order_by("pk"):
        data = dict(row.data)
        for name in ("secret", "seed"):
            if name in data:
                data[name] = change(data[name])
        if "migrated_codes" in data:
            data["migrated_codes"] = [change(code) for code in data["migrated_codes"]]
        if data != row.data:
            row.data = data
            row.save(update_fields=["data"])
            changed += 1
    return changed
