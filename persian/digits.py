"""Digits and numbers as Persian writes them."""

from __future__ import annotations

from typing import Final

_ASCII: Final = "0123456789"
PERSIAN: Final = "۰۱۲۳۴۵۶۷۸۹"
ARABIC: Final = "٠١٢٣٤٥٦٧٨٩"

THOUSANDS: Final = "٬"  # U+066C
DECIMAL: Final = "٫"  # U+066B

_TO_ASCII: Final = str.maketrans(PERSIAN + ARABIC, _ASCII * 2)
_TO_PERSIAN: Final = str.maketrans(_ASCII + ARABIC, PERSIAN * 2)
_FORMATTED: Final = str.maketrans(",.", THOUSANDS + DECIMAL)


def to_ascii(text: str) -> str:
    """`text` with Persian (U+06F0…) and Arabic-Indic (U+0660…) digits as ASCII ones."""
    return text.translate(_TO_ASCII)


def to_persian(value: object) -> str:
    return str(value).translate(_TO_PERSIAN)


def grouped(number: float, decimals: int = 0) -> str:
    """A number with Persian digits and separators: 12406 → «۱۲٬۴۰۶», 1.5 with one decimal → «۱٫۵»."""
    # an integer's own digits: as a float it would lose those beyond the sixteenth
    text = f"{number:,}" if isinstance(number, int) and not decimals else f"{number:,.{decimals}f}"
    return to_persian(text.translate(_FORMATTED))
