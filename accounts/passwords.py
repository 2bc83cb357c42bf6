"""What a password must be: long, and not made of what anybody would try first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator, MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from common.wording import place_text
from persian.digits import to_ascii

# Opens demo data; stands in the documentation, so that a portal without demo data refuses it everywhere.
DEMO_PASSWORD: Final = "amoot-demo-1405"  # noqa: S105

# Company, products, the portal's own roles, and the words of lists of stolen passwords' tops.
_WORDS: Final = (
    *("amootsoft", "amoot", "avanak", "owj", "hub", "آموت", "آوانک", "اوج", "portal", "demo"),
    *("sender", "manager", "senior", "branding", "auditor", "administrator", "admin", "user", "test"),
    *("password", "passwd", "pass", "secret", "welcome", "letmein", "login", "iloveyou", "tehran", "iran"),
    *("رمز", "گذرواژه", "ایران", "تهران", "سلام"),
)
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "ضصثقفغعهخحجچ", "شسیبلاتنمکگ", "ظطزرذدپو")
_LEET: Final = str.maketrans("@$!013457", "asioieast")
# Shorter ones are no word, and follow each other by chance.
_RUN: Final = 3


class LongEnough(MinimumLengthValidator):
    """The least length of a password, said in the page's own digits."""

    def get_help_text(self) -> str:
        return _("A password has at least %(length)s characters.") % {"length": place_text(self.min_length)}

    def get_error_message(self) -> str:
        return _("This password is too short: it needs at least %(length)s characters.") % {
            "length": place_text(self.min_length)
        }


class HardToGuess:
    """Refuses repeats, sequences, names and common words, however they are put together or spelled.

    What is left of a password without them must be six letters and digits or more, four of them different.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raises ValidationError."""
        if password == DEMO_PASSWORD:
            if settings.DEMO:
                return
            raise ValidationError(_("This password stands in the portal's documentation."), code="published")
        typed = to_ascii(password).casefold()
        if is_repeat(typed) or any(
            len(rest) < 6 or len(set(rest)) < 4
            for rest in (_without(spelled, user) for spelled in {typed, typed.translate(_LEET)})
        ):
            raise ValidationError(
                _(
                    "This password is easy to guess: names, common words, repeats and sequences such as 1234"
                    " do not count."
                ),
                code="easy_to_guess",
            )

    def get_help_text(self) -> str:
        return _("Names, common words, repeats and sequences such as 1234 do not count.")


def is_repeat(text: str) -> bool:
    """Whether the text is one part over and over, as “sendersender” is."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1)
    )


def _without(text: str, user: Any) -> str:
    """The letters and digits without words, sequences, repeats and a common password's core."""
    for word in sorted({*_WORDS, *_names(user)}, key=len, reverse=True):
        text = text.replace(word, "")
    text = re.sub(r"(.)\1{2,}", "", _without_runs(text))
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
    if core and core in _common():
        text = text.replace(core, "")
    return "".join(filter(str.isalnum, text))


def _names(user: Any) -> Iterator[str]:
    """What anybody knows of the user: names, user name, the parts of the address."""
    for field in ("username", "first_name", "last_name", "email"):
        value = to_ascii(str(getattr(user, field, "") or "")).casefold()
        yield from (part for part in {value, *re.split(r"[\W_]+", value)} if len(part) >= _RUN)


def _without_runs(text: str) -> str:
    """Leaves out three and more characters that follow each other, in the alphabet or on a keyboard."""
    kept, start = [], 0
    while start < len(text):
        end = start + 1
        while end < len(text) and _follows(text[start:end], text[end]):
            end += 1
        if end - start < _RUN:
            end = start + 1
            kept.append(text[start])
        start = end
    return "".join(kept)


def _follows(run: str, char: str) -> bool:
    for row in _ROWS:
        for line in (row, row[::-1]):
            if run + char in line:
                return True
    step = ord(char) - ord(run[-1])
    return abs(step) == 1 and all(ord(b) - ord(a) == step for a, b in pairwise(run))


@cache
def _common() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)
