"""A PostgreSQL of a test's own: the work tree's binaries and user, and a directory of the test's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from devtools.embedded import places
from devtools.embedded.postgres import Postgres


def apart(directory: Path, here: places.Home | None = None) -> places.Home:
    """Its place. `directory` must be one that the unprivileged user can reach."""
    here = here or places.home()
    base = places.made(directory / "postgres", 0o700)
    if here.uid is not None and here.gid is not None:
        places.owned(base, here.uid, here.gid)
    return replace(here, base=base)


def stop_hard(postgres: Postgres) -> None:
    """`pg_ctl stop -m immediate`: no checkpoint, no goodbye; the next start recovers from the log."""
    postgres.home.run(
        *(postgres.home.binary("pg_ctl"), "stop", "-m", "immediate", "-w", "-s"),
        *("-D", str(postgres.home.data)),
    )
