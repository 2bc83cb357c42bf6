"""The public holidays of a Jalali year as their page shows them, and which years wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

import jdatetime

from persian.jalali import year_of
from staff.actions.holidays import YEARS_AHEAD, YEARS_BACK
from staff.models import Holiday, HolidayYear
from staff.official_holidays import OfficialHoliday, official_holidays

# Bahman: by then the official calendar of the next year is out, and two months are left.
ASKED_FROM_MONTH: Final = 11


@dataclass(frozen=True, slots=True)
class YearOfHolidays:
    """`removed`: what a person took out; `suggestions`: what the package knows and nobody entered; `years`:
    those that can be looked at."""

    year: int
    years: list[int]
    confirmed: HolidayYear | None
    days: list[Holiday]
    removed: list[Holiday]
    suggestions: list[OfficialHoliday]


def holiday_year(asked: int | None, *, with_suggestions: bool, today: date) -> YearOfHolidays:
    """The year asked for; this one if it is none of those that are kept."""
    this_year = year_of(today)
    years = list(range(this_year - YEARS_BACK, this_year + YEARS_AHEAD + 1))
    year = asked if asked in years else this_year
    rows = list(Holiday.objects.of_year(year).select_related("by", "removed_by"))
    known = {row.day for row in rows}
    return YearOfHolidays(
        year=year,
        years=years,
        confirmed=HolidayYear.objects.filter(year=year).select_related("confirmed_by").first(),
        days=[row for row in rows if row.removed_at is None],
        removed=[row for row in rows if row.removed_at is not None],
        suggestions=[row for row in official_holidays(year) if row.day not in known]
        if with_suggestions
        else [],
    )


def years_to_confirm(today: date) -> list[int]:
    """The Jalali years that nobody confirmed and that should be: this one, and from Bahman on the next."""
    jalali = jdatetime.date.fromgregorian(date=today)
    years = [jalali.year, jalali.year + 1] if jalali.month >= ASKED_FROM_MONTH else [jalali.year]
    done = set(HolidayYear.objects.filter(year__in=years).values_list("year", flat=True))
    return [year for year in years if year not in done]
