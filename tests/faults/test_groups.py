"""Two groups of workers that share nothing but the database, the broker and the gateway (row 4)."""

from __future__ import annotations

import os

import pytest
from django.db.models import Max

from messaging.models import GatewayCall, WorkerBeat
from tests.faults.arena import Arena
from tests.faults.table import row

pytestmark = pytest.mark.faults

# What another machine's operator might have set otherwise.
SMALL = {"AMOOTSMS_MAX_BATCH": "7", "TZ": "America/New_York", "LANGUAGE": "en", "LOG_LEVEL": "INFO"}
LARGE = {"AMOOTSMS_MAX_BATCH": "20", "TZ": "Asia/Tehran", "LOG_LEVEL": "WARNING"}


def calls_of_group(leader: int) -> set[int]:
    """The gateway calls made by processes of the group that `leader` leads, while it lives."""
    found = set()
    for pk, worker in GatewayCall.objects.values_list("pk", "worker"):
        try:
            if os.getpgid(int(worker.rpartition(":")[2])) == leader:
                found.add(pk)
        except ProcessLookupError:
            continue
    return found


def names_of(calls: set[int]) -> set[str]:
    return set(GatewayCall.objects.filter(pk__in=calls).values_list("worker", flat=True))


def largest(calls: set[int]) -> int:
    found: int = GatewayCall.objects.filter(pk__in=calls).aggregate(n=Max("size"))["n"]
    return found


@row(4)
def test_of_two_groups_of_workers_one_dies_and_the_other_finishes(arena: Arena):
    message = arena.campaign(3_000)
    arena.gateway.use("latency:0.2")
    processes = arena.processes
    small = processes.start_worker("small", pool="prefork", environment=SMALL).pid
    large = processes.start_worker("large", pool="threads", environment=LARGE).pid
    processes.start_beat()
    arena.wait_until(
        lambda: len(calls_of_group(small)) > 2 and len(calls_of_group(large)) > 2, 60, "calls of both groups"
    )
    ours, theirs = calls_of_group(small), calls_of_group(large)
    assert largest(ours) <= 7 < largest(theirs) <= 20
    known = set(WorkerBeat.objects.values_list("name", flat=True))
    assert names_of(ours) & known
    assert names_of(theirs) & known
    processes.kill("small")
    arena.kills += 1
    message.refresh_from_db()
    assert message.status == "running", "the campaign was over before the group died"
    arena.gateway.use("latency:0.02")
    arena.wait_for_the_end(message, seconds=90)
    processes.stop()
    assert arena.judge()["in_doubt"] == 0
    arena.say(f"figures: a whole group killed after {len(ours)} calls, the other had made {len(theirs)}")
