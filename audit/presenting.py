"""Entries as people read them: who by name, what in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from audit.details import in_words, names_in
from audit.models import Entry, Link
from audit.words import TECHNICAL, action_label, object_label


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry in words. `technical`: keys and hashes, shown folded."""

    entry: Entry
    by: str
    action: str
    object: str
    details: list[tuple[str, str]]
    technical: list[tuple[str, str]]
    is_sealed: bool


def rows_of(entries: list[Entry]) -> list[EntryRow]:
    sealed = set(
        Link.objects.filter(entry_id__in=[entry.pk for entry in entries]).values_list("entry_id", flat=True)
    )
    people = get_user_model()._default_manager.in_bulk(
        {entry.actor_id for entry in entries if entry.actor_id}
    )
    names = names_in(entries)

    def words(entry: Entry, *, technical: bool) -> list[tuple[str, str]]:
        chosen = {name: value for name, value in entry.data.items() if (name in TECHNICAL) is technical}
        return in_words(chosen, names)

    return [
        EntryRow(
            entry=entry,
            by=_name(people.get(entry.actor_id), entry.actor),
            action=action_label(entry.action),
            object=object_label(entry.object_type),
            details=words(entry, technical=False),
            technical=words(entry, technical=True),
            is_sealed=entry.pk in sealed,
        )
        for entry in entries
    ]


def _name(user: Any, written: str) -> str:
    """The name of today, else the user name that was recorded."""
    return str(getattr(user, "display_name", "") or written)
