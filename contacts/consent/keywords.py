"""What a customer's message says about messages (readings 13 and 16). Pure.

The keywords are `11`, `لغو11` and `لغو` to have no more promotional messages, `12` to have them again: in
the digits of three scripts, with any spaces, ZWNJ or signs between and around them. They may stand alone,
those of the opt-out also in the first line with a signature beneath.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from persian.text import fold, search_key

_OPT_OUT: Final = frozenset({"11", "لغو", "لغو11", "11لغو"})
_OPT_IN: Final = frozenset({"12"})
_CANCEL: Final = "لغو"
_NO_LETTER_OR_DIGIT: Final = re.compile(r"[\W_]+")
# Longer texts are letters to somebody; their first words still say what they are about.
_LOOKED_AT: Final = 2000


class Meaning(StrEnum):
    """What the words of a message ask for."""

    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    PERHAPS = "perhaps"  # the keyword is in it, among other words
    NOTHING = "nothing"


def meaning_of(text: str) -> Meaning:
    """What a received text says. A keyword alone, or alone in the first line, is meant; one among other
    words only perhaps («ساعت ۱۱ بیایید»)."""
    lines = [line for line in fold(text[:_LOOKED_AT]).split("\n") if _bare(line)]
    first = _bare(lines[0]) if lines else ""
    if first in _OPT_OUT:
        return Meaning.OPT_OUT
    if first in _OPT_IN and len(lines) == 1:
        return Meaning.OPT_IN
    words = [word for line in lines for word in _NO_LETTER_OR_DIGIT.split(search_key(line))]
    if any(word in _OPT_OUT or word.startswith(_CANCEL) for word in words):
        return Meaning.PERHAPS
    return Meaning.NOTHING


def _bare(line: str) -> str:
    return _NO_LETTER_OR_DIGIT.sub("", search_key(line))
