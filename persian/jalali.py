"""Dates and times as shown and read: Jalali in Persian, ISO-like in English; always on Tehran's clock."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

import jdatetime

from persian.digits import to_ascii, to_persian

TEHRAN: Final = ZoneInfo("Asia/Tehran")

MONTHS: Final = (
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
)

# A year from here on is read as Gregorian, below as Jalali: 1405 and 2026 cannot be confused.
_FIRST_GREGORIAN_YEAR: Final = 1700
_DATE: Final = re.compile(r"(\d{4})\s*([/.-])\s*(\d{1,2})\s*\2\s*(\d{1,2})")


def is_persian(language: str) -> bool:
    """Whether a language code (`fa`, `fa-ir`) asks for Jalali dates and Persian digits."""
    return language.split("-")[0].lower() == "fa"


def tehran_date(instant: datetime) -> date:
    """The day in Tehran at an aware instant. Raises ValueError for a naive one."""
    return _in_tehran(instant).date()


def format_date(day: date, language: str) -> str:
    """«۱ آذر ۱۴۰۵» or `2026-11-22`. An aware datetime gives its day in Tehran."""
    if isinstance(day, datetime):
        day = tehran_date(day)
    if not is_persian(language):
        return day.isoformat()
    jalali = jdatetime.date.fromgregorian(date=day)
    return to_persian(f"{jalali.day} {MONTHS[jalali.month - 1]} {jalali.year}")


def format_datetime(instant: datetime, language: str) -> str:
    """«۱ آذر ۱۴۰۵، ۲۲:۰۰» or `2026-11-22 22:00`, in Tehran. Raises ValueError for a naive instant."""
    local = _in_tehran(instant)
    separator = "، " if is_persian(language) else " "
    return f"{format_date(local.date(), language)}{separator}{format_time(local, language)}"


def format_time(moment: time | datetime, language: str) -> str:
    """«۲۲:۰۰» or `22:00`. An aware datetime is shown on Tehran's clock."""
    if isinstance(moment, datetime):
        moment = _in_tehran(moment).time()
    text = f"{moment:%H:%M}"
    return to_persian(text) if is_persian(language) else text


def numeric_date(day: date, language: str) -> str:
    """The short form for tables and date fields: «۱۴۰۵/۰۹/۰۱» or `2026-11-22`."""
    if isinstance(day, datetime):
        day = tehran_date(day)
    if not is_persian(language):
        return day.isoformat()
    jalali = jdatetime.date.fromgregorian(date=day)
    return to_persian(f"{jalali.year:04}/{jalali.month:02}/{jalali.day:02}")


def month_name(day: date, language: str) -> str:
    """The Jalali month of a day: «آذر ۱۴۰۵» or `1405/09`."""
    jalali = jdatetime.date.fromgregorian(date=day)
    if not is_persian(language):
        return f"{jalali.year}/{jalali.month:02}"
    return f"{MONTHS[jalali.month - 1]} {to_persian(jalali.year)}"


def months_back(day: date, count: int) -> list[tuple[date, date]]:
    """The last `count` Jalali months, that of `day` first: the first day, and the first of the next."""
    jalali = jdatetime.date.fromgregorian(date=day)
    index = jalali.year * 12 + jalali.month - 1
    return [(_month_start(index - back), _month_start(index - back + 1)) for back in range(count)]


def year_of(day: date) -> int:
    """The Jalali year of a day: 2026-11-22 → 1405."""
    year: int = jdatetime.date.fromgregorian(date=day).year
    return year


def jalali_year(year: int) -> tuple[date, date]:
    """The first day of a Jalali year, and the first of the next one."""
    return _month_start(year * 12), _month_start(year * 12 + 12)


def _month_start(index: int) -> date:
    first: date = jdatetime.date(index // 12, index % 12 + 1, 1).togregorian()
    return first


def parse_date(text: str) -> date:
    """The Gregorian date of «۱۴۰۵/۰۹/۰۱» or `2026-11-22`: any digits, `/`, `-` or `.` between.

    Raises ValueError for anything else, also for a day that does not exist (۱۴۰۵/۱۲/۳۰).
    """
    match = _DATE.fullmatch(to_ascii(text).strip())
    if match is None:
        raise ValueError(f"not a date: {text!r}")
    year, month, day = (int(match[group]) for group in (1, 3, 4))
    if year >= _FIRST_GREGORIAN_YEAR:
        return date(year, month, day)
    gregorian: date = jdatetime.date(year, month, day).togregorian()
    return gregorian


def _in_tehran(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no place on Tehran's clock")
    return instant.astimezone(TEHRAN)
