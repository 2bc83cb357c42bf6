"""A row's fields given new values, and what changed as the audit trail keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import Model


def set_changed(row: Model, wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Give the fields of a row these values, unsaved; [before, after] of each that changed, as `plain`."""
    changed = {name: value for name, value in wanted.items() if getattr(row, name) != value}
    told = {name: [plain(getattr(row, name)), plain(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(row, name, value)
    return told


def plain(value: Any) -> Any:
    """A value for the trail's JSON: a row by its id, a day in ISO 8601."""
    if isinstance(value, Model):
        return value.pk
    return value.isoformat() if isinstance(value, date) else value
