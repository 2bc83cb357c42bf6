"""A process that hangs is unhealthy within seconds, and can be ended so that it is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from common import liveness
from scripts import healthy
from tests.factories import ChannelFactory
from tests.processes import BIN, ROOT, Processes, database_url, free_port

NAMES = ("worker", "beat", "standby")
WITHIN = 8.0


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEARTBEAT_DIR", str(tmp_path / "alive"))
    return tmp_path


@pytest.fixture
def running(folder: Path, transactional_db: None) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    ChannelFactory(code="sms")
    url = f"http://127.0.0.1:{free_port()}"
    gateways = {"AMOOTSMS_BASE_URL": f"{url}/rest", "AVANAK_BASE_URL": f"{url}/Rest"}
    processes = Processes(
        {**os.environ, "DATABASE_URL": database_url(), "DEVELOPMENT": "1", **gateways}, folder
    )
    try:
        yield {
            "worker": processes.start_worker(),
            # Its folder is not there yet, as in a fresh work tree.
            "beat": processes.start(
                "beat",
                *(str(BIN / "celery"), "--app", "amoot_comms", "beat"),
                *("--schedule", str(folder / "missing" / "schedule")),
            ),
            "standby": processes.start("standby", sys.executable, "manage.py", "dispatch"),
        }
    finally:
        processes.stop()


def verdict(name: str, *options: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "scripts.healthy", name, "--within", str(WITHIN), *options],
        cwd=ROOT,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return done.returncode


def wait_until(is_so: Callable[[], bool], within: float = 90) -> None:
    until = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.5)


def test_a_process_that_hangs_is_unhealthy_and_can_be_ended(
    running: dict[str, subprocess.Popen[bytes]],
) -> None:
    wait_until(lambda: all(verdict(name) == 0 for name in NAMES))
    for process in running.values():
        process.send_signal(signal.SIGSTOP)
    wait_until(lambda: all(verdict(name) == 1 for name in NAMES))
    running["beat"].send_signal(signal.SIGCONT)
    wait_until(lambda: verdict("beat") == 0)
    assert verdict("worker", "--end-after", str(WITHIN)) == 1
    assert running["worker"].wait(timeout=30) == -signal.SIGKILL
    running["standby"].send_signal(signal.SIGCONT)
    wait_until(lambda: verdict("standby") == 0)


def fault(name: str, task: float = 1800) -> str | None:
    return healthy.process_fault(name, within=60, task=task, end_after=300)


def test_a_task_that_never_ends_makes_its_worker_unhealthy(folder: Path) -> None:
    liveness.report_alive("worker")
    liveness.begin_task("worker")
    assert fault("worker") is None
    assert "at one task for" in str(fault("worker", task=0))
    liveness.end_task("worker")
    assert fault("worker", task=0) is None


def test_the_task_of_a_process_that_died_is_forgotten(folder: Path) -> None:
    liveness.report_alive("worker")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (folder / "alive" / f"worker.task.{dead.pid}").write_text(f"{dead.pid} 0.0")
    assert fault("worker", task=0) is None
    assert liveness.tasks("worker") == []


def test_a_process_that_never_reported_is_unhealthy(folder: Path) -> None:
    assert fault("voice") == "no heartbeat yet"


def test_a_web_server_that_is_away_is_unhealthy() -> None:
    assert str(healthy.web_fault(free_port())).startswith("no answer on port")


def test_a_web_server_is_asked_for_readiness(live_server: LiveServer) -> None:
    Client().get("/readyz")  # the first answer reads the migrations
    assert healthy.web_fault(live_server.thread.port) is None
