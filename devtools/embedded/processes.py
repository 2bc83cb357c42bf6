"""What the two servers have in common: finding, asking and ending a process that is not our child."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path


class EmbeddedError(Exception):
    """An embedded service cannot run. The text says what, where and what to do, in one sentence or two."""


def free_port(preferred: int | None = None) -> int:
    """A free loopback TCP port; the preferred one if it is still free, so that addresses stay the same."""
    for wanted in (preferred, 0):
        if wanted is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedError("No free TCP port on 127.0.0.1: too many connections are open on this machine.")


def answers(port: int) -> bool:
    """Whether something listens on this loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False


def is_alive(pid: int, mark: str) -> bool:
    """Whether `pid` runs and its command line contains `mark`; a recycled pid belongs to somebody else."""
    if pid <= 0:
        return False
    proc = Path("/proc", str(pid))
    try:
        if proc.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        return mark in proc.joinpath("cmdline").read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return _is_alive_without_proc(pid)
    except (OSError, IndexError):
        return False


def _is_alive_without_proc(pid: int) -> bool:
    if Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def end(pid: int, mark: str, *, first: signal.Signals, seconds: float) -> None:
    """Ask a process to end, wait, and kill it if it does not listen."""
    for number, patience in ((first, seconds), (signal.SIGKILL, 5.0)):
        if not is_alive(pid, mark):
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and is_alive(pid, mark):
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
            time.sleep(0.02)
