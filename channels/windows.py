"""Sending windows as arithmetic: is one open, when does it open next, when does it close? Pure.

A week of half-open intervals in minutes from midnight, Asia/Tehran (reading 2). Tehran has kept +03:30
without daylight saving since 2022; instants before that are computed with the offset then in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from persian.jalali import TEHRAN

DAY_MINUTES: Final = 24 * 60
_WEEK: Final = 7 * DAY_MINUTES


def _merged(intervals: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Sorted intervals with overlapping and touching ones joined."""
    joined: list[tuple[int, int]] = []
    for opens, closes in sorted(intervals):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], closes))
        else:
            joined.append((opens, closes))
    return tuple(joined)


@dataclass(frozen=True, slots=True)
class WeeklyWindows:
    """The windows of one purpose on one channel.

    `week` holds the intervals in minutes from Monday 00:00 in Tehran, sorted and disjoint; build it
    with `of`.
    """

    week: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, intervals: Iterable[tuple[int, int, int]]) -> WeeklyWindows:
        """From (weekday with Monday 0, opens, closes), minutes of the day, `0 <= opens < closes <= 1440`.

        Raises `ValueError` naming the interval that is none.
        """
        minutes = []
        for weekday, opens, closes in intervals:
            if not (0 <= weekday <= 6 and 0 <= opens < closes <= DAY_MINUTES):
                raise ValueError(f"no window: weekday {weekday}, minutes {opens} to {closes}")
            minutes.append((weekday * DAY_MINUTES + opens, weekday * DAY_MINUTES + closes))
        return cls(_merged(minutes))

    def is_open(self, instant: datetime) -> bool:
        position = _position(instant)
        return any(opens <= position < closes for opens, closes in self.week)

    def next_open(self, instant: datetime) -> datetime | None:
        """The first instant from `instant` on that lies in a window: itself if open; None if never."""
        if not self.week:
            return None
        if self.is_open(instant):
            return instant
        position = _position(instant)
        ahead = min((opens - position) % _WEEK for opens, _closes in self.week)
        return _later(instant, ahead)

    def closes_at(self, instant: datetime) -> datetime | None:
        """When the window that contains `instant` ends; None if none contains it or it never ends.

        Windows that touch at midnight, also at the week's end, are one.
        """
        if not self.is_open(instant) or self.is_always_open:
            return None
        position = _position(instant)
        closes = next(c for o, c in self.week if o <= position < c)
        ahead = closes - position
        if closes == _WEEK and self.week[0][0] == 0:
            ahead += self.week[0][1]
        return _later(instant, ahead)

    def within(self, limit: WeeklyWindows) -> WeeklyWindows:
        """The part of these windows that lies inside `limit`."""
        return WeeklyWindows(
            _merged(
                (max(opens, first), min(closes, last))
                for opens, closes in self.week
                for first, last in limit.week
                if max(opens, first) < min(closes, last)
            )
        )

    def intervals(self) -> list[tuple[int, int, int]]:
        """(weekday with Monday 0, opens, closes) of every day, as `of` takes them: cut at midnight."""
        return [
            (day, max(opens - start, 0), min(closes - start, DAY_MINUTES))
            for day in range(7)
            for start in (day * DAY_MINUTES,)
            for opens, closes in self.week
            if opens < start + DAY_MINUTES and closes > start
        ]

    @property
    def is_always_open(self) -> bool:
        return self.week == ((0, _WEEK),)


def clock_text(minutes: int) -> str:
    """Minutes of the day as HH:MM; the day's end is 24:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _position(instant: datetime) -> float:
    """Minutes since Monday 00:00 of Tehran's wall clock, with fractions."""
    local = instant.astimezone(TEHRAN)
    seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1_000_000
    return local.weekday() * DAY_MINUTES + seconds / 60


def _later(instant: datetime, minutes: float) -> datetime:
    """`minutes` of wall clock later, to the whole minute (windows open and close on one), in UTC's scale."""
    local = instant.astimezone(TEHRAN).replace(tzinfo=None) + timedelta(minutes=minutes)
    rounded = (local + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return rounded.replace(tzinfo=TEHRAN).astimezone(instant.tzinfo)
