"""A gateway's own log, read line by line: who was accepted, when, with what. Pure.

The format is in docs/gateways.md. Nothing of the portal's database is known here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, slots=True)
class Accepted:
    """One recipient whom the gateway took. `text_digest` is the MD5 of the text's UTF-8, in hex (the
    database computes the same); `provider_id` is the id that the portal keeps; instants are aware."""

    line: int
    at: datetime
    provider: str
    number: str
    provider_id: str
    campaign: str
    text_digest: str
    window_end: datetime | None


@dataclass
class LogReader:
    """Yields what was accepted, and counts what could not be read: the half line of a killed process."""

    first_at: datetime | None = None
    accepted: int = 0
    unreadable: int = 0

    def read(self, lines: Iterable[str]) -> Iterator[Accepted]:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
                at = datetime.fromisoformat(entry["at"])
                if self.first_at is None:
                    self.first_at = at
                if entry["event"] != "accepted":
                    continue
                found = self._accepted(number, at, entry)
            except (ValueError, KeyError, TypeError):
                self.unreadable += 1
                continue
            self.accepted += 1
            yield found

    def _accepted(self, line: int, at: datetime, entry: dict[str, Any]) -> Accepted:
        end = entry["window_end"]
        return Accepted(
            line=line,
            at=at,
            provider=str(entry["provider"]),
            number=str(entry["number"]),
            provider_id=str(entry["id"]),
            campaign=str(entry["campaign"]),
            text_digest=digest_of(entry["text"]),
            window_end=datetime.fromisoformat(end) if end is not None else None,
        )


@lru_cache(1_000)
def digest_of(text: str) -> str:
    """A campaign's lines share one text."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
