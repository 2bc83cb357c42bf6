"""The hours in which a message may leave: its channel's windows within the procedure's (reading 11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from channels.procedure_hours import procedure_hours
from channels.windows import WeeklyWindows
from common.media import Medium, Purpose
from messaging.policy.facts import Facts


@dataclass(frozen=True, slots=True)
class Hours:
    """Windows in which a request may be begun: up to `answer_within` before each close, since the provider
    must not accept after the close what was written before it."""

    windows: WeeklyWindows
    answer_within: timedelta

    def is_open(self, instant: datetime) -> bool:
        end = self.last_begin(instant)
        return self.windows.is_open(instant) and (end is None or instant < end)

    def last_begin(self, instant: datetime) -> datetime | None:
        """Until when a request may be begun in the window that contains `instant` (exclusive); None if no
        window does, or it never closes."""
        close = self.windows.closes_at(instant)
        return close - self.answer_within if close is not None else None

    def next_open(self, instant: datetime) -> datetime | None:
        """The first instant from `instant` on at which a request may be begun; None if there is none."""
        for _window in range(len(self.windows.week) + 1):
            opening = self.windows.next_open(instant)
            if opening is None or self.is_open(opening):
                return opening
            instant = self.windows.closes_at(opening) or opening
        return None

    def last_minute(self, before: datetime) -> datetime | None:
        """The last whole minute of the day up to `before` at which a request may be begun; None if there is
        none."""
        minute = before.replace(second=0, microsecond=0)
        for back in range(24 * 60):
            if self.is_open(minute - timedelta(minutes=back)):
                return minute - timedelta(minutes=back)
        return None


def hours_of(facts: Facts) -> Hours | None:
    """The hours that bind the message; None where none are on record.

    The limit binds whatever the windows on record say, and no fact but `limit_lifted` passes it.
    """
    channel, message = facts.channel, facts.message
    if channel.windows is None:
        return None
    windows = (
        channel.windows
        if channel.limit_lifted
        else _limited(channel.windows, message.medium, message.purpose)
    )
    return Hours(windows, channel.answer_within)


@lru_cache(maxsize=256)
def _limited(windows: WeeklyWindows, medium: Medium, purpose: Purpose) -> WeeklyWindows:
    limit = procedure_hours(medium, purpose)
    return windows if limit is None else windows.within(limit)
