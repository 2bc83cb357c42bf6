"""Reading what a provider wrote: tolerant of form, and without guessing. Pure.

`None` and `""` mean "not recognised"; what follows from that is the caller's rule.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any, Final

from persian.digits import to_ascii
from persian.jalali import TEHRAN

ID_LIMIT: Final = 2**63  # ids are signed 64-bit integers, here and in the database
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}")
_NOT_DIGITS: Final = re.compile(r"[^0-9]+")
_SECONDS: Final = "%Y-%m-%d %H:%M:%S"
_STAMP: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]*)?"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})?"
)
# The providers' times have whole seconds.
SECOND: Final = timedelta(seconds=1)
# Outside these nothing was ever sent by SMS, and some of them no calendar can write.
_YEARS: Final = range(2000, 2200)


class NotJson(ValueError):
    """The answer is no JSON text."""


def parse_json(text: str) -> Any:
    """The value of a JSON text. Raises `NotJson` for anything else, however long or deep."""
    text = text.lstrip("\ufeff")
    try:
        # A control character in a text is no reason to lose the answer that it stands in.
        return json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        raise NotJson from error
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(text, strict=False, parse_int=_int_or_digits)  # a number of thousands of digits
    except (ValueError, RecursionError) as error:
        raise NotJson from error


def _int_or_digits(digits: str) -> int | str:
    return int(digits) if len(digits) <= 400 else digits


def as_int(value: object) -> int | None:
    """An integer given as a number or as its digits; None for anything else, truth values included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    # `strip` takes off what `int` does not: convert what was looked at, and nothing else.
    digits = value.strip() if isinstance(value, str) else ""
    return int(digits) if _INTEGER.fullmatch(digits) else None


def as_amount(value: object) -> int | None:
    """An amount of money in whole rial, rounded down; None where none is told."""
    if isinstance(value, float):
        return int(value) if abs(value) < 2**53 else None
    return as_int(value)


def as_id(value: object) -> str:
    """A provider's id as its digits; '' unless it is a positive 64-bit integer."""
    number = value if type(value) is int else as_int(value)
    return str(number) if number is not None and 0 < number < ID_LIMIT else ""


def last_ten(value: object) -> str:
    """The last ten digits of a telephone number in any spelling, '' where there are fewer."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    digits = str(value)
    if not (digits.isascii() and digits.isdigit()):
        digits = _NOT_DIGITS.sub("", to_ascii(digits))
    return digits[-10:] if len(digits) >= 10 else ""


def field_of(value: object, *names: str) -> Any:
    """The first of these fields that an object has, whatever the case of its keys; None where it has none."""
    if not isinstance(value, dict):
        return None
    fields = {key.casefold(): found for key, found in value.items() if isinstance(key, str)}
    return next((fields[name.casefold()] for name in names if name.casefold() in fields), None)


def provider_time(instant: datetime) -> str:
    """An instant as both providers write it: Tehran's clock, whole seconds (rounded down)."""
    return instant.astimezone(TEHRAN).strftime(_SECONDS)


def from_provider_time(value: object) -> datetime | None:
    """The instant of a provider's `yyyy-MM-dd HH:mm:ss` (or with a T), None if it is none: on Tehran's clock,
    unless it names its own offset.

    The year 1 stands for "never" in their data, and the year 9999 in that of others: what is of no day on
    which anybody sends is None, too.
    """
    match = _STAMP.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    try:
        local = datetime.strptime(f"{match[1]} {match[2]}", _SECONDS).replace(tzinfo=TEHRAN)
        if match[3]:
            local = datetime.strptime(f"{match[1]} {match[2]} {match[3]}", f"{_SECONDS} %z")
    except ValueError:
        return None
    return local if local.year in _YEARS else None
