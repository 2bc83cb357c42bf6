"""Working days of the company, on Tehran's calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from persian.jalali import TEHRAN

_FRIDAY: Final = 4


def is_working_day(day: date) -> bool:
    return day.weekday() != _FRIDAY


def add_working_days(start: datetime, days: int) -> datetime:
    """The instant that is so many working days later, at the same time of day in Tehran."""
    instant = start.astimezone(TEHRAN)
    while days > 0:
        instant += timedelta(days=1)
        days -= is_working_day(instant.date())
    return instant
