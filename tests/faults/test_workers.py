"""Workers that die, stand still, or are many (rows 1 to 4)."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from django.db.models import Count, Sum

from common.failpoints import Point
from messaging.models import Delivery, GatewayCall, Message
from messaging.states import REACHED_PROVIDER
from tests.faults.arena import LEASE, MAX_BATCH, Arena, more_than
from tests.faults.scale import SCALE
from tests.faults.table import row

pytestmark = pytest.mark.faults


# --- Row 1: killed --------------------------------------------------------------------------------


@row(1)
def test_workers_killed_again_and_again_lose_nothing_and_send_nothing_twice(arena: Arena):
    message = arena.campaign(SCALE.people)
    arena.gateway.use("latency:0.1", "partial:0.02")
    for _n in range(3):
        arena.start_worker()
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    began = time.monotonic()
    while arena.kills < SCALE.kills:
        time.sleep(arena.random.uniform(0.02, 0.3))
        arena.kill(arena.random.choice(arena.workers))
        arena.start_worker()
    message.refresh_from_db()
    assert message.status == "running", "the campaign was over before the last kill"
    arena.gateway.use("partial:0.02")
    arena.finish(message, seconds=300)
    seconds = time.monotonic() - began
    verdict = arena.judge()
    assert verdict["in_doubt"] == 0
    assert verdict["accepted"] == arena.sent()
    assert Delivery.objects.filter(message=message).count() == SCALE.people
    died = GatewayCall.objects.filter(error="worker_lost")
    assert died.exists(), "no kill met a call in flight"
    in_flight = died.aggregate(n=Sum("size"))["n"]
    arena.say(
        f"figures: {SCALE.people} messages, {arena.kills} kills, {died.count()} calls cut off with"
        f" {in_flight} messages unknown, all settled; {verdict['lost']} lost, {verdict['twice']} twice,"
        f" {verdict['in_doubt']} unknown; {SCALE.people / seconds:.0f} messages/s over {seconds:.0f} s"
    )


@row(1)
def test_the_campaign_moves_again_within_the_lease_and_ten_seconds(arena: Arena):
    message = arena.campaign(200)
    arena.gateway.use("latency:0.3")
    arena.start_worker()
    arena.wait_until(lambda: Delivery.objects.filter(state="sending").exists(), 20, "a call in flight")
    arena.stop_workers()
    stuck = set(Delivery.objects.filter(state="sending").values_list("pk", flat=True))
    assert stuck
    started = time.monotonic()
    arena.gateway.use()
    arena.finish(message, seconds=30)
    assert time.monotonic() - started < LEASE + 10
    assert Delivery.objects.filter(pk__in=stuck, state__in=REACHED_PROVIDER).count() == len(stuck)
    assert arena.judge()["in_doubt"] == 0


@row(1)
@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_celery_workers_that_are_killed_are_made_up_for_by_the_others(arena: Arena, pool: str):
    message = arena.campaign(6_000)
    arena.gateway.use("latency:0.2")
    arena.processes.start_beat()
    names = ["first", "second"]
    for name in names:
        arena.processes.start_worker(name, pool=pool)
    arena.wait_until(lambda: arena.sent() > 0, 60, "the first acceptance")
    slowest = 0.0
    for n in range(SCALE.restarts + 1):
        name = names[n % 2]
        arena.processes.kill(name)
        arena.kills += 1
        so_far = arena.sent()
        slowest = max(
            slowest,
            arena.wait_until(more_than(so_far, arena.sent), LEASE + 10, "another acceptance"),
        )
        arena.processes.start_worker(name, pool=pool)
    arena.gateway.use()
    arena.wait_for_the_end(message, seconds=120)
    arena.processes.stop()
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: moving again {slowest:.1f} s after a kill of a {pool} worker, at the slowest")


# No step of a recipient's way; tests/messaging/feedback/test_inbound.py lets a worker die there.
_OFF_THE_WAY = frozenset({Point.INBOUND_FETCHED})

# --- Row 2: dead at every step --------------------------------------------------------------------

# Between them these bring a campaign to every step: answers that get lost, doors that are shut, calls
# that are left behind, recipients that are refused.
_ALL_SORTS = (
    "5xx-after-accept@0.06",
    "reset-after-accept@0.04",
    "5xx@0.04",
    "partial:0.02",
    "partial-unanswered:0.02",
    "latency:0.03",
)


@row(2)
@pytest.mark.parametrize("point", [point for point in Point if point not in _OFF_THE_WAY])
def test_a_worker_may_die_at_every_named_step(arena: Arena, point: Point):
    """`point` is every step of the way: a new one is covered as soon as it has a name."""
    arena.gateway.use(*_ALL_SORTS)
    messages = [arena.campaign(1_000)]
    deaths = 0
    until = time.monotonic() + 60 + 6 * SCALE.deaths_a_point
    while deaths < SCALE.deaths_a_point:
        assert time.monotonic() < until, f"{deaths} deaths at {point}: {arena.standing()}"
        while len(arena.workers) < 2:
            arena.start_worker(crash_at=f"{point}@0.5")
        ended = arena.ended()
        assert set(ended.values()) <= {signal.SIGKILL}, arena.standing()
        deaths += len(ended)
        _leave_a_call_behind(arena)
        if not Message.objects.exclude(status="finished").exists():
            messages.append(arena.campaign(1_000))
        time.sleep(0.05)
    arena.stop_workers()
    arena.gateway.use()
    arena.finish(*messages)
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: {deaths} deaths at {point}")


def _leave_a_call_behind(arena: Arena) -> None:
    """Now and then a worker is killed at work, so that there is something to recover and to settle."""
    if arena.random.random() < 0.01 and arena.workers:
        arena.kill(arena.random.choice(arena.workers))


@row(2)
def test_a_worker_that_dies_after_the_request_is_out_leaves_what_the_gateway_took_to_be_found(arena: Arena):
    """The step that matters most is where it says it is: the gateway has the request."""
    message = arena.campaign(MAX_BATCH)
    arena.start_worker(crash_at=Point.SEND_WRITTEN)
    arena.wait_until(lambda: arena.ended(), 20, "the death")
    arena.wait_until(lambda: len(arena.gateway.accepted) == MAX_BATCH, 5, "the acceptance")
    assert arena.sent() == 0
    arena.finish(message)
    assert GatewayCall.objects.get().outcome == "settled"
    assert arena.judge()["accepted"] == MAX_BATCH


# --- Row 3: stopped past the deadline, then continued ---------------------------------------------


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@row(3)
@pytest.mark.parametrize("point", [Point.CLAIM_COMMITTED, Point.SEND_BEFORE])
def test_a_worker_that_slept_over_its_deadline_writes_nothing_any_more(arena: Arena, point: Point):
    """It stands still in the very step between the claim and the request, and wakes up too late."""
    message = arena.campaign(8 * MAX_BATCH)
    sleepers = [arena.start_worker(crash_at=point, by=signal.SIGSTOP) for _n in range(4)]
    arena.wait_until(lambda: all(_is_stopped(pid) for pid in sleepers), 30, "the sleep of all")
    asleep = {pid: arena.calls_of(pid).get() for pid in sleepers}
    assert arena.gateway.accepted == []
    waker = arena.start_worker()
    # Past the lease and the quiet period: the calls were given up, asked about, and found absent.
    arena.wait_for_the_end(message, seconds=60)
    before = len(arena.gateway.accepted)
    assert before == 8 * MAX_BATCH
    for pid in sleepers:
        os.kill(pid, signal.SIGCONT)
    # The next claim of each would stop it again; there is none, and the old call must not be made.
    time.sleep(2)
    assert len(arena.gateway.accepted) == before
    for call in asleep.values():
        call.refresh_from_db()
        assert call.outcome in {"settled", "not_sent"}
    assert not arena.calls_of(waker).exclude(outcome="answered").exists()
    arena.stop_workers()
    assert arena.late_acceptances() == []
    assert arena.judge()["in_doubt"] == 0


@row(3)
def test_workers_stopped_at_any_moment_and_continued_write_nothing_late(arena: Arena):
    message = arena.campaign(100 * SCALE.stops + 1_000)
    arena.gateway.use("latency:0.1")
    for _n in range(4):
        arena.start_worker()
    arena.wait_until(lambda: arena.sent() > 0, 30, "the first acceptance")
    asleep: list[tuple[float, int]] = []
    stops = 0
    while stops < SCALE.stops or asleep:
        now = time.monotonic()
        for due, pid in [pair for pair in asleep if pair[0] <= now]:
            os.kill(pid, signal.SIGCONT)
            asleep.remove((due, pid))
        awake = [pid for pid in arena.workers if pid not in {pid for _due, pid in asleep}]
        if stops < SCALE.stops and len(asleep) < 3:
            pid = arena.random.choice(awake)
            os.kill(pid, signal.SIGSTOP)
            asleep.append((now + arena.random.uniform(0.5, LEASE + 3), pid))
            stops += 1
        time.sleep(arena.random.uniform(0.05, 0.4))
    arena.gateway.use()
    arena.finish(message)
    assert arena.late_acceptances() == []
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: {stops} stops, no late write")


# --- Row 4: many at once --------------------------------------------------------------------------


@row(4)
@pytest.mark.parametrize("count", [8, 16])
def test_many_workers_on_one_batch_share_it_and_nobody_takes_a_row_twice(arena: Arena, count: int):
    message = arena.campaign(count * MAX_BATCH)
    arena.gateway.use("latency:0.2")
    for _n in range(count):
        arena.start_worker()
    arena.wait_for_the_end(message)
    arena.stop_workers()
    calls = GatewayCall.objects.all()
    assert set(calls.values_list("outcome", flat=True)) == {"answered"}
    assert all(call.size <= MAX_BATCH for call in calls)
    assert calls.aggregate(n=Sum("size"))["n"] == count * MAX_BATCH
    assert set(Delivery.objects.values_list("attempts", flat=True)) == {1}
    assert Delivery.objects.values("call").annotate(n=Count("pk")).filter(n__gt=MAX_BATCH).count() == 0
    assert calls.values("worker").distinct().count() > 1, "one worker did everything"
    assert arena.judge()["accepted"] == count * MAX_BATCH
