"""Makes a backup: the dump and the counts of its manifest are of one and the same snapshot."""

from __future__ import annotations

import errno
import shutil
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, transaction

from amoot_comms.backup import manifest as about
from amoot_comms.backup.programs import BackupError, Program, program, run, server_version


def back_up(parent: Path, *, now: datetime) -> Path:
    """Write a backup into a new folder of `parent`, named by the time (UTC); that folder.

    Raises BackupError; nothing half-made stays behind.
    """
    server = server_version(connection)
    pg_dump = program("pg_dump", at_least=server)
    folder = parent / f"portal-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    fresh = parent / f".{folder.name}.partial"
    try:
        if folder.exists():
            raise FileExistsError(errno.EEXIST, "it is there already")
        fresh.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise BackupError(f"{folder} cannot be made: {error.strerror}.") from error
    try:
        # Readable by nobody else from its first byte: the folder is closed.
        _dump(fresh, pg_dump, server, now)
        fresh.rename(folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return folder


def _dump(folder: Path, pg_dump: Program, server: str, now: datetime) -> None:
    """Write dump and manifest into `folder`, by one snapshot."""
    dump = folder / about.DUMP
    with transaction.atomic():
        snapshot = _snapshot()
        tables = about.count_tables(connection)
        chain = about.chain_head(connection)
        migrations = about.applied_migrations(connection)
        leave_out = [f"--exclude-table-data={name}" for name in about.WITHOUT_ROWS]
        options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        run(pg_dump, [*options, *leave_out, f"--file={dump}"], connection)
    about.Manifest(
        format=about.FORMAT,
        made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        server=server,
        program=pg_dump.version,
        sha256=about.digest(dump),
        bytes=dump.stat().st_size,
        tables=tables,
        migrations=migrations,
        chain=chain,
        keys=about.key_fingerprints(),
    ).write(folder)


def _snapshot() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])
