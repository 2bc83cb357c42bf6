"""The portal's processes as a test starts, kills and ends them, each with its log."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


APPLICATION = "amoot_application"


def database_url() -> str:
    """The test's own database, for processes of their own that have the application's rights."""
    return with_role(owner_url())


def owner_url() -> str:
    """The test's own database as the superuser who made it."""
    from django.db import connection

    d = connection.settings_dict
    user, password = quote(d["USER"] or "", safe=""), quote(d["PASSWORD"] or "", safe="")
    return f"postgres://{user}:{password}@{d['HOST']}:{d['PORT']}/{d['NAME']}"


def with_role(superuser_url: str, role: str = APPLICATION) -> str:
    """The address of a superuser, with a role's rights from the beginning."""
    return f"{superuser_url}?{urlencode({'options': f'-c role={role}'}, quote_via=quote)}"


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


@dataclass
class Processes:
    """Processes by name; each in a process group of its own, which dies with it."""

    environment: dict[str, str]
    folder: Path
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, kw_only=True)
    _logs: list[IO[bytes]] = field(default_factory=list, kw_only=True)

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

    def start(
        self, name: str, *command: str, environment: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command under a name; `environment` is put beside the common one."""
        log = (self.folder / f"{name}.log").open("ab")
        self._logs.append(log)
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**self.environment, **(environment or {})},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self._processes[name] = process
        return process

    def start_worker(
        self,
        name: str = "worker",
        *,
        pool: str = "prefork",
        queues: str = "default,sms,avanak",
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        return self.start(
            name,
            *(str(BIN / "celery"), "--app", "amoot_comms", "worker", "--hostname", f"{name}@%h"),
            *("--queues", queues, "--pool", pool, "--concurrency", "2"),
            *("--without-gossip", "--without-mingle"),
            environment=environment,
        )

    def start_beat(self, name: str = "beat") -> subprocess.Popen[bytes]:
        return self.start(
            name,
            *(str(BIN / "celery"), "--app", "amoot_comms", "beat"),
            *("--schedule", str(self.folder / f"{name}-schedule")),
        )

    def start_web(self, port: int, *, workers: int = 1, threads: int = 8) -> subprocess.Popen[bytes]:
        return self.start(
            "web",
            *(str(BIN / "gunicorn"), "amoot_comms.wsgi:application", "--bind", f"127.0.0.1:{port}"),
            *("--workers", str(workers), "--threads", str(threads), "--no-control-socket"),
        )

    def is_running(self, name: str) -> bool:
        return self._processes[name].poll() is None

    def kill(self, name: str) -> None:
        """`kill -9` of a process and its children, as a machine that dies."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

    def stop(self) -> None:
        """Ask all to end; who does not listen is killed."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=15)
        self._processes.clear()
        for log in self._logs:
            log.close()
        self._logs.clear()

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log"))
