"""Words for what the trail records. The apps register theirs from `AppConfig.ready`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from common.wording import Label

ACTIONS: Final[dict[str, Label]] = {}
# Names that entries of several apps use.
NAMES: Final[dict[str, Label]] = {
    "address": _("address"),
    "after": _("after"),
    "before": _("before"),
    "call": _("call"),
    "code": _("code"),
    "day": _("day"),
    "fields": _("what was changed"),
    "kind": _("kind"),
    "name": _("name"),
    "reason": _("reason"),
    "rows": _("rows"),
    "source": _("source"),
    "why": _("reason"),
}
# The codes that a name's values are, in words.
VALUES: Final[dict[str, Mapping[Any, Label]]] = {}
# Names whose values are keys of rows, and the rows' model.
REFERENCES: Final[dict[str, str]] = {}
# Names that only a technician reads: shown folded.
TECHNICAL: Final[set[str]] = {"call", "code", "sha256"}
# Names whose value is a list in itself; any other list of two is a change, [from, to].
LISTS: Final[set[str]] = {"fields"}
# Names whose value a function puts into words.
FORMATS: Final[dict[str, Callable[[Any], str]]] = {}


def register(
    *,
    actions: Mapping[str, Label],
    names: Mapping[str, Label] | None = None,
    values: Mapping[str, Mapping[Any, Label]] | None = None,
    references: Mapping[str, str] | None = None,
    technical: Iterable[str] = (),
    lists: Iterable[str] = (),
    formats: Mapping[str, Callable[[Any], str]] | None = None,
) -> None:
    """Add an app's words. Raises ValueError where another app has registered one of them already."""
    tables: tuple[tuple[dict[str, Any], Mapping[str, Any]], ...] = (
        (ACTIONS, actions),
        (NAMES, names or {}),
        (VALUES, values or {}),
        (REFERENCES, references or {}),
        (FORMATS, formats or {}),
    )
    for known, new in tables:
        if twice := known.keys() & new.keys():
            raise ValueError(f"registered twice as words of the audit trail: {', '.join(sorted(twice))}")
    for known, new in tables:
        known.update(new)
    TECHNICAL.update(technical)
    LISTS.update(lists)


def acts() -> list[tuple[str, str]]:
    """Every act's code and word, in the order of the words."""
    return sorted(((code, str(label)) for code, label in ACTIONS.items()), key=lambda pair: pair[1])


def action_label(action: str) -> str:
    """The act in words; a code without a word is shown as it is."""
    return str(ACTIONS.get(action, action))


def object_label(object_type: str) -> str:
    """The kind of thing in words; `app.model` of a model that is no more is shown as it is."""
    try:
        return str(apps.get_model(object_type)._meta.verbose_name)
    except (LookupError, ValueError):
        return object_type
