"""The file of heads: what each seal said, on another volume than the database, only ever appended to.

One line a seal: number, links, last entry, head (base32), instant, key, signature (base64). A line counts by
its signature, so nobody who can merely write to the file can add one. Base32 has no runs of digits that the
masking of telephone numbers in logs could take for one.
"""

from __future__ import annotations

import os
import re
from base64 import b32decode, b32encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from audit.signing import PublicKeys, Statement, encoded, is_signed
from audit.signing import decoded as decoded_base64


class Head(NamedTuple):
    statement: Statement
    key: str
    signature: bytes


def written(digest: bytes) -> str:
    """A SHA-256 digest as 52 characters."""
    return b32encode(digest).decode().rstrip("=")


def read(text: str) -> bytes:
    """The digest of `written`. Raises ValueError for anything else."""
    if not re.fullmatch(r"[A-Z2-7]{52}", text):
        raise ValueError(f"not a head of the chain: {text!r}")
    return b32decode(text + "====")


def line_of(head: Head) -> str:
    said = head.statement
    at = said.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    numbers = (said.seal, said.links, said.last_entry)
    words = (*numbers, written(said.head), at, head.key, encoded(head.signature))
    return " ".join(map(str, words))


def head_of(line: str) -> Head:
    """The head of `line_of`. Raises ValueError for anything else."""
    seal, links, last_entry, head, at, key, signature = line.split()
    statement = Statement(int(seal), int(links), int(last_entry), read(head), datetime.fromisoformat(at))
    if len(decoded_base64(signature)) != 64:
        raise ValueError("not a whole signature")
    return Head(statement, key, decoded_base64(signature))


def place() -> Path:
    """The file of the database that is connected to. Raises ImproperlyConfigured where none is set."""
    if settings.AUDIT_HEADS_PATH:
        return Path(settings.AUDIT_HEADS_PATH)
    if not settings.DEVELOPMENT:
        raise ImproperlyConfigured(
            "AUDIT_HEADS_PATH is not set: the heads of the audit trail need a file on another volume than"
            " the database's; .env.example says which processes need it."
        )
    with connection.cursor() as cursor:
        # A database made anew begins a file of its own.
        cursor.execute(
            "SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database())"
            " FROM pg_control_system()"
        )
        cluster, database = cursor.fetchone()
    return Path(settings.VAR_DIR) / "audit" / f"{cluster}-{database}.heads"


def append(path: Path, heads: Iterable[Head]) -> None:
    """Write lines to the end of the file and have them on the disk. Raises OSError."""
    text = "".join(f"{line_of(head)}\n" for head in heads)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        # A line that a dying process left half is closed first.
        if _ends_amid_a_line(path):
            text = "\n" + text
        os.write(file, text.encode())
        os.fsync(file)
    finally:
        os.close(file)


def heads_in(path: Path, keys: PublicKeys) -> tuple[list[Head], list[Head]]:
    """The signed heads of the file, and lines that nobody believed here signed. Raises OSError.

    A line that is no head at all was left half by a process that died, and says nothing.
    """
    found: tuple[list[Head], list[Head]] = ([], [])
    with path.open(errors="replace") as lines:
        for head in _heads(lines):
            found[not _is_believed(head, keys)].append(head)
    return found


def _heads(lines: Iterable[str]) -> Iterator[Head]:
    for line in lines:
        with suppress(ValueError, OverflowError):
            yield head_of(line)


def _is_believed(head: Head, keys: PublicKeys) -> bool:
    return is_signed(head.statement, head.key, head.signature, keys)


def newest_in(path: Path, keys: PublicKeys) -> int:
    """The number of the newest signed seal of the file's end; 0 where there is none. Raises OSError."""
    try:
        with path.open("rb") as file:
            # The end of the file, some hundreds of lines.
            file.seek(max(file.seek(0, os.SEEK_END) - 64 * 1024, 0))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return 0
    return max((head.statement.seal for head in _heads(lines) if _is_believed(head, keys)), default=0)


def _ends_amid_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
