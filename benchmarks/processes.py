"""Processes of the benchmarks: each dies with the one that started it, whatever becomes of that."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def database_url(name: str = "") -> str:
    """The benchmarks' own database, or another one of the same server."""
    d = connection.settings_dict
    user, password = quote(d["USER"] or "", safe=""), quote(d["PASSWORD"] or "", safe="")
    return f"postgres://{user}:{password}@{d['HOST']}:{d['PORT']}/{name or d['NAME']}"


def application_url() -> str:
    return f"{database_url()}?options={quote(f'-c role={settings.DATABASE_APPLICATION_ROLE}')}"


class Child:
    """`python -m benchmarks.child ROLE OPTIONS`: says that it is ready, is let go, says what it did."""

    def __init__(self, role: str, options: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self.role = role
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.child", role, json.dumps(options)],
            cwd=ROOT,
            env={
                **os.environ,
                "DEVELOPMENT": "1",
                "LOG_LEVEL": "ERROR",
                "OPEN_PROCEDURE_HOURS": "1",  # a benchmark runs at any hour
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process {self.role} ended with {self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it: the end of its standard input is the end of it and of what it has forked."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@dataclass(frozen=True, slots=True)
class Work:
    """What some workers did together: recipients sent, seconds from the start to the last one's end, and
    the most memory that one of them held (MiB)."""

    sent: int
    seconds: float
    peak: float

    @property
    def rate(self) -> float:
        return self.sent / self.seconds


class Gateway:
    def __init__(self, log: Path) -> None:
        self.log = log
        self._child = Child("gateway", {"log": str(log)}, {})
        self.port = int(self._child.hear()["port"])

    def environment(self, batch: int) -> dict[str, str]:
        address = f"http://127.0.0.1:{self.port}"
        return {
            "DATABASE_URL": application_url(),
            "AMOOTSMS_BASE_URL": f"{address}/rest",
            "AVANAK_BASE_URL": f"{address}/Rest",
            "AMOOTSMS_MAX_BATCH": str(batch),
        }

    def close(self) -> None:
        self._child.close()


@contextmanager
def gateway(log: Path) -> Iterator[Gateway]:
    running = Gateway(log)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def children(
    role: str, options: Mapping[str, Any], environment: Mapping[str, str], count: int
) -> Iterator[list[Child]]:
    """So many processes, all ready to be let go."""
    with ExitStack() as stack:
        started = []
        for _number in range(count):
            child = Child(role, options, environment)
            stack.callback(child.close)
            started.append(child)
        for child in started:
            child.hear()
        yield started


def drive(role: str, options: Mapping[str, Any], environment: Mapping[str, str], *, workers: int = 2) -> Work:
    """Let the workers go all at once, and wait until each has done its work."""
    with children(role, options, environment, workers) as started:
        began = time.time()
        for child in started:
            child.go()
        done = [child.hear() for child in started]
    return Work(
        sent=sum(work["sent"] for work in done),
        seconds=max(work["ended"] for work in done) - began,
        peak=max(work["peak"] for work in done),
    )
