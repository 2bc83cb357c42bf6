"""What the fake providers know: who was accepted with what and when, in a few bytes a recipient."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from devtools.fake_gateway.log import GatewayLog, encode, stamp


@dataclass(slots=True)
class Campaign:
    """Recipients accepted by one call; their ids are `first_id`, `first_id + 1`, …"""

    id: int
    at: float
    text: str
    line: str
    first_id: int
    offset: int
    size: int
    window_end: float | None = None
    stopped: bool = False
    is_single: bool = False  # Avanak's QuickSend: its id is no campaign's
    delay: float = 0.0  # seconds that the network took to send what was accepted


@dataclass
class Ledger:
    """One provider's accepted recipients, as ten-digit numbers in one array.

    `by_campaign` says that the campaign's id is what the provider gives out for every recipient
    (Avanak), instead of an id for each (AmootSMS).
    """

    provider: str
    by_campaign: bool
    log: GatewayLog
    campaigns: list[Campaign] = field(default_factory=list)
    audio: dict[int, str] = field(default_factory=dict)
    titles: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = array("Q")
        self._by_id: dict[int, Campaign] = {}
        # Milliseconds of the start: a new run never gives an old run's ids.
        self._next_campaign = self._next_message = int(time.time() * 1000)

    @property
    def accepted(self) -> int:
        return len(self._numbers)

    def accept(
        self,
        numbers: Sequence[str],
        text: str,
        *,
        call: int,
        line: str = "",
        at: float,
        window_end: float | None = None,
    ) -> Campaign:
        """Accept ten-digit numbers with a text; logged, a line a recipient, before this returns."""
        campaign = Campaign(
            self._next_campaign,
            at,
            text,
            line,
            self._next_message,
            len(self._numbers),
            len(numbers),
            window_end,
        )
        self._log(campaign, numbers, call)
        self._add(campaign, numbers)
        return campaign

    def _log(self, campaign: Campaign, numbers: Sequence[str], call: int) -> None:
        head = f'{{"at":"{stamp(campaign.at)}","event":"accepted","provider":"{self.provider}","call":{call}'
        end = stamp(campaign.window_end) if campaign.window_end is not None else None
        tail = f'"campaign":{campaign.id},"text":{encode(campaign.text)},"window_end":{encode(end)}}}'
        self.log.write(
            f'{head},"number":"+98{number}","id":{campaign.id if self.by_campaign else message_id},{tail}'
            for message_id, number in enumerate(numbers, campaign.first_id)
        )

    def _add(self, campaign: Campaign, numbers: Sequence[str]) -> None:
        self._numbers.extend(map(int, numbers))
        self.campaigns.append(campaign)
        self._by_id[campaign.id] = campaign
        self._next_campaign = max(self._next_campaign, campaign.id + 1)
        self._next_message = max(self._next_message, campaign.first_id + campaign.size)

    def make_audio(self, text: str, *, title: str = "", at: float) -> int:
        """A voice message's id; it survives a restart by the log."""
        audio_id = self._next_message
        self._next_message += 1
        self.log.record(
            at=stamp(at), event="audio", provider=self.provider, id=audio_id, text=text, title=title
        )
        self.audio[audio_id], self.titles[audio_id] = text, title
        return audio_id

    def campaign(self, campaign_id: int) -> Campaign | None:
        return self._by_id.get(campaign_id)

    def number(self, campaign: Campaign, index: int) -> str:
        return f"{self._numbers[campaign.offset + index]:010d}"

    def between(self, since: float, until: float) -> list[Campaign]:
        """What was accepted from `since` to `until`, both ends included."""
        first = bisect_left(self.campaigns, since, key=lambda campaign: campaign.at)
        return self.campaigns[first : bisect_right(self.campaigns, until, key=lambda campaign: campaign.at)]

    def message(self, message_id: int) -> tuple[Campaign, int] | None:
        """The campaign that holds a message's id, and the index in it."""
        at = bisect_right(self.campaigns, message_id, key=lambda campaign: campaign.first_id) - 1
        if at < 0:
            return None
        campaign = self.campaigns[at]
        index = message_id - campaign.first_id
        return (campaign, index) if index < campaign.size else None

    def restore(self, entries: Sequence[dict[str, Any]]) -> None:
        """Take back one call's accepted lines, or one voice message, from the log."""
        first = entries[0]
        if first["event"] == "audio":
            self.audio[first["id"]], self.titles[first["id"]] = first["text"], first.get("title", "")
            self._next_message = max(self._next_message, first["id"] + 1)
            return
        numbers = [entry["number"][-10:] for entry in entries]
        first_id = self._next_message if self.by_campaign else first["id"]
        end = first["window_end"]
        campaign = Campaign(
            first["campaign"],
            datetime.fromisoformat(first["at"]).timestamp(),
            first["text"],
            "",
            first_id,
            len(self._numbers),
            len(numbers),
            datetime.fromisoformat(end).timestamp() if end else None,
        )
        self._add(campaign, numbers)


def restore_all(log: GatewayLog, ledgers: dict[str, Ledger]) -> None:
    """Fill the ledgers from the log of earlier runs."""
    for (_event, provider, _id), entries in groupby(log.remembered(), _key):
        ledgers[provider].restore(list(entries))


def _key(entry: dict[str, Any]) -> tuple[Any, ...]:
    is_audio = entry["event"] == "audio"
    return entry["event"], entry["provider"], entry["id"] if is_audio else entry["campaign"]
