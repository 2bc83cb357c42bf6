"""Alphabetical order as Persian has it. Pure.

The code points are not in it (پ، چ، ژ، ک، گ and ی stand behind و), and no collation of the database
can be counted on.
"""

from __future__ import annotations

from typing import Final

from persian.text import fold, search_key

_ALPHABET: Final = "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی"
_FIRST: Final = 0xE000  # of the code points that Unicode leaves to private use
_ORDER: Final = {ord(letter): chr(_FIRST + place) for place, letter in enumerate(_ALPHABET, start=1)}


def sort_key(text: str) -> str:
    """What to compare to sort names: Persian letters in their order, behind digits and Latin ones."""
    # «آ» comes before «ا»; the search key would make them one.
    return search_key(fold(text).replace("آ", chr(_FIRST))).translate(_ORDER)
