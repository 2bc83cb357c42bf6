"""How long a text is as an SMS: encoding, units, parts. Pure.

3GPP TS 23.038: GSM-7 holds 160 septets in one part and 153 in each of several; a character of the extension
table takes two. Anything else makes the whole message UCS-2: 70 UTF-16 code units, or 67 a part. What is
billed is the provider's own count.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    GSM7 = "gsm7"
    UCS2 = "ucs2"


_ONE_PART: Final = {Encoding.GSM7: 160, Encoding.UCS2: 70}
_PER_PART: Final = {Encoding.GSM7: 153, Encoding.UCS2: 67}


@dataclass(frozen=True, slots=True)
class SmsLength:
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2); `left` fit before the next part begins."""

    encoding: Encoding
    units: int
    parts: int
    left: int


def encoding_of(text: str) -> Encoding:
    """UCS-2 as soon as one character is outside GSM-7, as every Persian letter is."""
    return Encoding.GSM7 if set(text) <= _BASIC | _EXTENSION else Encoding.UCS2


def units_of(text: str, encoding: Encoding) -> int:
    """The length of `text` in the units of its encoding."""
    if encoding is Encoding.GSM7:
        return len(text) + sum(char in _EXTENSION for char in text)
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def count_parts(text: str) -> SmsLength:
    """Parts and what is left of the last one. An empty text has no part.

    A character of two units (an extension pair, a surrogate pair) that would be cut by the end of a part
    moves whole into the next one.
    """
    encoding = encoding_of(text)
    units = units_of(text, encoding)
    if units <= _ONE_PART[encoding]:
        return SmsLength(encoding, units, min(units, 1), _ONE_PART[encoding] - units)
    per_part = _PER_PART[encoding]
    if units == len(text):
        parts = -(-units // per_part)
        return SmsLength(encoding, units, parts, parts * per_part - units)
    parts, left = 1, per_part
    for char in text:
        width = units_of(char, encoding)
        if width > left:
            parts, left = parts + 1, per_part
        left -= width
    return SmsLength(encoding, units, parts, left)
