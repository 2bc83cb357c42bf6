"""Words, and numbers inside sentences, in the digits of the active language."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import get_language

from persian.digits import grouped, to_persian
from persian.jalali import is_persian
from persian.phones import local_form

# A text for the screen; a lazy one is translated when it is shown.
Label = str | Promise


def in_persian() -> bool:
    """Whether the page (or the command's user) reads Persian."""
    return is_persian(get_language() or "fa")


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
