"""The fake gateway's log: JSON lines, written before anything is answered, and read back at a start.

The format is documented in docs/gateways.md; the offline checker reads it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def stamp(at: float) -> str:
    """An instant (seconds since the epoch) as ISO 8601 in UTC, microseconds included."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def encode(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class GatewayLog:
    """Appends whole lines; a crash of the process loses none that was written."""

    def __init__(self, path: Path) -> None:
        """Open for appending, the folder made where missing. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if _ends_in_half_a_line(path):
            self.write([""])

    def write(self, lines: Iterable[str]) -> None:
        """Append lines in one go, before anybody is answered."""
        data = memoryview("".join([f"{line}\n" for line in lines]).encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(self._file, data) :]

    def record(self, **entry: Any) -> None:
        self.write([encode(entry)])

    def close(self) -> None:
        os.close(self._file)

    def remembered(self) -> Iterator[dict[str, Any]]:
        """What a provider would still know after a restart: accepted recipients and voice messages."""
        with self.path.open("rb") as lines:
            for line in lines:
                if b'"event":"accepted"' not in line and b'"event":"audio"' not in line:
                    continue
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue  # half a line of a process that was killed
                if entry["event"] in {"accepted", "audio"}:
                    yield entry


def _ends_in_half_a_line(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"
