"""Telephone numbers: whatever people type becomes E.164, or is refused with a code.

Iranian numbers only: nothing else can be reached through the gateways. `phonenumbers` decides what is a
number in use; its patterns are used directly, because an import reads hundreds of thousands.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata

from persian.digits import to_ascii
from persian.text import INVISIBLE, ZWNJ

REGION: Final = "IR"
_COUNTRY: Final = "+98"

# All of Unicode's spaces, and marks that join or choose a letter's form: none of them can be seen.
_SPACES: Final = "\t\r\n" + "".join(chr(c) for c in range(0x3001) if unicodedata.category(chr(c)) == "Zs")
_UNSEEN: Final = ZWNJ + INVISIBLE + "\u200d\u034f" + "".join(map(chr, range(0xFE00, 0xFE10)))
_SEPARATORS: Final = str.maketrans(
    {
        **dict.fromkeys(_SPACES + _UNSEEN + ".-‐‑‒–—−()[]/_·"),
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        "＋": "+",
    }
)
# What stands around a number that a spreadsheet was told to keep as text: '0912…, ="0912…", tel:0912….
_TEXT_MARKS: Final = re.compile(
    r"""\s*="(.*)"\s*|\s*(?:['’‘`]|tel:)?\s*(.*?)\s*""", re.IGNORECASE | re.DOTALL
)
# +98, 0098, 98, 0, +98(0) or nothing, and then the ten digits of a mobile or a landline.
_PREFIX: Final = r"(?:(?:\+|00)?980?|0)?"
_SPELLING: Final = re.compile(_PREFIX + r"([1-9][0-9]{9})")
_TWO_NUMBERS: Final = 15  # the digits of E.164; more are two numbers with a stroke between
_NUMBER: Final = re.compile(r"\+?[0-9]+")
# A decimal part: after the only point one or two digits, or a last point with one digit after it.
_DECIMAL: Final = re.compile(r"([^.٫]*)[.٫]([0-9]{1,2}|0+)|(.*)[.٫]([0-9])", re.DOTALL)
_SCIENTIFIC: Final = re.compile(r"[0-9](?:[.,/٫][0-9]+)?[eE]\+?[0-9]{1,2}")


# Blocks in use that phonenumbers does not have yet: 0995 (MCI), 0941 (Irancell TD-LTE).
_NEW_MOBILES: Final = "(?:995|941)[0-9]{7}"


def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What phonenumbers knows of Iranian mobiles and landlines, by their national digits."""
    metadata = PhoneMetadata.metadata_for_region(REGION)
    kinds = (metadata.mobile, metadata.fixed_line) if metadata else ()
    mobile, landline = (kind.national_number_pattern if kind else None for kind in kinds)
    if not mobile or not landline:
        raise LookupError("phonenumbers has no metadata for Iran")
    return re.compile(f"(?:{mobile})|{_NEW_MOBILES}"), re.compile(landline)


_MOBILE, _LANDLINE = _patterns()
# Both at once: a spelling of ten digits that are a mobile's.
_MOBILE_SPELLING: Final = re.compile(rf"{_PREFIX}(?=[1-9][0-9]{{9}}\Z)({_MOBILE.pattern})", re.ASCII)


class InvalidNumber(ValueError):
    """What was typed is no number that can be reached; `code` says why (see `contacts.reasons`)."""

    def __init__(self, code: str, raw: str) -> None:
        self.code = code
        self.raw = raw
        super().__init__(f"{code}: {raw!r}")


def normalise(raw: str) -> str:
    """E.164 of an Iranian mobile or landline in any digits and spelling; idempotent.

    Raises `InvalidNumber` with one of the codes number_empty, number_scientific (a spreadsheet's
    9.12E+09), number_decimal, number_letters, number_foreign, number_wrong.
    """
    number = _plain(raw)
    if number:
        return number
    typed = _without_text_marks(to_ascii(raw))
    if _SCIENTIFIC.fullmatch(typed):
        raise InvalidNumber("number_scientific", raw)
    text = _without_decimals(typed, raw).translate(_SEPARATORS)
    number = _plain(text)
    if number:
        return number
    if not text:
        raise InvalidNumber("number_empty", raw)
    if not _NUMBER.fullmatch(text) or (len(text) > _TWO_NUMBERS and "/" in typed):
        raise InvalidNumber("number_letters", raw)
    return _checked(text, raw)


def _without_text_marks(typed: str) -> str:
    match = _TEXT_MARKS.fullmatch(typed)
    return (match[1] if match[1] is not None else match[2]) if match else typed


def _without_decimals(typed: str, raw: str) -> str:
    """Without a spreadsheet's `.0`, before the digits are counted: 912345678.0 lacks one, and must not get it
    from there. Raises `InvalidNumber` for any other decimal part."""
    match = _DECIMAL.fullmatch(typed.strip(_SPACES + _UNSEEN))
    if match is None:
        return typed
    whole, part = (match[1], match[2]) if match[2] is not None else (match[3], match[4])
    if part.strip("0"):
        raise InvalidNumber("number_decimal", raw)
    return whole


def _plain(text: str) -> str | None:
    """The quick way, which nearly every number takes."""
    match = _SPELLING.fullmatch(text)
    if match and (_MOBILE.fullmatch(match[1]) or _LANDLINE.fullmatch(match[1])):
        return _COUNTRY + match[1]
    return None


def _checked(text: str, raw: str) -> str:
    """The slow way, which says what is wrong."""
    if text.startswith("00"):
        text = "+" + text[2:]
    try:
        number = phonenumbers.parse(text, REGION)
    except NumberParseException as error:
        raise InvalidNumber("number_wrong", raw) from error
    if number.country_code != phonenumbers.country_code_for_region(REGION):
        raise InvalidNumber("number_foreign", raw)
    if not phonenumbers.is_valid_number_for_region(number, REGION):
        raise InvalidNumber("number_wrong", raw)
    national = phonenumbers.national_significant_number(number)
    if len(national) != 10:
        # a company's four-digit line: no gateway takes it
        raise InvalidNumber("number_wrong", raw)
    return _COUNTRY + national


def normalise_mobile(raw: str) -> str:
    """E.164 of a mobile. Raises `InvalidNumber`, for a landline with the code number_not_mobile."""
    match = _MOBILE_SPELLING.fullmatch(raw)
    if match:
        return _COUNTRY + match[1]
    number = normalise(raw)
    if not is_mobile(number):
        raise InvalidNumber("number_not_mobile", raw)
    return number


def is_mobile(number: str) -> bool:
    return number.startswith(_COUNTRY) and _MOBILE.fullmatch(number, len(_COUNTRY)) is not None


def local_form(number: str) -> str:
    """As it is dialled and sent in Iran: `+98912…` → `0912…`. Raises ValueError for a foreign number."""
    if not number.startswith(_COUNTRY):
        raise ValueError(f"not an Iranian number in E.164: {number!r}")
    return "0" + number[len(_COUNTRY) :]


def search_digits(raw: str) -> str | None:
    """What to look for in stored local forms (`0912…`) when `raw` is part of a number, else None.

    The country's code in any spelling is the leading zero: +98912 and 0098912 look for 0912.
    """
    text = to_ascii(raw).translate(_SEPARATORS)
    if not _NUMBER.fullmatch(text):
        return None
    for prefix in ("+98", "0098"):
        if text.startswith(prefix):
            return "0" + text[len(prefix) :].lstrip("0")
    return text.lstrip("+")
