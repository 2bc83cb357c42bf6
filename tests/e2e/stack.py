"""The whole portal in processes of its own on free loopback ports and a fresh database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Stack:
    """What a test needs to know of the running portal."""

    url: str
    environment: dict[str, str]
    folder: Path
    gateway_log: Path
    gateway_url: str
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _logs: list[IO[bytes]] = field(default_factory=list)

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a management command beside the portal; its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )
        self._processes[name] = process
        return process

    def kill(self, name: str) -> None:
        """`kill -9` of a process and its children, as a machine that dies."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

    def start_worker(self, name: str = "worker") -> None:
        self.start(
            name,
            *(str(BIN / "celery"), "--app", "amoot_comms", "worker", "--hostname", f"{name}@%h"),
            *("--queues", "default,sms,avanak", "--concurrency", "2", "--without-gossip", "--without-mingle"),
        )

    def stop(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=15)
        for log in self._logs:
            log.close()

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log"))


def wait_for(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


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
            "DATABASE_URL": database,
            "REDIS_URL": os.environ["REDIS_URL"].split("?")[0].rsplit("/", 1)[0] + "/7",
            "DEVELOPMENT": "1",
            "DEMO": "1",
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


def _start_all(stack: Stack, web: int, gateway: int, gateway_options: tuple[str, ...], celery: bool) -> None:
    stack.start(
        "gateway",
        *(sys.executable, "manage.py", "fake_gateway", "--port", str(gateway)),
        *("--log", str(stack.gateway_log), *gateway_options),
    )
    stack.start(
        "web",
        *(str(BIN / "gunicorn"), "amoot_comms.wsgi:application", "--bind", f"127.0.0.1:{web}"),
        *("--workers", "1", "--threads", "8"),
    )
    if celery:
        stack.start_worker()
        stack.start(
            "beat",
            *(str(BIN / "celery"), "--app", "amoot_comms", "beat"),
            *("--schedule", str(stack.folder / "beat-schedule")),
        )
    wait_for(f"{stack.url}/readyz")
