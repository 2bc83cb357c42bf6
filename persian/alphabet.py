"""Alphabetical order as Persian has it. Pure.

The code points are not in it (پ، چ، ژ، ک، گ and ی stand behind و), and no collation of the database
can be counted on.
"""

from __future__ import annotations

from typing import Final

from persian.text import search_key

_ALPHABET: Final = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
_ORDER: Final = {ord(letter): chr(0xE000 + place) for place, letter in enumerate(_ALPHABET)}


def sort_key(text: str) -> str:
    """What to compare to sort names: Persian letters in their order, behind digits and Latin ones."""
    return search_key(text).translate(_ORDER)
