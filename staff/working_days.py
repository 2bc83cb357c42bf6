"""Which days are working days, and so many working days later. Days are those of Tehran.

Friday and the public holidays are none; Thursday is one where `THURSDAY_IS_WORKING_DAY` says so.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from django.conf import settings

from persian.jalali import TEHRAN
from staff.models import Holiday

THURSDAY: Final = 3
FRIDAY: Final = 4
# Days whose holidays are read at once.
_AHEAD: Final = timedelta(days=60)


def is_working_day(day: date) -> bool:
    return not _is_weekend(day) and not Holiday.objects.valid().filter(day=day).exists()


def add_working_days(start: datetime, days: int) -> datetime:
    """The instant `days` working days after the aware instant `start`, at the same time of day in Tehran.

    From a day off the count begins at 00:00 of the next working day. Raises ValueError for a naive `start`
    and for negative `days`.
    """
    if start.tzinfo is None:
        raise ValueError("a naive datetime has no place on Tehran's clock")
    if days < 0:
        raise ValueError(f"working days are counted forward: {days}")
    local = start.astimezone(TEHRAN)
    ahead = _WorkingDays(local.date())
    day, at = local.date(), local.time()
    if day not in ahead:
        day, at = ahead.after(day), time()
    for _count in range(days):
        day = ahead.after(day)
    return datetime.combine(day, at, TEHRAN)


def working_day_after(day: date) -> date:
    """The first working day after `day`."""
    return _WorkingDays(day).after(day)


class _WorkingDays:
    """The working days from `first` on; holidays are read from the database a stretch at a time."""

    def __init__(self, first: date) -> None:
        self.holidays: set[date] = set()
        self.known_until = first

    def __contains__(self, day: date) -> bool:
        while day >= self.known_until:
            later = self.known_until + _AHEAD
            rows = Holiday.objects.valid().filter(day__gte=self.known_until, day__lt=later)
            self.holidays |= set(rows.values_list("day", flat=True))
            self.known_until = later
        return not _is_weekend(day) and day not in self.holidays

    def after(self, day: date) -> date:
        """The first working day after `day`."""
        day += timedelta(days=1)
        while day not in self:
            day += timedelta(days=1)
        return day


def _is_weekend(day: date) -> bool:
    return day.weekday() == FRIDAY or (day.weekday() == THURSDAY and not settings.THURSDAY_IS_WORKING_DAY)
