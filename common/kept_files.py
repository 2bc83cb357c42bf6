"""Uploaded files between two steps: private, by a name that nobody can guess, for a while."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

_TOKEN: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class FileStore:
    """A folder under MEDIA_ROOT, which the web server does not hand out.

    A file is found by its token alone: whoever gives one out says whose it is (a row, or a signature).
    Files older than `kept_for` are forgotten, whatever refers to them.
    """

    name: str
    kept_for: timedelta

    @property
    def folder(self) -> Path:
        return Path(settings.MEDIA_ROOT) / self.name

    def path(self, token: str) -> Path:
        """Where the file is, or was. Raises ValueError for what is no token."""
        if not _TOKEN.fullmatch(token):
            raise ValueError("not the name of a kept file")
        return self.folder / token

    def beside(self, token: str) -> Path:
        """Where what was worked out of the file is kept."""
        return self.path(token).with_suffix(".json")

    def keep(self, chunks: Iterable[bytes], *, now: datetime) -> str:
        """Keep a file, whole or not at all; its token. Forgets the old ones."""
        self.forget_old(now=now)
        token = secrets.token_hex(16)
        _write(self.path(token), chunks)
        return token

    def keep_beside(self, token: str, text: str) -> None:
        _write(self.beside(token), [text.encode()])

    def drop(self, token: str) -> None:
        """Delete a file and what is beside it, if they are still there."""
        self.path(token).unlink(missing_ok=True)
        self.beside(token).unlink(missing_ok=True)

    def forget_old(self, *, now: datetime) -> int:
        """Delete what is older than `kept_for`; how many files."""
        before = (now - self.kept_for).timestamp()
        try:
            old = [path for path in self.folder.iterdir() if path.stat().st_mtime < before]
        except FileNotFoundError:
            return 0  # nothing was ever kept, or another process is forgetting at this moment
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _write(path: Path, chunks: Iterable[bytes]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    unfinished.touch(mode=0o600)
    with unfinished.open("wb") as stream:
        stream.writelines(chunks)
    unfinished.replace(path)
