"""What the portal stands on fails: beat, broker, database (rows 5 to 7)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from messaging.models import Delivery, GatewayCall
from messaging.states import REACHED_PROVIDER
from tests.faults.arena import MAX_BATCH, Arena, more_than
from tests.faults.scale import SCALE
from tests.faults.table import row
from tests.processes import Processes

pytestmark = pytest.mark.faults

# Seconds: what the table promises.
LATENCY_WITHOUT_BEAT = 10
BACK_AFTER_A_RESTART = 15


def started(arena: Arena, *, beats: int = 1, standby: bool = True) -> Processes:
    """The Procfile's processes that dispatch, with a worker of each pool."""
    processes = arena.processes
    processes.start_worker("worker", pool="prefork")
    processes.start_worker("voice", pool="threads")
    for n in range(beats):
        processes.start_beat(f"beat{n}")
    if standby:
        arena.start_standby()
    return processes


# --- Row 5: beat ----------------------------------------------------------------------------------


@row(5)
def test_three_beats_do_no_harm(arena: Arena):
    message = arena.campaign(3_000)
    arena.gateway.use("latency:0.1", "5xx-after-accept@0.05x2")
    started(arena, beats=3, standby=False)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    arena.wait_for_the_end(message, seconds=120)
    # What gathered while the campaign had the workers goes, although the beats go on.
    arena.wait_until(lambda: _rounds_waiting(arena) < 20, 60, "the end of the rounds that piled up")
    arena.processes.stop()
    assert arena.judge()["in_doubt"] == 0


def _rounds_waiting(arena: Arena) -> int:
    return sum(int(arena.world.redis("LLEN", queue)[1:]) for queue in ("default", "sms"))


@row(5)
def test_without_a_beat_the_standby_begins_within_ten_seconds(arena: Arena):
    """Messages that nobody is woken for: they come from a web process whose nudge was lost."""
    started(arena, beats=0)
    first = arena.campaign(10)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the start of the standby")
    arena.wait_for_the_end(first)
    slowest = 0.0
    for _n in range(3):
        message = arena.campaign(10)
        mine = Delivery.objects.filter(message=message, state__in=REACHED_PROVIDER)
        slowest = max(slowest, arena.wait_until(mine.exists, LATENCY_WITHOUT_BEAT, "the first acceptance"))
        arena.wait_for_the_end(message)
    arena.processes.stop()
    arena.judge()
    arena.say(f"figures: without a beat the first acceptance came after {slowest:.1f} s at the slowest")


# --- Row 6: the broker ----------------------------------------------------------------------------


@row(6)
def test_a_broker_that_forgets_everything_every_five_seconds_loses_no_message(arena: Arena):
    """Without the standby: Celery itself must live with it."""
    message = arena.campaign(4_000)
    arena.gateway.use("latency:0.3", "5xx-after-accept@0.01")
    started(arena, standby=False)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    until = time.monotonic() + SCALE.seconds_of_terror * 2
    flushes = 0
    while time.monotonic() < until:
        assert arena.world.redis("FLUSHALL") == "+OK"
        flushes += 1
        so_far = arena.sent()
        time.sleep(5)
        message.refresh_from_db()
        # What is left at the end may be unknown, and waits for the provider's word.
        is_moving = Delivery.objects.filter(message=message, state__in=("queued", "sending")).exists()
        assert arena.sent() > so_far or not is_moving, arena.standing()
    arena.gateway.use()
    arena.wait_for_the_end(message, seconds=120)
    arena.processes.stop()
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: {flushes} times FLUSHALL")


@row(6)
def test_a_campaign_completes_with_the_broker_dead_from_beginning_to_end(arena: Arena):
    arena.world.valkey.stop()
    message = arena.campaign(2_000)
    arena.gateway.use("5xx-after-accept@0.05x2")
    started(arena)
    seconds = arena.wait_for_the_end(message, seconds=120)
    assert arena.world.valkey.running() is None
    for name in ("worker", "voice", "beat0"):
        assert arena.processes.is_running(name), f"{name} gave up: {arena.standing()}"
    assert arena.judge()["in_doubt"] == 0
    # And the workers are there again as soon as it is.
    arena.processes.kill("standby")
    arena.world.start_valkey()
    message = arena.campaign(200)
    arena.wait_for_the_end(message, seconds=60)
    arena.processes.stop()
    arena.judge()
    arena.say(f"figures: 2,000 messages in {seconds:.0f} s, start of the processes included, without broker")


