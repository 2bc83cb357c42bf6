"""What may be kept of a provider's answer: at most 4 KB, without numbers, texts and tokens. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from common.sanitise import sanitise
from persian.digits import to_ascii

KEPT_BYTES: Final = 4096
# What lies beyond is never looked at; masking shortens texts, so more is read than is kept.
_WINDOW: Final = 8_192

# Ten digits, with or without the trunk zero or the country's code. An id of ten digits is masked
# too: a number that stays readable would be worse.
_DIGITS: Final = re.compile(r"[0-9]{10,}")
_NUMBER: Final = re.compile(r"((?:(?:00)?98|0)?[1-9][0-9]{2})[0-9]{5}([0-9]{2})")
_MOBILE: Final = re.compile(r"((?:98|0)9[0-9]{2})[0-9]{5}([0-9]{2})")
# As .NET writes quotes, ampersands and spaces: its digits must not join a number's.
_ESCAPED_SIGN: Final = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_TEXT_FIELD: Final = re.compile(r'(Text|Title|Name)"\s*:\s*"((?:[^"\\]|\\.)*)\\?"?')
_NATIVE_DIGIT: Final = re.compile("[۰-۹٠-٩]")
_ESCAPED_DIGIT: Final = re.compile(r"\\u06(?:[fF]([0-9])|6([0-9]))")
_SHORTEST_SECRET: Final = 4


def masked_number(number: str) -> str:
    """`+989121234567` → `+98912*****67`, wherever it stands in a text."""
    return _DIGITS.sub(_mask_digits, number)


def _mask_digits(found: re.Match[str]) -> str:
    number = _NUMBER.fullmatch(found[0])
    if number is None:  # a longer run: whatever can be a mobile in it
        return _MOBILE.sub(lambda mobile: f"{mobile[1]}*****{mobile[2]}", found[0])
    return f"{number[1]}*****{number[2]}"


def masked(raw: str, secrets: Iterable[str] = ()) -> str:
    """`raw` fit to be kept: numbers masked, texts replaced by their length, `secrets` removed, bounded.

    `secrets` are the token and the texts that were sent.
    """
    cut = len(raw) > _WINDOW
    kept = raw[:_WINDOW]
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            kept = kept.replace(secret, "[removed]")
    kept = _TEXT_FIELD.sub(lambda found: f'{found[1]}":"[{len(found[2])} characters]"', kept)
    kept = _NATIVE_DIGIT.sub(lambda found: to_ascii(found[0]), kept)
    if "\\u00" in kept:
        kept = _ESCAPED_SIGN.sub(lambda found: chr(int(found[1], 16)), kept)
    if "\\u06" in kept:
        kept = _ESCAPED_DIGIT.sub(lambda found: found[1] or found[2], kept)
    if cut:
        kept = kept.rstrip("0123456789+")  # half a number at the edge
    return sanitise(masked_number(kept), KEPT_BYTES)
