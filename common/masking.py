"""Phone numbers, secrets and message texts, hidden where they must not stand. Pure.

A log line and a provider's answer hide the same secrets (`Mask.secrets`). Their numbers differ: a log keeps
ids and instants readable and hides what looks like a number in any script and spelling (`Mask`); in a
provider's answer every run of ten digits counts as a number (`masked_number`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from common.sanitise import sanitise
from persian.digits import to_ascii

_DIGIT: Final = "[0-9۰-۹٠-٩０-９]"
# What people, formats and addresses put between digits, invisible marks included.
_GAP: Final = r"(?:[ \t\u00a0()\-_·/\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2066-\u2069]|%20){0,3}"
_GAP_OR_DOT: Final = _GAP.replace("·", "·.")
_PLUS: Final = "(?:[+＋]|%2[bB])"


def _digits(chars: str) -> str:
    """A class of these digits in all scripts."""
    scripts = ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９")
    return "[" + "".join(script[int(char)] for char in chars for script in scripts) + "]"


_NUMBER: Final = re.compile(
    "|".join(
        (
            # A digest keeps its digits: the audit trail's head is anchored in the log.
            r"(?P<keep>\b(?=[0-9]*[a-f])[0-9a-f]{32,128}\b)",
            # any number with its country
            rf"{_PLUS}(?:{_GAP_OR_DOT}{_DIGIT}){{7,15}}",
            # an Iranian mobile: 98912…, 0098912…, 0912…, 912…
            rf"(?<!{_DIGIT})(?:(?:(?:{_digits('0')}{{2}})?{_digits('9')}{_digits('8')}|{_digits('0')}){_GAP_OR_DOT})?"
            rf"{_digits('9')}(?:{_GAP_OR_DOT}{_DIGIT}){{9}}(?!{_DIGIT})",
            # a landline or a number abroad: 021…, 0049…
            rf"(?<![0-9۰-۹٠-٩.]){_digits('0')}(?:{_GAP}{_DIGIT}){{9,14}}(?!{_DIGIT})",
        )
    )
)

_SECRET: Final = re.compile(
    r"(?i)((?:authorization|token|secret|password|passwd|sessionid|csrf\w*|cookie|api[_-]?key|credential)\w*"
    r"[\"']?\s*[:=]\s*[\"']?)((?:bearer |basic |ad )?[^\s\"',;&}\[\]]+)"
)
_URL_PASSWORD: Final = re.compile(r"(://[^\s/:@]*:)[^\s/@]+(?=@)")
_RESET_KEY: Final = re.compile(r"(/password/reset/key/)[^\s/\"']+")
# A callback's address: also a former secret, or a mistyped one.
_HOOK: Final = re.compile(r"(/hooks/[A-Za-z0-9_-]+/)[^\s/\"'?]+")
# A row that PostgreSQL quotes in an error, and the providers' text fields.
_ROW: Final = re.compile(r"(Failing row contains ).*", re.DOTALL)
_TEXT: Final = re.compile(
    r"(?i)([\"']?(?:sms|avanak)?message_?text[\"']?\s*[:=]\s*)(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^&\s,}]+)"
)

HIDDEN: Final = "[hidden]"
SECRET_KEYS: Final = frozenset(
    {"authorization", "token", "secret", "password", "cookie", "sessionid", "csrfmiddlewaretoken"}
)
TEXT_KEYS: Final = frozenset(
    {"text", "body", "message_text", "smsmessagetext", "messagetext", "avanakmessagetext", "answer"}
)


def _hide_number(match: re.Match[str]) -> str:
    if match["keep"]:
        return match[0]
    digits = re.findall(_DIGIT, match[0])
    return "•" * (len(digits) - 2) + "".join(digits[-2:])


class Mask:
    """Hides numbers (but their last two digits), secrets and texts in a line.

    `secrets` are values known to be secret, hidden wherever they occur.
    """

    def __init__(self, secrets: Iterable[str] = (), *, shortest: int = 6) -> None:
        # The longest first: one may be the beginning of another.
        self._known = sorted({one for one in secrets if len(one) >= shortest}, key=len, reverse=True)

    def __call__(self, line: str) -> str:
        return _NUMBER.sub(_hide_number, self.secrets(_ROW.sub(rf"\1{HIDDEN}", line), _TEXT, rf"\1{HIDDEN}"))

    def secrets(self, line: str, texts: re.Pattern[str], shown: Any) -> str:
        """The line without secrets, with `shown` in place of each of `texts`.

        Texts go before what only looks like a secret: one that ends in a backslash would take the escape of
        the quote behind it along, and the rest of the text would stay.
        """
        for secret in self._known:
            line = line.replace(secret, HIDDEN)
        line = texts.sub(shown, line)
        for pattern in (_SECRET, _URL_PASSWORD, _RESET_KEY, _HOOK):
            line = pattern.sub(rf"\1{HIDDEN}", line)
        return line


def drop_texts(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: fields that carry a message's text or a secret are not logged at all."""
    for key in event:
        if key.lower() in SECRET_KEYS or key.lower() in TEXT_KEYS:
            event[key] = HIDDEN
    return event


