"""Whether a message in the provider's own list is what a call of unknown outcome was to send. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from gateways.base import RecipientOutcome, Result
from gateways.provider_text import Likeness, likeness
from gateways.reading import SECOND, as_id, from_provider_time, last_ten
from persian.text import search_key

_RESULTS: Final = {Likeness.SAME: Result.ACCEPTED, Likeness.UNCLEAR: Result.UNKNOWN, Likeness.OTHER: None}
# The slices of a period overlap by a second.
_ROUNDED: Final = 2 * SECOND


@dataclass
class Matcher:
    """Collects, from rows of `GetMessages`, who of `addresses` was taken with `text`.

    Number, text and time must agree; a row that agrees in all but its time makes the answer incomplete. The
    text is compared by `gateways.provider_text.likeness`: one that is unclear proves neither, `UNKNOWN`.
    `records` keeps every row (the same one met twice, in slices that overlap, once), `found` the best.
    """

    text: str
    addresses: Iterable[str]
    since: datetime
    until: datetime
    found: dict[str, RecipientOutcome] = field(default_factory=dict)
    records: dict[str, list[RecipientOutcome]] = field(default_factory=dict)
    understood: bool = True

    def __post_init__(self) -> None:
        self._wanted: Mapping[str, str] = {last_ten(address): address for address in self.addresses}
        self._key = search_key(self.text)
        self._verdicts: dict[str, Result | None] = {}

    def take(self, row: Any) -> None:
        """Look at one row; one that cannot be read makes the whole answer incomplete."""
        number = last_ten(row.get("Mobile")) if isinstance(row, dict) else ""
        if not number:
            self.understood = False
            return
        address = self._wanted.get(number)
        result = self._verdict(row.get("SMSMessageText")) if address is not None else None
        if address is None or result is None:
            return
        if not self._in_time(row):
            # Who was asked for a period lists nothing else: its times are not what we take them for.
            self.understood = False
            return
        provider_id = as_id(row.get("MessageID"))
        if result is Result.ACCEPTED and not provider_id:
            result = Result.UNKNOWN
        self.keep(address, RecipientOutcome(result, provider_id, "found"))

    def keep(self, address: str, outcome: RecipientOutcome) -> None:
        """Remember that this row may be the address's."""
        records = self.records.setdefault(address, [])
        if outcome in records:
            return
        records.append(outcome)
        known = self.found.get(address)
        if known is None or known.result is not Result.ACCEPTED:
            self.found[address] = outcome

    def _in_time(self, row: Mapping[str, Any]) -> bool:
        registered = from_provider_time(row.get("RegDateTime"))
        return registered is None or self.since - _ROUNDED <= registered <= self.until + _ROUNDED

    def _verdict(self, text: Any) -> Result | None:
        if not isinstance(text, str):
            return Result.UNKNOWN
        if text not in self._verdicts:
            self._verdicts[text] = _RESULTS[likeness(self._key, search_key(text))]
        return self._verdicts[text]
