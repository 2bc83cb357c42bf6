"""What a backup says of itself: counts, the chain's head, migrations, versions, its keys' fingerprints."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from amoot_comms.backup.programs import BackupError

FORMAT: Final = 1  # of the manifest itself
FILE: Final = "manifest.json"
DUMP: Final = "portal.dump"
# Rows that are not dumped: sessions and one-time codes. Everybody signs in anew after a restore.
WITHOUT_ROWS: Final = ("django_session", "portal_cache")
# Keys on which the database's contents depend. They are backed up apart from it, or whoever has the one has
# the other.
KEYS: Final = ("SECRET_KEY", "FACTOR_KEYS", "AUDIT_SIGNING_KEY")


@dataclass(frozen=True)
class Manifest:
    format: int
    made_at: str
    server: str
    program: str
    sha256: str
    bytes: int
    tables: dict[str, int]
    migrations: list[str]
    chain: dict[str, Any]
    keys: dict[str, list[str]]

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2) + "\n")


def read(folder: Path) -> Manifest:
    """Raises BackupError for what is no backup of this kind, or whose dump is not the one described."""
    try:
        content = json.loads((folder / FILE).read_text())
        manifest = Manifest(**content)
    except (OSError, ValueError, TypeError) as error:
        raise BackupError(f"{folder / FILE} cannot be read: {error}.") from error
    if manifest.format != FORMAT:
        raise BackupError(f"{folder} is a backup of format {manifest.format}; this portal reads {FORMAT}.")
    try:
        found = digest(folder / DUMP)
    except OSError as error:
        raise BackupError(f"{folder / DUMP} cannot be read: {error.strerror}.") from error
    if found != manifest.sha256:
        raise BackupError(f"{folder / DUMP} is not what its manifest describes: its SHA-256 is {found}.")
    return manifest


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def count_tables(connection: BaseDatabaseWrapper) -> dict[str, int]:
    """The rows of every table of the portal's; none are counted where none are dumped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> %s"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1",
            ["information_schema"],
        )
        names = [str(row[0]) for row in cursor.fetchall()]
        counts = {}
        for name in names:
            if name in WITHOUT_ROWS:
                counts[name] = 0
                continue
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.SQL(name)))
            counts[name] = int(cursor.fetchone()[0])
    return counts


def chain_head(connection: BaseDatabaseWrapper) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, encode(digest, 'hex') FROM audit_link ORDER BY id DESC LIMIT 1")
        last = cursor.fetchone()
    return {"links": int(last[0]) if last else 0, "head": str(last[1]) if last else ""}


def applied_migrations(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        return [str(row[0]) for row in cursor.fetchall()]


def key_fingerprints() -> dict[str, list[str]]:
    """By the key's name: what tells it from another one and gives nothing of it away."""
    found = {}
    for name in KEYS:
        given = getattr(settings, name, None)
        values: Sequence[str] = [given] if isinstance(given, str) else list(given or ())
        prints = [hashlib.sha256(f"{name}:{value}".encode()).hexdigest()[:16] for value in values if value]
        if prints:
            found[name] = prints
    return found


def missing_keys(manifest: Manifest) -> list[str]:
    """The names of the keys that the backup's contents were written with and that are not given here."""
    here = key_fingerprints()
    return [name for name, prints in manifest.keys.items() if not set(prints) <= set(here.get(name, ()))]
