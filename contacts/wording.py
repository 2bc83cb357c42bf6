"""Numbers inside sentences, in the digits of the active language."""

from __future__ import annotations

from django.utils.translation import get_language

from persian.digits import grouped, to_persian
from persian.jalali import is_persian


def _persian() -> bool:
    return is_persian(get_language() or "fa")


def count_text(number: int) -> str:
    """How many: «۱۲٬۴۰۶» or `12,406`."""
    return grouped(number) if _persian() else f"{number:,}"


def digits_text(text: str) -> str:
    """A number as it is dialled, in the page's digits."""
    return to_persian(text) if _persian() else text


def place_text(number: int) -> str:
    """Which one (a row, a line): «۱۲۴۰۶» or `12406`."""
    return to_persian(number) if _persian() else str(number)
