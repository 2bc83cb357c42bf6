"""Which texts a provider's record cannot tell apart. Pure.

Providers change letters and spaces of a text, and may append a line that tells how to cancel. So a record
is compared as `persian.text.search_key` writes it, and may have such a line more.
"""

from __future__ import annotations

from typing import Final

from persian.text import search_key

# The longest cancellation line that a provider may append, and the words by which one is known.
CANCELLATION_LIMIT: Final = 40
_CANCELLING: Final = ("لغو", "انصراف", "11", "off", "stop")


def is_cancellation(rest: str) -> bool:
    """Whether what the provider's text has more is nothing, or a line that tells how to cancel."""
    return not rest or (len(rest) <= CANCELLATION_LIMIT and any(word in rest for word in _CANCELLING))


def are_alike(text: str, other: str) -> bool:
    """Whether one record may be taken for either text's.

    The record of one of them, with whatever line the provider appended, begins with the other only if one
    begins with the other; and what it then has more is a cancellation line only if it is no longer than one.
    """
    shorter, longer = sorted((search_key(text), search_key(other)), key=len)
    return longer.startswith(shorter) and len(longer) - len(shorter) <= CANCELLATION_LIMIT