@row(6)
def test_a_broker_that_dies_in_mid_campaign_costs_no_call_its_answer(arena: Arena):
    message = arena.campaign(3_000)
    arena.gateway.use("latency:0.5")
    started(arena)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    arena.world.valkey.stop()
    arena.gateway.use("latency:0.1")
    arena.wait_for_the_end(message, seconds=120)
    lost = GatewayCall.objects.filter(error="worker_lost").count()
    assert lost == 0, f"{lost} calls were under way when the broker died, and lost their answers"
    arena.world.start_valkey()
    arena.processes.stop()
    assert arena.judge()["in_doubt"] == 0


# --- Row 7: the database --------------------------------------------------------------------------


def _prefork(arena: Arena) -> None:
    arena.processes.start_worker("worker", pool="prefork")
    arena.processes.start_beat()


def _threads(arena: Arena) -> None:
    arena.processes.start_worker("worker", pool="threads")
    arena.processes.start_beat()


def _standby(arena: Arena) -> None:
    arena.start_standby("worker")


WORKERS = [
    pytest.param(_prefork, id="prefork"),
    pytest.param(_threads, id="threads"),
    pytest.param(_standby, id="standby"),
]


@row(7)
@pytest.mark.parametrize("start", WORKERS)
def test_a_database_that_is_restarted_hard_costs_fifteen_seconds_and_no_message(
    arena: Arena, start: Callable[[Arena], None]
):
    message = arena.campaign(3_000 * (SCALE.restarts + 1))
    arena.gateway.use("latency:0.2")
    start(arena)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    slowest = 0.0
    for _n in range(SCALE.restarts + 1):
        time.sleep(arena.random.uniform(0.5, 2.5))
        arena.world.restart_postgres_hard()
        before = arena.taken()
        waited = arena.wait_until(
            # More than what was under way when it went down.
            more_than(before + 4 * MAX_BATCH, arena.taken),
            BACK_AFTER_A_RESTART,
            "another acceptance",
        )
        slowest = max(slowest, waited)
    assert arena.processes.is_running("worker")
    arena.gateway.use()
    arena.wait_for_the_end(message, seconds=200)
    arena.processes.stop()
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: {SCALE.restarts + 1} hard restarts, going on {slowest:.1f} s later at the slowest")


@row(7)
@pytest.mark.parametrize("start", WORKERS)
def test_an_answer_that_comes_while_the_database_restarts_is_recorded_all_the_same(
    arena: Arena, start: Callable[[Arena], None]
):
    """It is known to nobody but the worker that holds it."""
    message = arena.campaign(MAX_BATCH)
    arena.gateway.use("latency:0.7")
    start(arena)
    arena.wait_until(lambda: arena.gateway.received, 60, "the request")
    arena.world.restart_postgres_hard()
    arena.wait_for_the_end(message, seconds=60)
    assert [call.outcome for call in GatewayCall.objects.all()] == ["answered"]
    arena.processes.stop()
    assert arena.judge()["accepted"] == MAX_BATCH


@row(7)
@pytest.mark.parametrize("start", WORKERS)
def test_connections_that_the_database_terminates_cost_no_message(
    arena: Arena, start: Callable[[Arena], None]
):
    message = arena.campaign(3_000)
    arena.gateway.use("latency:0.05")
    start(arena)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    until = time.monotonic() + SCALE.seconds_of_terror
    terminated = 0
    while time.monotonic() < until:
        terminated += arena.world.terminate_backends(arena.database)
        time.sleep(arena.random.uniform(0.3, 1.2))
    before = arena.taken()
    if before < 3_000:
        arena.wait_until(more_than(before, arena.taken), BACK_AFTER_A_RESTART, "another acceptance")
    arena.wait_for_the_end(message, seconds=120)
    assert arena.processes.is_running("worker")
    arena.processes.stop()
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: {terminated} connections terminated")


@row(1, 7)
def test_workers_and_database_killed_together_lose_nothing(arena: Arena):
    """A machine room without power: everything dies, and everything comes back, twice."""
    message = arena.campaign(3_000)
    arena.gateway.use("latency:0.2")
    for _n in range(SCALE.restarts + 1):
        for _w in range(3):
            arena.start_worker()
        so_far = arena.taken()
        arena.wait_until(more_than(so_far + 100, arena.taken), 60, "some acceptances")
        for pid in list(arena.workers):
            os.kill(pid, signal.SIGSTOP)
        arena.world.restart_postgres_hard()
        for pid in list(arena.workers):
            arena.kill(pid)
    arena.gateway.use()
    arena.wait_until(lambda: GatewayCall.objects.exists(), 30, "the database")
    arena.finish(message)
    assert arena.judge()["in_doubt"] == 0
