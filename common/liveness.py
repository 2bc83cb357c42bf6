"""Heartbeat files: a process's main loop says that it turns, and a health check asks how long ago it did.

A file holds a pid and the clock that never steps (CLOCK_MONOTONIC, one for all processes of a machine or
container), so that a wrong clock makes nobody ill. Without Django: the check starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_DIRECTORY: Final = Path(__file__).resolve().parent.parent / "var" / "run" / "alive"
# Seconds without a heartbeat after which a process hangs.
HEARTBEAT_SECONDS: Final = 60
# Seconds after which a task, or a thread's turn, hangs: the largest import takes minutes.
TASK_SECONDS: Final = 1800


@dataclass(frozen=True)
class Heartbeat:
    pid: int
    seconds: float  # since it was written


def directory() -> Path:
    return Path(os.environ.get("HEARTBEAT_DIR") or DEFAULT_DIRECTORY)


def report_alive(name: str) -> None:
    """Write `name`'s heartbeat. A disk that takes none is seen by the check, and ends no process."""
    with contextlib.suppress(OSError):
        directory().mkdir(parents=True, exist_ok=True)
        fresh = directory() / f".{name}.{os.getpid()}"
        fresh.write_text(f"{os.getpid()} {time.monotonic()}")
        fresh.replace(directory() / name)


def begin_task(name: str) -> None:
    """This pool process of the worker `name` takes a task."""
    report_alive(_task_file(name))


def end_task(name: str) -> None:
    with contextlib.suppress(OSError):
        (directory() / _task_file(name)).unlink()


def heartbeat(name: str) -> Heartbeat | None:
    return _read(directory() / name)


def tasks(name: str) -> list[Heartbeat]:
    """When each task that a worker's living pool processes are at was begun."""
    found = []
    for path in directory().glob(f"{name}.task.*"):
        begun = _read(path)
        if begun is not None and Path("/proc", str(begun.pid)).exists():
            found.append(begun)
        else:
            path.unlink(missing_ok=True)
    return found


def _task_file(name: str) -> str:
    return f"{name}.task.{os.getpid()}"


def _read(path: Path) -> Heartbeat | None:
    try:
        pid, at = path.read_text().split()
        return Heartbeat(int(pid), time.monotonic() - float(at))
    except (OSError, ValueError):
        return None
