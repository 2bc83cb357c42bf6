"""An entry's data in words: what each name means, the codes among the values, and people by name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.utils.translation import gettext

from audit.models import Entry
from audit.words import FORMATS, LISTS, NAMES, REFERENCES, TECHNICAL, VALUES
from common.wording import count_text, in_persian, listed, place_text

Names = Mapping[tuple[str, int], str]


def names_in(entries: Iterable[Entry]) -> dict[tuple[str, int], str]:
    keys: dict[str, set[int]] = {}
    for entry in entries:
        for name, value in entry.data.items():
            if name in REFERENCES:
                keys.setdefault(REFERENCES[name], set()).update(_keys(value))
    return {
        (label, pk): str(getattr(row, "full_name", None) or getattr(row, "display_name", row))
        for label, wanted in keys.items()
        for pk, row in apps.get_model(label)._default_manager.in_bulk(list(wanted)).items()
    }


def _keys(value: Any) -> list[int]:
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, int) and not isinstance(one, bool)]


def in_words(data: dict[str, Any], names: Names | None = None) -> list[tuple[str, str]]:
    """Name and value of everything that was recorded; what has no word here is shown as it is."""
    return [(str(NAMES.get(name, name)), _value(name, value, names or {})) for name, value in data.items()]


def _value(name: str, value: Any, names: Names) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, str):
        return str(VALUES.get(name, {}).get(value, value))
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, int):
        return names.get((REFERENCES.get(name, ""), value)) or _number(name, value)
    if isinstance(value, list):
        return _list(name, value, names)
    try:
        return FORMATS[name](value)
    except KeyError:
        return json.dumps(value, ensure_ascii=False)


def _number(name: str, value: int) -> str:
    return place_text(value) if name in TECHNICAL or name in REFERENCES else count_text(value)


def _list(name: str, value: list[Any], names: Names) -> str:
    if any(isinstance(part, dict) for part in value):
        return json.dumps(value, ensure_ascii=False)
    # A change stands as [from, to]; some names stand for lists in themselves.
    is_list = name in LISTS and not any(isinstance(part, list) for part in value)
    if len(value) == 2 and not is_list:
        return (" ← " if in_persian() else " → ").join(_value(name, part, names) for part in value)
    parts = (str(NAMES.get(part, part)) if name == "fields" else _value(name, part, names) for part in value)
    return listed(parts) or "–"
