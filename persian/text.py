"""Persian text: one spelling for storing, one key for searching.

Keyboards and files write the same letter in several code points (ي ی ى, ك ک). What is stored has one
of them; what is searched also forgets the half-space, diacritics, case and the digits' script.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from persian.digits import ARABIC, PERSIAN, to_ascii

ZWNJ: Final = "\u200c"
_ZWJ: Final = "\u200d"
_TATWEEL: Final = "\u0640"

# Invisible marks that change how text runs or nothing at all; ZWNJ and ZWJ shape letters and stay.
INVISIBLE: Final = (
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_CONTROLS: Final = "".join(
    chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t\r"
)

_STRIP: Final = str.maketrans(
    {**dict.fromkeys(INVISIBLE + _CONTROLS), "\t": " ", "\u00a0": " ", "\u0085": "\n"}
)
_LETTERS: Final = str.maketrans(
    {"ي": "ی", "ى": "ی", "ك": "ک", "ۀ": "ه\u0654", **dict(zip(ARABIC, PERSIAN, strict=True))}
)
# Letters of Urdu, Kurdish and old print that are typed for Persian ones.
_LOOKALIKES: Final = {"ة": "ه", "ە": "ه", "ہ": "ه", "ھ": "ه", "ڪ": "ک", "ے": "ی", "ٱ": "ا"}
_FOR_SEARCH: Final = str.maketrans({ZWNJ: None, _ZWJ: None, _TATWEEL: None, **_LOOKALIKES})
_NEW_LINES: Final = re.compile(r"\r\n?|[\u2028\u2029]")

# What nearly every Persian text is made of: nothing in it is folded, taken apart or invisible but ZWNJ.
_PLAIN: Final = re.compile(f"[ -~ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی{PERSIAN}{ZWNJ}]*")
_PLAIN_FOR_SEARCH: Final = str.maketrans({**dict(zip(PERSIAN, "0123456789", strict=True)), ZWNJ: None})


def fold(text: str) -> str:
    """`text` as it is stored: NFC, Persian ی and ک, Persian for Arabic digits, no control characters.

    Line ends become `\\n`; ZWNJ stays. Folding twice changes nothing.
    """
    if _PLAIN.fullmatch(text):
        return text
    cleaned = _NEW_LINES.sub("\n", text).translate(_STRIP)
    if cleaned.isascii():
        return cleaned
    without_surrogates = cleaned.encode("utf-8", "ignore").decode("utf-8")
    letters = unicodedata.normalize("NFC", without_surrogates).translate(_LETTERS)
    # «ۀ» was taken apart: its hamza has its place among the marks that follow.
    return unicodedata.normalize("NFC", letters)


def fold_line(text: str) -> str:
    """`fold` for a name or another single line: runs of spaces become one, the edges are trimmed."""
    if ZWNJ not in text and _PLAIN.fullmatch(text):
        return " ".join(text.split())
    words = (word.strip(ZWNJ + _ZWJ) for word in fold(text).split())
    return " ".join(word for word in words if word)


def search_key(text: str) -> str:
    """What two spellings of one word have in common.

    Folded, case-folded, ASCII digits, without ZWNJ, tatweel and diacritics (so «آ» is «ا»), and with
    single spaces.
    """
    if _PLAIN.fullmatch(text):
        return " ".join(text.translate(_PLAIN_FOR_SEARCH).lower().split())
    if text.isascii():
        return " ".join(fold(text).casefold().split())
    # Taken apart first: a letter in disguise (𝕬) shows its case only then.
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", fold(text)).casefold())
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return " ".join(to_ascii(fold(bare)).translate(_FOR_SEARCH).split())


def is_blank(text: str) -> bool:
    """Whether nothing of `text` would be seen: only spaces, ZWNJ and other invisible characters."""
    return not fold_line(text)


def has_words(text: str) -> bool:
    """Whether `text` says something: four letters or more, three of them different («xxxx» does not)."""
    letters = [char for char in search_key(text) if char.isalpha()]
    return len(letters) >= 4 and len(set(letters)) >= 3
