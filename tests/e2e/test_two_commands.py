"""`make run` as somebody types it: it answers, it refuses a second one, and it leaves no process behind."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
GIVEN = ("DATABASE_URL", "REDIS_URL", "DEVELOPMENT", "SECRET_KEY", "FAKE_GATEWAY_PORT", "MAKELEVEL")
# The first start loads the demo data.
PATIENCE = 180

pytestmark = pytest.mark.e2e


class Run:
    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        bare = {name: value for name, value in os.environ.items() if name not in GIVEN}
        self.environment = {**bare, "PORT": str(self.port)}
        self.output = folder / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.run"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if text in self.said():
                return
            assert self.process.poll() is None, self.said()
            time.sleep(0.1)
        raise AssertionError(f"{text!r} was not said in {PATIENCE} s:\n{self.said()}")

    def parts(self) -> dict[int, str]:
        """Every process that descends from the supervisor, with its command line."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                fields = entry.joinpath("stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
        found: dict[int, str] = {}
        waiting = [self.process.pid]
        while waiting:
            parent = waiting.pop()
            for pid in [pid for pid, its in parents.items() if its == parent and pid not in found]:
                found[pid] = command_line(pid)
                waiting.append(pid)
        return found

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout.strip()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    run = Run(tmp_path)
    run.wait_for("Ctrl-C stops everything")
    yield run
    if run.process.poll() is None:
        run.process.terminate()
        run.process.wait(timeout=60)


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
    except OSError:
        return ""


def alive(parts: dict[int, str]) -> list[str]:
    """Those of the processes that still run (a number that was given to another program does not count)."""
    return [line for pid, line in parts.items() if line and command_line(pid) == line]


def test_it_answers_names_the_logins_refuses_a_second_and_leaves_nothing_on_ctrl_c(run: Run) -> None:
    said = run.said()
    assert f"http://127.0.0.1:{run.port}" in said
    for role in ("sender", "voc", "manager", "senior", "it", "hr", "branding", "auditor", "admin"):
        assert f"\n  {role} " in said
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=10)
    connection.request("GET", "/", headers={"Accept-Language": "en"})
    answer = connection.getresponse()
    assert answer.status == 302
    assert "login" in (answer.headers["Location"] or "")

    second = subprocess.run(
        [sys.executable, "-m", "scripts.run"],
        cwd=ROOT,
        env=run.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 1
    assert second.stderr.startswith(f"Port {run.port} on 127.0.0.1 is in use")
    assert "Traceback" not in second.stderr

    code = (
        "from django.conf import settings; from staff.models import User; import json;"
        "print(json.dumps([settings.FAKE_GATEWAY_PORT, User.objects.filter(username='sender').count()]))"
    )
    gateway, senders = json.loads(run.manage("shell", "--no-imports", "-c", code))
    assert senders == 1
    with socket.create_connection(("127.0.0.1", gateway), timeout=5):
        pass

    parts = run.parts()
    assert any("celery" in line and "beat" in line for line in parts.values())
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=60) == 0
    assert alive(parts) == []


def test_the_death_of_a_part_stops_the_whole_and_is_named(run: Run) -> None:
    parts = run.parts()
    beat = next(pid for pid, line in parts.items() if " beat" in line)
    os.kill(beat, signal.SIGKILL)

    assert run.process.wait(timeout=60) == 1
    assert "beat ended by itself" in run.said()
    assert "Traceback" not in run.said()
    assert alive(parts) == []


def test_a_closed_terminal_stops_it_too(run: Run) -> None:
    parts = run.parts()

    run.process.send_signal(signal.SIGHUP)

    assert run.process.wait(timeout=60) == 0
    assert alive(parts) == []
