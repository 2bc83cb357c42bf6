"""The ledger's fold: what the two flags must be by the history alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flags:
    no_promotional: bool = False
    no_messages: bool = False


def fold_ledger(changes: Iterable[tuple[str, bool]]) -> Flags:
    """The flags after `changes` (flag, its new value), oldest first; nothing refused before the first."""
    last: dict[str, bool] = dict(changes)
    return Flags(**last)
