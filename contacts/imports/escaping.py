"""Cells of which a spreadsheet takes no part for a formula, and the way back."""

from __future__ import annotations

import re
from typing import Final

# Where a spreadsheet may see a cell begin (also one that separates by ; or | or tab), what it skips there
# (spaces, invisible marks), and what it takes for a formula's first sign, in full width too.
_BEGINS: Final = "(^|[;,|\t\r\n])"
_SIGN: Final = (
    "(?=[\\s\"'\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\\-@＝＋－＠﹢﹣﹦﹫])"
)
_FORMULA: Final = re.compile(_BEGINS + _SIGN)
# A cell that begins with a tab or a line break, or with our sign and one.
_BLANK_FIRST: Final = re.compile("'*[\t\r\n]")
_ESCAPED: Final = re.compile(f"{_BEGINS}'{_SIGN}")


def safe_cell(value: object) -> str:
    """A cell of which no spreadsheet takes any part for a formula; a number in `+98…` too."""
    text = _FORMULA.sub(r"\1'", str(value))
    return f"'{text}" if _BLANK_FIRST.match(text) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return _ESCAPED.sub(r"\1", text[1:] if text[:1] == "'" and _BLANK_FIRST.match(text) else text)
