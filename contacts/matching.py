"""What is meant by what somebody typed into a search of customers: groups of hits, the best first.

1. *exact*: a whole number in any spelling, of the telephone or the customer number, finds who has it. A whole
   telephone number finds nobody else: its parts stand in the numbers of strangers.
2. *ends*: four digits or more are first looked for at the end of a number, which is what people know.
3. *parts*: every word, in any spelling, is part of name, company, customer number or number; a word of one or
   two letters begins a word there (PostgreSQL's trigrams cannot find it within one).
4. *similar*: words of letters that are spelled otherwise, by word similarity (`contacts.vocabulary`), only
   where the others do not fill a page; digits are never "similar".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from persian.phones import InvalidNumber, normalise, search_digits
from persian.text import fold_line, search_key

# Fewer digits stand at the end of too many numbers to be worth a group of their own.
_ENDS_FROM: Final = 4
# What trigrams can find within a word.
_WITHIN_FROM: Final = 3


@dataclass(frozen=True, slots=True)
class Sought:
    """`key` is what was typed, folded; empty: nothing was, and everybody is meant.

    `number` is the whole telephone number (E.164) that was typed, `digits` what is looked for in local forms
    if nothing but digits was.
    """

    key: str
    customer_no: tuple[str, ...]
    number: str | None
    digits: str | None

    @classmethod
    def typed(cls, text: str) -> Sought:
        digits = search_digits(text)
        return cls(
            search_key(text), tuple({fold_line(text), digits or fold_line(text)}), _whole(text), digits
        )

    @property
    def groups(self) -> list[Q]:
        """*ends* and *parts*; a row may be in both."""
        if self.number:
            return []
        if self.digits is None:
            return [_parts(self.key)]
        forms = [self.digits]
        if self.digits.startswith("98"):
            forms.append("0" + self.digits[2:])
        holds = Q(search_text__contains=self.key)
        for form in forms:
            holds |= Q(search_text__contains=form)
        return [_ends(forms), holds] if len(self.digits) >= _ENDS_FROM else [holds]

    @property
    def words(self) -> list[str]:
        """The words that may be misspelled, where nothing of what was typed is known as it stands."""
        return [] if self.digits is not None else [word for word in self.key.split() if _is_name(word)]

    def respelled(self, words: Mapping[str, Sequence[str]]) -> Q:
        """*parts*, with one of the given ones in place of each of `words`."""
        found = Q()
        for word in _telling(self.key):
            one_of = Q()
            for spelling in words.get(word, [word]):
                one_of |= _part(spelling)
            found &= one_of
        return found


def _whole(text: str) -> str | None:
    try:
        return normalise(text)
    except InvalidNumber:
        return None


def _ends(forms: list[str]) -> Q:
    """Numbers stand in the last line: a space follows all but the last one."""
    found = Q()
    for form in forms:
        found |= Q(search_text__endswith=form) | Q(search_text__contains=f"{form} ", address__endswith=form)
    return found


def _parts(key: str) -> Q:
    words = _telling(key)
    if not words:
        return Q(pk__in=())
    found = Q()
    for word in words:
        found &= _part(word)
    # «محمد رضا» is also found as «محمدرضا».
    return found | _part("".join(words)) if len(words) > 1 else found


def _telling(key: str) -> list[str]:
    """Words with a letter or digit. A sign says nothing beside them, and alone it finds nobody."""
    return [word for word in key.split() if any(map(str.isalnum, word))]


def _part(word: str) -> Q:
    if len(word) >= _WITHIN_FROM:
        return Q(search_text__contains=word)
    begins = Q(search_text__startswith=word)
    return begins | Q(search_text__contains=f" {word}") | Q(search_text__contains=f"\n{word}")


def _is_name(word: str) -> bool:
    return len(word) >= _WITHIN_FROM and word.isalpha()
