"""Words, and numbers inside sentences, in the digits of the active language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.utils.functional import Promise
from django.utils.translation import get_language

from persian.digits import grouped, to_persian
from persian.jalali import format_date, format_datetime, is_persian
from persian.phones import local_form

# A text for the screen; a lazy one is translated when it is shown.
Label = str | Promise


def language() -> str:
    """The page's (or the command's) language."""
    return get_language() or "fa"


def in_persian() -> bool:
    return is_persian(language())


def instant_text(at: datetime) -> str:
    """«۱ آذر ۱۴۰۵، ۲۲:۰۰» or `2026-11-22 22:00`, in Tehran."""
    return format_datetime(at, language())


def day_text(day: date) -> str:
    return format_date(day, language())


def count_text(number: int) -> str:
    """How many: «۱۲٬۴۰۶» or `12,406`."""
    return grouped(number) if in_persian() else f"{number:,}"


def digits_text(text: str) -> str:
    """A number as it is dialled, in the page's digits."""
    return to_persian(text) if in_persian() else text


def number_text(number: str) -> str:
    """A number as people here say it, so that no + stands at its wrong end: «۰۹۱۲…» or `0912…`."""
    try:
        return digits_text(local_form(number))
    except ValueError:
        return digits_text(number)


def place_text(number: int) -> str:
    """Which one (a row, a line): «۱۲۴۰۶» or `12406`."""
    return to_persian(number) if in_persian() else str(number)


def listed(names: Iterable[str]) -> str:
    """Names one after the other, with the language's comma."""
    return ("، " if in_persian() else ", ").join(names)