# Of a provider's answer; the column holds no more.
KEPT_BYTES: Final = 4096

# Ten digits, with or without the trunk zero or the country's code. An id of ten digits is masked
# too: a number that stays readable would be worse.
_DIGITS: Final = re.compile(r"[0-9]{10,}")
_WITH_COUNTRY: Final = re.compile(r"((?:(?:00)?98|0)?[1-9][0-9]{2})[0-9]{5}([0-9]{2})")
_MOBILE: Final = re.compile(r"((?:98|0)9[0-9]{2})[0-9]{5}([0-9]{2})")
# As .NET writes quotes, ampersands and spaces: its digits must not join a number's.
_ESCAPED_SIGN: Final = re.compile(r"\\u00([2-7][0-9a-fA-F])")
_ANSWER_TEXT: Final = re.compile(r'(Text|Title|Name)"\s*:\s*"((?:[^"\\]|\\.)*)\\?"?')
_NATIVE_DIGIT: Final = re.compile("[۰-۹٠-٩]")
_ESCAPED_DIGIT: Final = re.compile(r"\\u06(?:[fF]([0-9])|6([0-9]))")


def masked_number(number: str) -> str:
    """`+989121234567` → `+98912*****67`, wherever it stands in a text."""
    return _DIGITS.sub(_mask_digits, number)


def _mask_digits(found: re.Match[str]) -> str:
    number = _WITH_COUNTRY.fullmatch(found[0])
    if number is None:  # a longer run: whatever can be a mobile in it
        return _MOBILE.sub(lambda mobile: f"{mobile[1]}*****{mobile[2]}", found[0])
    return f"{number[1]}*****{number[2]}"


def masked_answer(raw: str, secrets: Iterable[str] = ()) -> str:
    """A provider's answer fit to be kept: numbers masked, texts replaced by their length, bounded.

    `secrets` are the token and the texts that were sent.
    """
    # What lies beyond is never looked at; masking shortens texts, so more is read than is kept.
    window = 2 * KEPT_BYTES
    cut = len(raw) > window
    kept = Mask(secrets, shortest=4).secrets(
        raw[:window], _ANSWER_TEXT, lambda found: f'{found[1]}":"[{len(found[2])} characters]"'
    )
    kept = _NATIVE_DIGIT.sub(lambda found: to_ascii(found[0]), kept)
    if "\\u00" in kept:
        kept = _ESCAPED_SIGN.sub(lambda found: chr(int(found[1], 16)), kept)
    if "\\u06" in kept:
        kept = _ESCAPED_DIGIT.sub(lambda found: found[1] or found[2], kept)
    if cut:
        kept = kept.rstrip("0123456789+")  # half a number at the edge
    return sanitise(masked_number(kept), KEPT_BYTES)
