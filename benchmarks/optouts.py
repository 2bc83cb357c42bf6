"""Opt-outs while a campaign is planned and sent, beside the same on an idle portal."""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db.models import Min

from benchmarks import world
from benchmarks.dispatching import BATCH, WORKERS
from benchmarks.measure import keep, note, percentile, report_limit
from benchmarks.processes import Gateway, children, gateway
from contacts.consent.actions import set_consent
from contacts.models import Contact
from messaging.dispatch.clock import database_clock
from messaging.invariants.check import check
from messaging.models import Delivery, GatewayCall, Message


@dataclass
class Heard:
    """Seconds of each acknowledgement, and when it came; deliveries that it stopped."""

    taken: list[float] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    stopped: int = 0

    def between(self, since: datetime | None, until: datetime | None) -> list[float]:
        return [
            taken
            for taken, at in zip(self.taken, self.at, strict=True)
            if (since is None or at >= since) and (until is None or at < until)
        ]


def run(rows: int, seconds: float, directory: Path) -> None:
    """A worker plans the campaign, two send it; meanwhile customers refuse, chosen by chance."""
    world.empty_messages()
    choice = random.Random(rows)
    ids = list(Contact.objects.filter(no_promotional=False, no_messages=False).values_list("pk", flat=True))
    choice.shuffle(ids)
    idle = Heard()
    _listen(ids, idle, seconds / 4)
    with gateway(directory / "optouts.jsonl") as at:
        heard, message = _during_a_campaign(rows, ids, seconds, at)
        # `planned_at` is the instant at which planning began; the first claim comes right after its end.
        planned = GatewayCall.objects.aggregate(first=Min("intended_at"))["first"]
        if planned is None:
            raise RuntimeError(f"nothing was sent: {world.standing()}")
        planning = heard.between(None, planned)
        sending = heard.between(planned, None)
        with at.log.open() as lines:
            verdict = check(lines)
    sent = Delivery.objects.filter(message=message, state="accepted").count()
    note(
        f"{sent:,} of {rows:,} sent meanwhile; {len(heard.taken)} opt-outs stopped {heard.stopped} deliveries"
    )
    for name, taken in (("planning", planning), ("sending", sending)):
        if not taken:
            note(f"no opt-out fell into the {name}")
            continue
        keep(f"opt-out, half of them, while {name}", statistics.median(taken), more_is_better=False)
        report_limit(
            f"opt-out, 99 in 100, while {name} {rows:,}",
            percentile(taken, 0.99),
            percentile(idle.taken, 0.99),
            1,
            "s",
        )
    broken = verdict.counts["opted_out"]
    report_limit("sent after the acknowledgement", broken, 0, 1, "messages")


def _during_a_campaign(rows: int, ids: list[int], seconds: float, at: Gateway) -> tuple[Heard, Message]:
    heard = Heard()
    world.open_channel()  # what the workers look for when they start
    options = {"seconds": seconds}
    with children("pump", options, at.environment(min(BATCH, max(rows // 20, 1))), WORKERS) as workers:
        message = world.submitted(rows, now=database_clock())
        for worker in workers:
            worker.go()
        _listen(ids, heard, seconds)
        for worker in workers:
            worker.hear()
    message.refresh_from_db()
    return heard, message


def _listen(ids: list[int], heard: Heard, seconds: float) -> None:
    until = time.monotonic() + seconds
    user = world.user()
    while time.monotonic() < until and ids:
        contact = Contact.objects.get(pk=ids.pop())
        started = time.perf_counter()
        effect = set_consent(
            contact=contact,
            flag="no_promotional",
            value=True,
            reason="bench",
            by=user,
            now=database_clock(),
        )
        heard.taken.append(time.perf_counter() - started)
        heard.at.append(database_clock())
        heard.stopped += effect.stopped
        time.sleep(0.05)  # more calls than any company hears
