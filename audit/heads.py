"""How a head of the chain is written in a log and read back. Pure.

Base32 (RFC 4648) without padding: unlike hexadecimal it has no runs of digits that the masking of
telephone numbers in the logs could take for one.
"""

from __future__ import annotations

import re
from base64 import b32decode, b32encode
from collections.abc import Iterable

_HEAD = re.compile(r"audit\.sealed\b.*?\bhead=([A-Z2-7]{52})")


def written(digest: bytes) -> str:
    """A SHA-256 digest as 52 characters."""
    return b32encode(digest).decode().rstrip("=")


def read(text: str) -> bytes:
    """The digest of `written`. Raises ValueError for anything else."""
    if not re.fullmatch(r"[A-Z2-7]{52}", text):
        raise ValueError(f"not a head of the chain: {text!r}")
    return b32decode(text + "====")


def heads_in_log(lines: Iterable[str]) -> set[bytes]:
    """Every head that a log tells of (the lines of `audit.sealing`, in any format)."""
    return {read(match[1]) for line in lines if (match := _HEAD.search(line))}
