"""Dispatch by real workers through the fake gateway: speed, flatness, memory."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks import world
from benchmarks.measure import note, report_growth, report_limit, report_share
from benchmarks.processes import Work, drive, gateway
from messaging.dispatch.clock import database_clock
from messaging.models import Delivery

BATCH = 1_000
WORKERS = 2


def run(rows: int, repeat: int, directory: Path) -> None:
    """All checks and records, beside a bare loop of claim, post and mark, two processes each."""
    ours, baseline = [], []
    with gateway(directory / "dispatch.jsonl") as at:
        environment = at.environment(min(BATCH, max(rows // 20, 1)))
        for _turn in range(repeat):
            world.planned(rows)
            ours.append(drive("pump", {}, environment))
            _must_have_sent(ours[-1].sent)
            message = world.planned(rows)
            options = {"message": message.pk, "batch": int(environment["AMOOTSMS_MAX_BATCH"])}
            baseline.append(drive("bare", options, environment))
    if ours[-1].sent != baseline[-1].sent:
        raise RuntimeError(f"the same were to be sent: {ours[-1].sent} and {baseline[-1].sent}")
    report_share(f"dispatch {ours[-1].sent:,} of {rows:,}, two workers", _rate(ours), _rate(baseline), 0.6)


def _must_have_sent(sent: int) -> None:
    accepted = Delivery.objects.filter(state="accepted").count()
    waiting = Delivery.objects.filter(state="queued", not_before__isnull=False).count()
    if accepted != sent or waiting:
        raise RuntimeError(f"{sent} were sent, {accepted} recorded, and {waiting} still wait")


def _rate(works: list[Work]) -> float:
    return statistics.median(work.rate for work in works)


def run_flat(small: int, large: int, repeat: int, directory: Path) -> None:
    """A worker's speed with few and with many rows waiting, the same number sent each time."""
    # Eight in ten: some of the customers refuse.
    batch = max(small // 10, 1)
    options = {"most": batch * 8 // WORKERS}
    few = []
    with gateway(directory / "flat.jsonl") as at:
        environment = at.environment(batch)
        for _turn in range(repeat):
            world.planned(small)
            few.append(drive("pump", options, environment).rate)
        world.planned(large)
        many = [drive("pump", options, environment).rate for _turn in range(repeat)]
    report_share(
        f"a worker with {large:,} waiting, or {small:,}",
        statistics.median(many) / WORKERS,
        statistics.median(few) / WORKERS,
        0.9,
    )


def run_memory(small: int, large: int, sends: int, directory: Path) -> None:
    """The most memory of a worker that plans a campaign and sends of it, small and large."""
    peaks = {}
    with gateway(directory / "memory.jsonl") as at:
        environment = at.environment(min(BATCH, max(small // 10, 1)))
        for size in (small, large):
            world.empty_messages()
            world.submitted(size, now=database_clock())
            work = drive("pump", {"most": sends}, environment, workers=1)
            if not work.sent:
                raise RuntimeError(f"nothing was sent: {world.standing()}")
            note(f"campaign of {size:,}: {work.sent:,} sent, peak {work.peak:.0f} MiB")
            peaks[size] = work.peak
    report_growth(f"memory of a worker, {large:,} or {small:,}", peaks[large], peaks[small], 1.1, "MiB")
    report_limit(f"memory of a worker, {large:,}", peaks[large], peaks[small], 250, "MiB")
