"""Whether a text on the provider's list is a text of the portal. Pure.

Providers change letters (ی, ک) and spaces, append a cancellation line and cut texts off; a digest here
is the same for all of these.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from persian.text import search_key

_CANCELLATION: Final = re.compile(r"\s*لغو ?11$")
# The digests kept in memory: a sender outside may write every customer a text of their own.
_KEPT: Final = 10_000


def canonical(text: str) -> str:
    """A text as it is compared: folded, without the cancellation line at its end."""
    return _CANCELLATION.sub("", search_key(text))


def digest_of(key: str) -> str:
    """The MD5 of a canonical text, in hex: it names, it protects nothing."""
    return hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Spelled:
    """Two digests of one text: its `own`, and that of the portal's text that may be `meant` by it.

    Only `meant` finds a message; what was sent past the portal is named and shown by its `own`.
    """

    own: str
    meant: str


class Speller:
    """Digests of the provider's texts.

    `ours` are the canonical texts of the portal's own messages around that day.
    """

    def __init__(self, ours: Iterable[str]) -> None:
        self._ours = sorted({key for key in ours if key})
        self._known = frozenset(self._ours)
        self._lengths = sorted({len(key) for key in self._ours}, reverse=True)
        self._spelled: dict[str, Spelled] = {}

    def spelled(self, text: str) -> Spelled:
        known = self._spelled.get(text)
        if known is None:
            if len(self._spelled) >= _KEPT:
                self._spelled.clear()
            key = canonical(text)
            known = Spelled(digest_of(key), digest_of(self._meant(key)))
            self._spelled[text] = known
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
