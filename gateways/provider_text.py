"""A text as a provider lists it, and which text of ours it is: the one matcher of providers' records. Pure.

Providers change letters and spaces of a text, may append a line that tells how to cancel, and cut texts off.
Every text here is a key, as `persian.text.search_key` writes it. Settlement asks about one text of ours
(`likeness`), reconciliation about all of a day (`OurTexts`); docs/adr/0029 says what differs.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from persian.text import search_key

# The longest cancellation line that a provider may append, and the words by which one is known.
CANCELLATION_LIMIT: Final = 40
_CANCELLING: Final = ("لغو", "انصراف", "11", "off", "stop")
_CANCELLATION: Final = re.compile(r"\s*لغو ?11$")


class Likeness(Enum):
    SAME = auto()  # ours, with at most a cancellation line behind it
    UNCLEAR = auto()  # cut off, empty, with something in front or more behind: it proves neither
    OTHER = auto()


def without_cancellation(text: str) -> str:
    """The key of a text, less the procedure's own cancellation line at its end."""
    return _CANCELLATION.sub("", search_key(text))


def is_cancellation(rest: str) -> bool:
    """Whether what the provider's text has more is nothing, or a line that tells how to cancel."""
    return not rest or (len(rest) <= CANCELLATION_LIMIT and any(word in rest for word in _CANCELLING))


def likeness(ours: str, theirs: str) -> Likeness:
    """What a listed text is, beside one of ours."""
    if ours and theirs.startswith(ours):
        return Likeness.SAME if is_cancellation(theirs[len(ours) :]) else Likeness.UNCLEAR
    may_be_ours = ours.startswith(theirs) or (ours and ours in theirs)
    return Likeness.UNCLEAR if may_be_ours else Likeness.OTHER


def are_alike(text: str, other: str) -> bool:
    """Whether one record may be taken for either text's.

    The record of one of them, with whatever line the provider appended, begins with the other only if one
    begins with the other; and what it then has more is a cancellation line only if it is no longer than one.
    """
    shorter, longer = sorted((search_key(text), search_key(other)), key=len)
    return longer.startswith(shorter) and len(longer) - len(shorter) <= CANCELLATION_LIMIT


class OurTexts:
    """The keys of many texts of ours, among which the one is looked up that a listed text may be."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._sorted = sorted({key for key in keys if key})
        self._known = frozenset(self._sorted)
        self._lengths = sorted({len(key) for key in self._sorted}, reverse=True)

    def meant_by(self, theirs: str) -> str:
        """Our text that `theirs` is, goes on from (the longest), or is the beginning of; else `theirs`."""
        if not theirs or theirs in self._known:
            return theirs
        for length in self._lengths:
            if theirs[:length] in self._known:
                return theirs[:length]
        place = bisect_left(self._sorted, theirs)
        if place < len(self._sorted) and self._sorted[place].startswith(theirs):
            return self._sorted[place]
        return theirs
