"""Whether a text on the provider's list is a text of the portal. Pure.

Providers change letters (ی, ک) and spaces, append a cancellation line and cut texts off; a digest here
is the same for all of these.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from persian.text import search_key

_CANCELLATION: Final = re.compile(r"\s*لغو ?11$")
# Somebody may send every customer a text of their own; the digests of so many are kept at hand.
_KEPT: Final = 10_000


def canonical(text: str) -> str:
    """A text as it is compared: folded, without the cancellation line at its end."""
    return _CANCELLATION.sub("", search_key(text))


def digest_of(key: str) -> str:
    """The MD5 of a canonical text, in hex: it names, it protects nothing."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


class Speller:
    """Digests of the provider's texts, each that of the portal's text that it stands for, if of one.

    `ours` are the canonical texts of the portal's own messages around that day.
    """

    def __init__(self, ours: Iterable[str]) -> None:
        self._ours = sorted({key for key in ours if key})
        self._known = frozenset(self._ours)
        self._lengths = sorted({len(key) for key in self._ours}, reverse=True)
        self._digests: dict[str, str] = {}

    def digest(self, text: str) -> str:
        known = self._digests.get(text)
        if known is None:
            if len(self._digests) >= _KEPT:
                self._digests.clear()
            known = digest_of(self._meant(canonical(text)))
            self._digests[text] = known
        return known

    def _meant(self, theirs: str) -> str:
        """The portal's text that `theirs` is, goes on from, or is the beginning of; else `theirs`."""
        if not theirs or theirs in self._known:
            return theirs
        for length in self._lengths:
            if theirs[:length] in self._known:
                return theirs[:length]
        place = bisect_left(self._ours, theirs)
        if place < len(self._ours) and self._ours[place].startswith(theirs):
            return self._ours[place]
        return theirs
