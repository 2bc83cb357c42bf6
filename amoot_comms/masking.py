"""What must never stand in a log: phone numbers, secrets, message texts."""

from __future__ import annotations

import re
from typing import Any, Final

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
_LAST: Final = 2

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
    return "•" * (len(digits) - _LAST) + "".join(digits[-_LAST:])


class Mask:
    """Hides numbers (but their last two digits), secrets and texts in a line.

    `secrets` are values known to be secret, hidden wherever they occur.
    """

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        known = sorted((re.escape(s) for s in secrets if len(s) >= 6), key=len, reverse=True)
        self._known = re.compile("|".join(known)) if known else None

    def __call__(self, line: str) -> str:
        if self._known:
            line = self._known.sub(HIDDEN, line)
        line = _ROW.sub(rf"\1{HIDDEN}", line)
        line = _TEXT.sub(rf"\1{HIDDEN}", line)
        line = _SECRET.sub(rf"\1{HIDDEN}", line)
        line = _URL_PASSWORD.sub(rf"\1{HIDDEN}", line)
        line = _RESET_KEY.sub(rf"\1{HIDDEN}", line)
        line = _HOOK.sub(rf"\1{HIDDEN}", line)
        return _NUMBER.sub(_hide_number, line)


def drop_texts(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: fields that carry a message's text or a secret are not logged at all."""
    for key in event:
        if key.lower() in SECRET_KEYS or key.lower() in TEXT_KEYS:
            event[key] = HIDDEN
    return event
