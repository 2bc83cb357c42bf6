"""An audience file between the look ahead and the press on send: kept by a name that nobody can guess."""

from __future__ import annotations

import re
import secrets
import time
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# 200,000 numbers of the longest spelling, with room for a name in a second column.
MAX_BYTES: Final = 16 * 1024 * 1024
KEPT_SECONDS: Final = 24 * 3600
_TOKEN: Final = re.compile(r"[0-9a-f]{32}")


def _folder() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "audiences"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _path(token: str) -> Path:
    if not _TOKEN.fullmatch(token):
        raise ValueError("not the name of a kept file")
    return _folder() / token


def keep(content: bytes) -> str:
    """Keep a file for `KEPT_SECONDS`; returns the token that finds it again. Clears away old ones."""
    clear_old()
    token = secrets.token_hex(16)
    path = _path(token)
    path.touch(mode=0o600)
    path.write_bytes(content)
    return token


def fetch(token: str) -> bytes:
    """The kept file. Raises `ValidationError` if it is no longer there."""
    try:
        return _path(token).read_bytes()
    except FileNotFoundError as error:
        raise ValidationError(
            _("The file is no longer kept here. Choose it again; nothing was sent."), code="gone"
        ) from error


def drop(token: str) -> None:
    _path(token).unlink(missing_ok=True)


def clear_old() -> int:
    """Delete files that were looked at and never sent; returns how many."""
    before = time.time() - KEPT_SECONDS
    old = [path for path in _folder().iterdir() if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
