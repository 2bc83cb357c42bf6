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
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection

from channels.models import Channel
from contacts.models import Contact
from messaging.models import Delivery, GatewayCall, Message
from messaging.states import REACHED_PROVIDER
from tests.factories import ChannelFactory, EmployeeFactory, MessageFactory
from tests.faults.world import World
from tests.gateways.running import Running
from tests.messaging.helpers import people
from tests.processes import ROOT, Processes

CLEAN = {"lost": 0, "twice": 0, "opted_out": 0, "outside_window": 0, "unaccounted": 0, "consent": 0}

# Seconds. The product's own are longer; what is promised counts from them.
LEASE = 4
MAX_BATCH = 20


class Arena:
    """`seed` decides every choice of the run; it is printed, and `FAULTS_SEED` repeats it.

    Workers are `dispatch` in processes of their own, forked by a nursery; `processes` starts what the
    Procfile names. `url` is where they find the gateway (a proxy, for instance).
    """

    def __init__(self, world: World, gateway: Running, directory: Path, say: Callable[[str], None]) -> None:
        self.seed = int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))
        self.random = random.Random(self.seed)
        self.world = world
        self.database = world.fresh_database()
        self.gateway = gateway
        self.url = gateway.url
        self.directory = directory
        self.workers: list[int] = []
        self.kills = 0
        self.started = time.monotonic()
        self._nursery: subprocess.Popen[str] | None = None
        self._errors = (directory / "workers.log").open("a")
        self._processes: Processes | None = None
        self.say = say
        say(f"\nseed {self.seed}")

    @property
    def channel(self) -> Channel:
        channel: Channel = ChannelFactory()
        return channel

    # --- what there is to do ----------------------------------------------------------------------

    def campaign(self, count: int, **fields: Any) -> Message:
        """A submitted message to everybody, `count` people at least; nobody was woken."""
        missing = count - Contact.objects.count()
        if missing > 0:
            people(missing, first=count - missing)
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
            "OPEN_PROCEDURE_HOURS": "1",
            "SECRET_KEY": "faults-" + "x" * 60,
            "DATABASE_URL": self.database,
            "REDIS_URL": self.world.redis_url,
            "AMOOTSMS_BASE_URL": f"{self.url}/rest",
            "AVANAK_BASE_URL": f"{self.url}/Rest",
            "AMOOTSMS_MAX_BATCH": str(MAX_BATCH),
            "SEND_LEASE_SECONDS": str(LEASE),
            "GATEWAY_TIMEOUT_SECONDS": "1",
            "SETTLE_QUIET_SECONDS": "1",
            "LOG_LEVEL": "WARNING",
            "MEDIA_ROOT": str(self.directory / "media"),
            "PYTHONUNBUFFERED": "1",
        }

    @property
    def processes(self) -> Processes:
        """What is started by name, as an operator would."""
        if self._processes is None:
            self._processes = Processes(environment=self.environment, folder=self.directory)
        return self._processes

    def start_standby(self, name: str = "standby", **environment: str) -> subprocess.Popen[bytes]:
        """The Procfile's process that needs neither broker nor beat."""
        return self.processes.start(name, sys.executable, "manage.py", "dispatch", environment=environment)

    def start_worker(self, *arguments: str, crash_at: str = "", by: signal.Signals = signal.SIGKILL) -> int:
        """A `dispatch` in a process of its own, armed with a crash point if one is given; its pid."""
        pid: int = self._ask(
            {
                "arguments": ["--channel", "sms", *arguments],
                "crash_at": crash_at,
                "signal": int(by),
                "seed": self.random.randrange(2**32),
            }
        )
        self.workers.append(pid)
        return pid

    def ended(self) -> dict[int, int]:
        """The workers that ended by themselves since this was asked last, and the signal that ended each
        (0: none did); they are forgotten."""
        found = {pid: os.WTERMSIG(status) for pid, status in self._ask("ended") if pid in self.workers}
        self.workers = [pid for pid in self.workers if pid not in found]
        return found

    def _ask(self, line: Any) -> Any:
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
        self._nursery.stdin.write(json.dumps(line) + "\n")
        self._nursery.stdin.flush()
        return json.loads(self._nursery.stdout.readline())

    def kill(self, pid: int) -> None:
        self.workers.remove(pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.kills += 1

    def stop_workers(self) -> None:
        """Kill every worker that is left; it is not counted among the kills."""
        kills = self.kills
        for pid in list(self.workers):
            self.kill(pid)
        self.kills = kills

    def close(self) -> None:
        self.stop_workers()
        if self._nursery is not None and self._nursery.stdin is not None:
            self._nursery.stdin.close()
            self._nursery.wait(10)
        if self._processes is not None:
            self._processes.stop()
        self._errors.close()

    # --- what came of it --------------------------------------------------------------------------

    def sent(self) -> int:
        return Delivery.objects.filter(state__in=REACHED_PROVIDER).count()

    def taken(self) -> int:
        """Recipients that the gateway has taken: the database is not asked."""
        return self.gateway.gateway.ledgers["sms"].accepted

    def wait_until(self, is_so: Callable[[], Any], seconds: float, what: str) -> float:
        """Wait for a condition; the seconds it took. A database that is away is not yet so."""
        began = time.monotonic()
        while not _asked(is_so):
            waited = time.monotonic() - began
            assert waited < seconds, f"{what} did not come in {seconds} s: {self.standing()}"
            time.sleep(0.1)
        return time.monotonic() - began

    def finish(self, *messages: Message, seconds: float = 90) -> None:
        """Let a worker go on undisturbed until the messages have ended, then stop everybody."""
        if not self.workers:
            self.start_worker()
        self.wait_for_the_end(*messages, seconds=seconds)
        self.stop_workers()

    def wait_for_the_end(self, *messages: Message, seconds: float = 90) -> float:
        ids = [message.pk for message in messages]
        running = Message.objects.filter(pk__in=ids).exclude(status="finished")
        return self.wait_until(lambda: not running.exists(), seconds, "the end of the messages")

    def calls_of(self, pid: int) -> Any:
        """The gateway calls of the worker with this pid."""
        return GatewayCall.objects.filter(worker__endswith=f":{pid}")

    def standing(self) -> dict[str, Any]:
        """Where everything stands, for the message of a test that failed."""
        found: dict[str, Any] = {"seed": self.seed}
        with contextlib.suppress(DatabaseError, InterfaceError):
            found["messages"] = list(Message.objects.values_list("purpose", "status"))
            found["states"] = Delivery.objects.all().count_by_state()
            found["calls"] = Counter(GatewayCall.objects.values_list("outcome", flat=True))
        for log in sorted(self.directory.glob("*.log")):
            found[log.name] = log.read_text(errors="replace")[-1500:]
        return found

    def judge(self) -> dict[str, Any]:
        """`check_promises` on the gateway's own log; every promise must have been kept.

        In this process, which looks at the arena's database: a process of its own takes two seconds to start.
        """
        log = self.gateway.gateway.options.log
        connection.close()  # whatever became of the server that it led to
        told, code = StringIO(), 0
        try:
            call_command("check_promises", gateway_log=log, json=True, stdout=told)
        except SystemExit as ended:
            code = int(ended.code or 0)
        verdict: dict[str, Any] = json.loads(told.getvalue())
        assert {name: verdict[name] for name in CLEAN} == CLEAN, (verdict, self.standing())
        assert code == 0
        self.say(
            f"seed {self.seed}: {verdict['accepted']} accepted, {self.kills} workers killed,"
            f" {verdict['in_doubt']} unknown, {verdict['waiting']} waiting; every promise kept"
        )
        return verdict

    def late_acceptances(self) -> list[str]:
        """What the gateway took after the deadline of the call that it belongs to."""
        deadlines = {
            (row.address, row.provider_id): row.call.write_deadline
            for row in Delivery.objects.exclude(call=None).select_related("call")
            if row.call is not None
        }
        late = []
        for entry in self.gateway.accepted:
            deadline = deadlines.get((entry["number"], str(entry["id"])))
            if deadline is not None and datetime.fromisoformat(entry["at"]) > deadline:
                late.append(f"call {entry['call']}: {entry['at']} after {deadline.isoformat()}")
        return late


def more_than(count: int, counted: Callable[[], int]) -> Callable[[], bool]:
    """A condition for `wait_until`."""
    return lambda: counted() > count


def _asked(is_so: Callable[[], Any]) -> bool:
    try:
        return bool(is_so())
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
