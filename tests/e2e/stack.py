"""The whole portal in processes of its own on free loopback ports and a fresh database."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.processes import ROOT, Processes, free_port, wait_for, with_role

__all__ = ["ROOT", "Stack", "portal"]


@dataclass(kw_only=True)
class Stack(Processes):
    """What a test needs to know of the running portal."""

    url: str
    gateway_log: Path
    gateway_url: str


@contextmanager
def fresh_database(server_url: str, name: str) -> Iterator[str]:
    """A database of its own on the given server, dropped afterwards; its URL."""
    parts = urlsplit(server_url)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


@contextmanager
def portal(folder: Path, *, gateway_options: tuple[str, ...] = (), celery: bool = True) -> Iterator[Stack]:
    """Start everything with demo data, and stop all of it."""
    web, gateway = free_port(), free_port()
    with fresh_database(os.environ["DATABASE_URL"], f"e2e_{os.getpid()}") as database:
        environment = os.environ | {
            "DATABASE_URL": with_role(database),
            "DATABASE_OWNER_URL": database,
            "REDIS_URL": f"{os.environ['REDIS_URL'].split('?')[0].rsplit('/', 1)[0]}/{_broker()}",
            "DEVELOPMENT": "1",
            "DEMO": "1",
            # The journeys set the hours by their windows, whatever the time is.
            "OPEN_PROCEDURE_HOURS": "1",
            "SECRET_KEY": "e2e-" + "x" * 60,
            "FAKE_GATEWAY_PORT": str(gateway),
            "MEDIA_ROOT": str(folder / "media"),
            "SEND_LEASE_SECONDS": "6",
            "GATEWAY_TIMEOUT_SECONDS": "3",
            "SETTLE_QUIET_SECONDS": "2",
            "SITE_URL": f"http://127.0.0.1:{web}",
        }
        stack = Stack(
            url=f"http://127.0.0.1:{web}",
            environment=environment,
            folder=folder,
            gateway_log=folder / "gateway.jsonl",
            gateway_url=f"http://127.0.0.1:{gateway}",
        )
        try:
            stack.manage("migrate", "--verbosity", "0")
            stack.manage("load_procedure")
            stack.manage("load_demo")
            _start_all(stack, web, gateway, gateway_options, celery)
            yield stack
        finally:
            stack.stop()


def _broker() -> int:
    """A database of the broker's for each worker of a run: two portals must not have each other's tasks."""
    return 7 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _start_all(stack: Stack, web: int, gateway: int, gateway_options: tuple[str, ...], celery: bool) -> None:
    stack.start(
        "gateway",
        *(sys.executable, "manage.py", "fake_gateway", "--port", str(gateway)),
        *("--log", str(stack.gateway_log), *gateway_options),
    )
    stack.start_web(web)
    if celery:
        stack.start_worker()
        stack.start_beat()
    wait_for(f"{stack.url}/readyz")
