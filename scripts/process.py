"""Become one of the Procfile's processes by its name, or any other command: a container's entry point."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def processes() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    pairs = (line.partition(":") for line in lines if line.strip() and not line.startswith("#"))
    return {name.strip(): command.strip() for name, _, command in pairs}


def main(arguments: list[str]) -> None:
    known = processes()
    if not arguments:
        raise SystemExit(f"Name a process ({', '.join(known)}) or a command.")
    if arguments[0] in known:
        os.execv("/bin/sh", ["sh", "-c", f"exec {known[arguments[0]]}"])  # noqa: S606  # nosec B606
    try:
        os.execvp(arguments[0], arguments)  # noqa: S606  # nosec B606
    except OSError as error:
        raise SystemExit(f"{arguments[0]}: {error.strerror}") from error


if __name__ == "__main__":
    main(sys.argv[1:])
