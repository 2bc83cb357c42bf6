"""One key to compare tags, and customer numbers, by: what different keyboards and lists make of one. Pure.

`contacts_key(text)` in the database is the same table of characters (contacts.migrations 0007): whatever
is compared in SQL goes by that.
"""

from __future__ import annotations

from typing import Final

from persian.digits import ARABIC, PERSIAN
from persian.text import INVISIBLE, fold_line

_DASHES: Final = "‐‑‒–—―−﹣－_"
_LOOKALIKES: Final = dict(zip("يىكةەہھڪےٱ", "ییکههههکیا", strict=True))
_DROPPED: Final = "\u200c\u200d\u0640\u0670" + "".join(map(chr, range(0x064B, 0x0660))) + INVISIBLE

# Every character of the first becomes the one at its place in the second; those without a place go.
REPLACED: Final = PERSIAN + ARABIC + _DASHES + "".join(_LOOKALIKES)
REPLACEMENTS: Final = "0123456789" * 2 + "-" * len(_DASHES) + "".join(_LOOKALIKES.values())
_TABLE: Final = str.maketrans({**dict(zip(REPLACED, REPLACEMENTS, strict=True)), **dict.fromkeys(_DROPPED)})


def compare_key(text: str) -> str:
    """The key of a tag or a customer number: digits, dashes and letters of one kind, small, without ZWNJ and
    vowel marks. «نمایشگاه ۱۴۰۵» and «نمايشگاه 1405» have one, `C-777` and `c–777` too."""
    return fold_line(text).translate(_TABLE).lower()


def sql_tables() -> tuple[str, str]:
    """Both arguments of SQL's `translate()`, for the test that compares the database's function."""
    return REPLACED + _DROPPED, REPLACEMENTS
