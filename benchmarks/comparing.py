"""The portal beside django-post_office, which people use instead: two processes each, the same gateway."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection

from benchmarks import world
from benchmarks.dispatching import BATCH, WORKERS
from benchmarks.measure import note, report_share
from benchmarks.processes import database_url, drive, gateway


def run(rows: int, theirs: int, repeat: int, directory: Path) -> None:
    """Recipients a second, from everything queued to everything sent: `rows` ours, `theirs` its own."""
    ours, other = [], []
    with gateway(directory / "compare.jsonl") as at, _database() as url:
        environment = at.environment(min(BATCH, max(rows // 20, 1)))
        for _turn in range(repeat):
            world.planned(rows)
            ours.append(drive("pump", {}, environment, workers=WORKERS).rate)
            # One process that forks two, since that is how it works in parallel.
            options = {"rows": theirs, "processes": WORKERS}
            work = drive("post_office", options, {**environment, "DATABASE_URL": url}, workers=1)
            other.append(work.rate)
    note(f"django-post_office sent {theirs:,} one by one; the portal {rows:,} in batches")
    report_share(
        "recipients a second, or django-post_office's", statistics.median(ours), statistics.median(other), 10
    )


@contextmanager
def _database() -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_post_office"
    _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    try:
        yield database_url(name)
    finally:
        _administer(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administer(*statements: str) -> None:
    with psycopg.connect(database_url(), autocommit=True) as own:
        for statement in statements:
            own.execute(statement.encode())
