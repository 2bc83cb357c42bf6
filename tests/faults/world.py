"""A world of its own for tests that hurt the services: a PostgreSQL and a Valkey that nobody else uses."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import environ
import psycopg
from django.db import connection, connections
from psycopg import sql

from devtools.embedded.postgres import Postgres
from devtools.embedded.valkey import Valkey
from tests.own_postgres import apart, stop_hard
from tests.processes import ROOT, with_role

PREFIX = "amoot-faults-"
TEMPLATE = "faults_template"

# An acknowledged commit must outlive a server that dies, so it is written before it is acknowledged; the
# machine itself goes on, and with it the kernel's memory, so nothing has to reach the disk.
OPTIONS = {"synchronous_commit": "on", "fsync": "off", "full_page_writes": "off"}


class World:
    """Both servers keep their ports over a stop and a start, as a restarted machine keeps its address."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.postgres = Postgres(apart(directory), OPTIONS)
        self.valkey = Valkey(directory / "valkey")
        self.postgres_port = self.postgres.start(None)
        self.postgres.prepare(self.postgres_port)
        self.valkey_port = self.valkey.start(None)
        self._databases = 0
        self._make_template()

    # --- the database -----------------------------------------------------------------------------

    def url_of(self, database: str) -> str:
        return urlunsplit(urlsplit(self.postgres.url(self.postgres_port))._replace(path=f"/{database}"))

    def fresh_database(self) -> str:
        """A migrated, empty database; its URL with the application's rights."""
        self._databases += 1
        name = f"faults_{self._databases}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        return with_role(self.url_of(name))

    def drop(self, url: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", urlsplit(url).path.strip("/"))

    def heal(self) -> None:
        """Both servers run, and the broker is empty: whatever the test before did to them."""
        if self.postgres.running() is None:
            self.postgres.start(self.postgres_port)
        self.start_valkey()
        self.redis("FLUSHALL")

    def restart_postgres_hard(self) -> None:
        stop_hard(self.postgres)
        assert self.postgres.running() is None
        assert self.postgres.start(self.postgres_port) == self.postgres_port, "another took the port"

    def terminate_backends(self, url: str) -> int:
        """End every connection to a database, whatever it is about; how many there were."""
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as admin:
            rows = admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [urlsplit(url).path.strip("/")],
            ).fetchall()
        return len(rows)

    def _make_template(self) -> None:
        self._execute("CREATE DATABASE {}", TEMPLATE)
        done = subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env={
                **os.environ,
                "DEVELOPMENT": "1",
                "DATABASE_URL": self.url_of(TEMPLATE),
                "REDIS_URL": self.redis_url,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as admin:
            admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    # --- the broker -------------------------------------------------------------------------------

    @property
    def redis_url(self) -> str:
        return self.valkey.url(self.valkey_port)

    def start_valkey(self) -> None:
        if self.valkey.running() is None:
            assert self.valkey.start(self.valkey_port) == self.valkey_port, "another took the port"

    def redis(self, *words: str) -> str:
        """One command and its answer as it comes over the wire; only for answers of one line."""
        password = urlsplit(self.redis_url).password
        with socket.create_connection(("127.0.0.1", self.valkey_port), timeout=5) as wire:
            wire.sendall(f"AUTH {password}\r\n{' '.join(words)}\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = wire.recv(4096)
                if not part:
                    break
                answer += part
        return answer.decode().splitlines()[1]

    def close(self) -> None:
        self.valkey.stop()
        stop_hard(self.postgres)


def _clear_what_a_killed_run_left() -> None:
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        pid = directory.name.removeprefix(PREFIX).partition("-")[0]
        if directory.stat().st_uid != os.geteuid() or Path("/proc", pid).exists():
            continue
        if (directory / "postgres").is_dir():
            stop_hard(Postgres(apart(directory), OPTIONS))
        Valkey(directory / "valkey").stop()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def private_world() -> Iterator[World]:
    """Both services in a directory of their own, and nothing of them afterwards."""
    _clear_what_a_killed_run_left()
    directory = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    directory.chmod(0o755)
    world = None
    try:
        world = World(directory)
        yield world
    finally:
        if world is not None:
            world.close()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def looking_at(url: str) -> Iterator[None]:
    """Let this process's Django, in all its threads, look at another database, as the superuser."""
    settings = connections.settings["default"]
    before = dict(settings)
    connection.close()
    # Acknowledged means written, here too: an opt-out is made by this process.
    settings.update(environ.Env.db_url_config(url) | {"OPTIONS": {}, "CONN_HEALTH_CHECKS": False})
    try:
        yield
    finally:
        with suppress(psycopg.Error):
            connection.close()
        settings.clear()
        settings.update(before)
