"""A migrated database that the test databases are copies of: the migrations of a run are applied once.

It stays on the server for the next run. Its name holds a digest of everything that its tables and rows come
from, so a change of any of it makes another one; each copy is migrated again all the same (there is nothing
to do then), which also sets the rights and the groups.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from tests.processes import ROOT, owner_url

PREFIX = "test_template_"
# Beside the migrations: rows and rights that `migrate` sets, and the packages, some of which have migrations.
SOURCES = (
    "staff/roles.py",
    "amoot_comms/database/granting.py",
    "amoot_comms/database/grants.py",
    "requirements.lock",
    "requirements-dev.lock",
)
# Any number that nothing else on the server locks.
LOCK = 7_600_411


@contextmanager
def template(role: str) -> Iterator[str]:
    """The name of the template, which nobody drops meanwhile; made if it is missing.

    1. One process at a time looks for it, and makes it under another name first: what breaks off is no
       template. Those of another digest are dropped.
    2. The lock is held until the copy is made: no other process drops the template under it.
    """
    name = f"{PREFIX}{digest(ROOT, role)}"
    with psycopg.connect(owner_url(), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        found = server.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        ).fetchall()
        for (other,) in found:
            if other != name:
                server.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(other))
                )
        if (name,) not in found:
            fresh = f"{PREFIX}fresh"
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(fresh)))
            _migrate(fresh)
            server.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(fresh), sql.Identifier(name))
            )
        yield name


def _migrate(database: str) -> None:
    from django.core.management import call_command
    from django.db import connection

    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = database
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def digest(root: Path, *words: str) -> str:
    """Of the migrations, of every module that they import, and of `SOURCES`."""
    files = set(root.glob("*/migrations/*.py"))
    waiting = list(files)
    while waiting:
        imported = set(_imported_by(waiting.pop(), root)) - files
        files |= imported
        waiting += imported
    files.update(root / name for name in SOURCES)
    found = hashlib.sha256("\0".join(words).encode())
    for file in sorted(files):
        content = file.read_bytes()
        found.update(f"{file.relative_to(root)}\0{len(content)}\0".encode())
        found.update(content)
    return found.hexdigest()[:16]


def _imported_by(file: Path, root: Path) -> Iterator[Path]:
    """The files of the work tree that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # Relative ones are from the file's own folder or above it.
            folder = file.parents[node.level - 1].relative_to(root).parts if node.level else ()
            parts = (*folder, *([node.module] if node.module else []))
            names = [".".join((*parts, alias.name)) for alias in node.names]
        for name in names:
            parts = tuple(name.split("."))
            for length in range(1, len(parts) + 1):
                path = root.joinpath(*parts[:length])
                yield from (f for f in (path.with_suffix(".py"), path / "__init__.py") if f.is_file())
