"""A portal at work that faults are let loose on: real processes, a real database, a real HTTP gateway."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection

from channels.models import Channel
from contacts.models import Contact
from messaging.models import Delivery, GatewayCall, Message
from tests.factories import ChannelFactory, EmployeeFactory, MessageFactory
from tests.gateways.running import Running
from tests.messaging.helpers import people

ROOT = Path(__file__).resolve().parent.parent.parent
CLEAN = {"lost": 0, "twice": 0, "opted_out": 0, "outside_window": 0, "unaccounted": 0}


def database_url() -> str:
    """The test database, for processes of their own."""
    d = connection.settings_dict
    user, password = quote(d["USER"] or "", safe=""), quote(d["PASSWORD"] or "", safe="")
    return f"postgres://{user}:{password}@{d['HOST']}:{d['PORT']}/{d['NAME']}"


class Arena:
    """`seed` decides every choice of the run; it is printed, and `FAULTS_SEED` repeats it."""

    def __init__(self, gateway: Running, directory: Path, say: Callable[[str], None]) -> None:
        self.seed = int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))
        self.random = random.Random(self.seed)
        self.gateway = gateway
        self.directory = directory
        self.workers: list[int] = []
        self.kills = 0
        self._nursery: subprocess.Popen[str] | None = None
        self._errors = (directory / "workers.log").open("a")
        self.channel: Channel = ChannelFactory()
        self.say = say
        say(f"\nseed {self.seed}")

    # --- what there is to do ----------------------------------------------------------------------

    def campaign(self, count: int, **fields: Any) -> Message:
        missing = count - Contact.objects.count()
        if missing > 0:
            people(missing)
        sender = EmployeeFactory()
        message: Message = MessageFactory(channel=self.channel, sender=sender, **fields)
        return message

    # --- the processes ----------------------------------------------------------------------------

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DEVELOPMENT": "1",
            "DJANGO_SETTINGS_MODULE": "amoot_comms.settings",
            "DATABASE_URL": database_url(),
            "AMOOTSMS_BASE_URL": f"{self.gateway.url}/rest",
            "AVANAK_BASE_URL": f"{self.gateway.url}/Rest",
            "AMOOTSMS_MAX_BATCH": "20",
            "SEND_LEASE_SECONDS": "4",
            "GATEWAY_TIMEOUT_SECONDS": "1",
            "SETTLE_QUIET_SECONDS": "1",
            "LOG_LEVEL": "ERROR",
        }

    def start_worker(self, *arguments: str) -> int:
        """A `dispatch` in a process of its own; its pid."""
        if self._nursery is None:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
            )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(" ".join(["--channel", "sms", *arguments]) + "\n")
        self._nursery.stdin.flush()
        pid = int(self._nursery.stdout.readline())
        self.workers.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        self.workers.remove(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills += 1

    def stop_workers(self) -> None:
        for pid in list(self.workers):
            self.kill(pid)

    def manage(self, *arguments: str) -> tuple[int, str]:
        """A command of `manage.py`, as an operator gives it: (exit status, standard output)."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, done.stdout

    def close(self) -> None:
        self.stop_workers()
        if self._nursery is not None and self._nursery.stdin is not None:
            self._nursery.stdin.close()
            self._nursery.wait(10)
        self._errors.close()

    # --- what came of it --------------------------------------------------------------------------

    def wait_until(self, is_so: Callable[[], bool], seconds: float, what: str) -> None:
        until = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < until, f"{what} did not come in {seconds} s: {self.standing()}"
            time.sleep(0.1)

    def finish(self, *messages: Message, seconds: float = 90) -> None:
        """Let a worker go on undisturbed until the messages have ended."""
        if not self.workers:
            self.start_worker()
        ids = [message.pk for message in messages]
        running = Message.objects.filter(pk__in=ids).exclude(status="finished")
        self.wait_until(lambda: not running.exists(), seconds, "the end of the messages")
        self.stop_workers()

    def standing(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "states": Delivery.objects.all().count_by_state(),
            "calls": Counter(GatewayCall.objects.values_list("outcome", flat=True)),
            "errors": (self.directory / "workers.log").read_text()[-2000:],
        }

    def judge(self) -> dict[str, Any]:
        """`check_promises` on the gateway's own log; every promise must have been kept."""
        log = self.gateway.gateway.options.log
        assert log is not None
        code, text = self.manage("check_promises", "--gateway-log", str(log), "--json")
        verdict: dict[str, Any] = json.loads(text)
        assert {name: verdict[name] for name in CLEAN} == CLEAN, (verdict, self.standing())
        assert code == 0
        self.say(
            f"seed {self.seed}: {verdict['accepted']} accepted, {self.kills} workers killed,"
            f" {verdict['in_doubt']} in doubt, {verdict['waiting']} waiting; every promise kept"
        )
        return verdict
