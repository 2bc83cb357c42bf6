"""The table of duties, and the two engines that are made from it."""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from amoot_comms import brokerless
from amoot_comms.brokerless import BrokerlessWorker, lanes_of
from amoot_comms.celery import QUEUES, app
from amoot_comms.duties import DUTIES, Duty
from audit.models import Verification
from common import liveness
from common.media import MEDIA
from tests.architecture.test_layers import sources


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    if not app.conf.beat_schedule:
        app.loader.import_default_modules()


def test_no_duty_is_in_one_engine_alone() -> None:
    beat = {(entry["task"], *entry["args"]) for entry in app.conf.beat_schedule.values()}
    assert beat == {(duty.name, *arguments) for duty in DUTIES for arguments in duty.calls(MEDIA)}
    turns = [turn for lane in lanes_of(DUTIES, MEDIA).values() for turn, _every in lane]
    names = {duty.act: duty.name for duty in DUTIES}
    assert sorted((names[turn.func], *turn.args) for turn in turns) == sorted(beat)


def test_a_name_and_an_act_stand_once() -> None:
    assert len({duty.name for duty in DUTIES}) == len({duty.act for duty in DUTIES}) == len(DUTIES)


def test_every_task_has_a_queue_that_a_worker_serves() -> None:
    assert {entry["options"]["queue"] for entry in app.conf.beat_schedule.values()} == set(QUEUES)


def test_nothing_waits_behind_the_turns_of_a_pump_but_the_pump() -> None:
    """They fill their queue while a large campaign is sent: each asks for the next, and so does the beat."""
    behind = {
        entry["task"]
        for entry in app.conf.beat_schedule.values()
        if entry["options"]["queue"] in {row.queue for row in MEDIA.values()}
    }
    assert behind == {"messaging.dispatch"}


def test_whatever_is_woken_by_name_is_a_task() -> None:
    woken = {
        node.args[0].value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"after_commit", "enqueue"} and isinstance(node.args[0], ast.Constant)
    }
    assert {"messaging.dispatch", "channels.notify"} <= woken <= set(app.tasks)


@contextmanager
def at_work(*duties: Duty) -> Iterator[BrokerlessWorker]:
    worker = BrokerlessWorker(duties, MEDIA)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(20)
        assert not thread.is_alive()


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.02)
    return is_so()


@pytest.mark.django_db(transaction=True)
class TestTheWorkerWithoutABroker:
    def test_a_slow_lane_delays_no_other(self) -> None:
        released, seen = threading.Event(), threading.Event()
        slow = Duty("slow", 1, "slow", released.wait)
        quick = Duty("quick", 1, "quick", seen.set)
        try:
            with at_work(slow, quick):
                assert within(10, seen.is_set)
                seen.clear()
                assert within(10, seen.is_set)
                released.set()
        finally:
            released.set()

    def test_a_slow_channel_delays_no_other(self) -> None:
        released = threading.Event()
        seen: list[str] = []

        def act(code: str) -> None:
            seen.append(code)
            if code == "avanak":
                released.wait()

        try:
            with at_work(Duty("send", 1, "send", act, by_channel=True)):
                assert within(10, lambda: seen.count("sms") > 1)
                assert seen.count("avanak") == 1
                released.set()
        finally:
            released.set()

    def test_a_turn_that_fails_ends_neither_the_lane_nor_the_duty(self) -> None:
        turns: list[int] = []

        def fail() -> None:
            turns.append(1)
            raise ZeroDivisionError

        beside = threading.Event()
        with at_work(Duty("fail", 1, "one", fail), Duty("beside", 1, "one", beside.set)):
            assert within(10, lambda: len(turns) > 1 and beside.is_set())

    def test_what_has_more_to_do_is_done_at_once(self) -> None:
        left = iter([True] * 20)
        turns: list[bool] = []

        def act() -> bool:
            turns.append(next(left, False))
            return turns[-1]

        with at_work(Duty("more", 3600, "one", act)):
            assert within(10, lambda: len(turns) == 21)

    def test_a_lane_that_waits_does_not_hang_and_one_at_a_turn_does(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HEARTBEAT_DIR", str(tmp_path))
        monkeypatch.setattr(brokerless, "TASK_SECONDS", 1)
        released, done = threading.Event(), threading.Event()

        def silence() -> float:
            heartbeat = liveness.heartbeat("standby")
            return heartbeat.seconds if heartbeat else 0

        try:
            with at_work(Duty("hourly", 3600, "one", done.set)):
                assert within(10, done.is_set)
                assert not within(4, lambda: silence() > 2)
            with at_work(Duty("hangs", 1, "two", released.wait)):
                assert within(10, lambda: silence() > 3)
                released.set()
                assert within(10, lambda: silence() < 1)
        finally:
            released.set()

    def test_every_duty_runs_on_an_empty_database(self, caplog: pytest.LogCaptureFixture) -> None:
        with at_work(*(duty for duty in DUTIES if not duty.by_channel)):
            assert within(60, Verification.objects.exists)
        assert Verification.objects.get().holds
        assert "a turn failed" not in caplog.text
