"""The fake's relays: it posts reports and inbound messages to the addresses that were registered.

What AmootSMS posts is undocumented; this posts a form with a row's fields. Loopback addresses only.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from common.client_address import is_loopback
from devtools.fake_gateway.amootsms import AmootSmsFake


class Relays(StrEnum):
    """Whether anything is posted: not, once each, or twice each and out of order."""

    OFF = "off"
    ON = "on"
    UNRULY = "unruly"


class Relay:
    """Posts what became final since the last look. `posted` and `failed` count the posts."""

    def __init__(self, sms: AmootSmsFake, mode: Relays, *, seed: int) -> None:
        self.sms = sms
        self.mode = mode
        self.posted = 0
        self.failed = 0
        self._random = random.Random(seed)  # noqa: S311 - repeatable by intention
        # Remembered from an earlier run: reported then.
        self._campaigns = len(sms.ledger.campaigns)
        self._inbound = len(sms.inbox.messages)

    async def run(self, now: Any) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                posts = [*self._reports(now()), *self._received()]
                if self.mode is Relays.UNRULY:
                    posts *= 2
                    self._random.shuffle(posts)
                for start in range(0, len(posts), 20):
                    await asyncio.gather(*(self._post(session, *post) for post in posts[start : start + 20]))
                await asyncio.sleep(0.1)

    def _reports(self, now: float) -> Iterator[tuple[str, dict[str, Any]]]:
        campaigns = self.sms.ledger.campaigns
        addresses = self._addresses("delivery")
        while self._campaigns < len(campaigns):
            campaign = campaigns[self._campaigns]
            if now - campaign.at < self.sms.fate.seconds:
                return
            self._campaigns += 1
            for address in addresses:
                for index in range(campaign.size):
                    yield address, self.sms.delivery_row(campaign, index, now)

    def _received(self) -> Iterator[tuple[str, dict[str, Any]]]:
        messages = self.sms.inbox.messages
        addresses = self._addresses("received")
        while self._inbound < len(messages):
            message = messages[self._inbound]
            self._inbound += 1
            for address in addresses:
                yield address, message

    def _addresses(self, kind: str) -> list[str]:
        return list(filter(_is_on_this_machine, self.sms.relays.active(kind)))

    async def _post(self, session: aiohttp.ClientSession, address: str, row: dict[str, Any]) -> None:
        fields = {name: str(value) for name, value in row.items()}
        try:
            async with session.post(address, data=fields, allow_redirects=False) as answer:
                self.posted += answer.status == 200
                self.failed += answer.status != 200
        except (aiohttp.ClientError, OSError, UnicodeEncodeError):
            self.failed += 1


def _is_on_this_machine(address: str) -> bool:
    try:
        return is_loopback(urlsplit(address).hostname)
    except ValueError:
        return False
