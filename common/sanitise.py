"""Strangers' texts as the database can hold them. Pure."""

from __future__ import annotations

import re
from typing import Final

# PostgreSQL stores no NUL, and half a surrogate pair is no character.
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
REPLACEMENT: Final = "\ufffd"


def sanitise(text: str, limit: int | None = None, *, replacement: str = REPLACEMENT) -> str:
    """`text` in at most `limit` bytes of UTF-8, what cannot be stored replaced."""
    kept = _UNSTORABLE.sub(replacement, text[:limit])
    return kept if limit is None else kept.encode()[:limit].decode("utf-8", "ignore")
