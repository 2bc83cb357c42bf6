"""Facts for the policy's tests: everything is in order unless a test says otherwise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from channels.windows import WeeklyWindows
from common.media import Medium, Purpose
from messaging.policy.facts import (
    AddressKind,
    ChannelFacts,
    Facts,
    MessageFacts,
    OverrideFacts,
    RecipientFacts,
)
from persian.jalali import TEHRAN

# A Monday, 12:00 in Tehran.
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=TEHRAN)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)


def every_day(*intervals: tuple[int, int]) -> WeeklyWindows:
    """The same minutes of the day on each day of the week."""
    return WeeklyWindows.of((day, opens, closes) for day in range(7) for opens, closes in intervals)


SMS_HOURS = every_day((8 * 60, 22 * 60))
CLOSED_AT_NOON = every_day((8 * 60, 10 * 60))

NO_OVERRIDE = None
PENDING = OverrideFacts(approved_at=None, expires_at=None, revoked=False, same_content=True)
APPROVED = OverrideFacts(NOON - HOUR, NOON + DAY, revoked=False, same_content=True)
LAPSED = OverrideFacts(NOON - 2 * DAY, NOON - DAY, revoked=False, same_content=True)
REVOKED = OverrideFacts(NOON - HOUR, NOON + DAY, revoked=True, same_content=True)
WITHDRAWN = OverrideFacts(None, None, revoked=True, same_content=True)
OF_OTHER_CONTENT = OverrideFacts(NOON - HOUR, NOON + DAY, revoked=False, same_content=False)
NOT_YET_APPROVED = OverrideFacts(NOON + HOUR, NOON + DAY, revoked=False, same_content=True)

OVERRIDES: dict[str, OverrideFacts | None] = {
    "no override": NO_OVERRIDE,
    "pending": PENDING,
    "approved": APPROVED,
    "lapsed": LAPSED,
    "revoked": REVOKED,
    "withdrawn": WITHDRAWN,
    "of other content": OF_OTHER_CONTENT,
    "not yet approved": NOT_YET_APPROVED,
}


def facts(
    now: datetime = NOON,
    *,
    purpose: Purpose = Purpose.NOTIFICATION,
    medium: Medium = Medium.SMS,
    windows: WeeklyWindows | None = None,
    operator_down: bool | None = False,
    address: AddressKind | None = AddressKind.MOBILE,
    no_promotional: bool | None = False,
    no_messages: bool | None = False,
    voc_call_open: bool | None = False,
    duplicate: bool = False,
    **message: Any,
) -> Facts:
    """Facts under which an SMS notification may go to a customer who refused nothing."""
    return Facts(
        now=now,
        message=MessageFacts(purpose, medium, **message),
        channel=ChannelFacts(windows, operator_down),
        recipient=RecipientFacts(address, no_promotional, no_messages, voc_call_open, duplicate),
    )
