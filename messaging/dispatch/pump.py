"""The pump: look at the table, and hand out whatever may go now, until nothing may or time is up."""

from __future__ import annotations

import logging
import os
import random
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from channels.actions import end_outage
from channels.models import Channel, Outage, Purpose
from common.monotonic import monotonic
from gateways.base import GatewayError, OutcomeUnknown, Trouble
from messaging.actions.plan import plan_waiting
from messaging.actions.stop import pause
from messaging.actions.sweep import sweep_channel
from messaging.dispatch.breaker import (
    extend_outage,
    open_outage,
    outage_to_probe,
    probe_gateway,
    ramp_up_limit,
)
from messaging.dispatch.claim import Claim, Cursor, claim
from messaging.dispatch.clock import TOLERANCE, Clock, difference, wall_clock
from messaging.dispatch.heartbeat import note
from messaging.dispatch.poison import CHOKED, is_poison
from messaging.dispatch.rate import TokenBucket
from messaging.dispatch.send import NOBODY_TOLD, GatewayClient, hold_of, is_batch_refusal, send_claim
from messaging.dispatch.stop_campaigns import stop_campaigns
from messaging.evaluation.facts import FactsSnapshot, MessageDecision
from messaging.models import Message
from messaging.policy.decide import Verdict

logger = logging.getLogger(__name__)

# Seconds for which the decisions on the messages are believed. Stops, outages, opt-outs and overrides
# are read in every claim all the same; this bounds only how late a new message or new hours are noticed.
DECISIONS_SECONDS = 0.5


def worker_name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass
class PumpReport:
    """What one run of the pump did."""

    planned: int = 0
    calls: int = 0
    sent: int = 0
    turned_away: int = 0
    failures: list[str] = field(default_factory=list)
    # The failure that was the gateway's own, so that an outage is open.
    gateway_failure: GatewayError | None = None

    @property
    def moved(self) -> int:
        return self.planned + self.sent + self.turned_away

    def add(self, other: PumpReport) -> None:
        self.planned += other.planned
        self.calls += other.calls
        self.sent += other.sent
        self.turned_away += other.turned_away
        self.failures += other.failures
        self.gateway_failure = self.gateway_failure or other.gateway_failure

    def as_json(self) -> dict[str, Any]:
        return {
            "planned": self.planned,
            "calls": self.calls,
            "sent": self.sent,
            "turned_away": self.turned_away,
            "failures": sorted(set(self.failures)),
        }


class Pump:
    """One channel's pump in one worker thread.

    `clock` gives the database's time, by which everything is decided; `wall` is this machine's own. Where
    somebody else does (`plans_campaigns` false), it does not plan what is promotional: a million recipients
    take seconds, in which this thread sends nothing.
    """

    def __init__(
        self,
        channel: Channel,
        client: GatewayClient,
        *,
        clock: Clock,
        worker: str = "",
        wall: Clock = wall_clock,
        plans_campaigns: bool = True,
    ) -> None:
        self.channel = channel
        self.client = client
        self.clock = clock
        self.wall = wall
        self.plans_campaigns = plans_campaigns
        self.worker = worker or worker_name()
        self.clock_difference = timedelta(0)
        self._bucket = TokenBucket(channel, client.gateway.rate, clock)
        self._limits: dict[int, int] = {}
        self._resting: dict[int, datetime] = {}
        self._decisions: list[tuple[Message, MessageDecision]] = []
        self._decisions_read_at = float("-inf")
        self._last_served = 0
        self._cursors: dict[int, Cursor] = {}
        self._ramp = client.gateway.max_batch
        self._said = (0, 0, 0)

    def run(self, *, seconds: float) -> PumpReport:
        """Plan, then claim and send until nothing may go now, or `seconds` are over."""
        report = PumpReport()
        until = monotonic() + seconds
        self._said = (0, 0, 0)
        # What came back into a queue meanwhile may lie before the cursor.
        self._cursors.clear()
        if self.is_down():
            self.probe(report)
        stop_campaigns(self.channel, self.client, clock=self.clock)
        self._refresh(report)
        dry: set[int] = set()
        while monotonic() < until:
            if monotonic() - self._decisions_read_at > DECISIONS_SECONDS:
                self._refresh(report)
                dry.clear()
            chosen = self._choose(dry)
            if chosen is None:
                break
            if not self._serve(*chosen, report):
                dry.add(chosen[0].pk)
            if report.failures and self.is_down():
                break
        report.turned_away += sweep_channel(self.channel.code, now=self.clock())
        self._report_heartbeat(report, at_once=report.calls > 0)
        return report

    def _refresh(self, report: PumpReport) -> None:
        """What may go now. Within a turn as well as before it: a message of ten that comes in the middle
        of one of a million is planned at once."""
        report.planned += plan_waiting(self.channel.code, now=self.clock(), promotional=self.plans_campaigns)
        was_wrong = self.clock_is_wrong
        self.clock_difference = difference(self.clock, self.wall)
        if self.clock_is_wrong and not was_wrong:
            logger.error(
                "clock_differs: nothing promotional is sent by this worker",
                extra={"worker": self.worker, "seconds": self.clock_difference.total_seconds()},
            )
        self._read_decisions()
        self._ramp = ramp_up_limit(self.channel, self.client.gateway.max_batch, clock=self.clock)
        self._report_heartbeat(report)

    def _report_heartbeat(self, report: PumpReport, *, at_once: bool = False) -> None:
        """Tell the operations page what was done since the last word."""
        sent, calls, failures = self._said
        errors = report.failures[failures:]
        note(
            self.worker,
            self.channel.code,
            sent=report.sent - sent,
            calls=report.calls - calls,
            failures=len(errors),
            last_error=errors[-1] if errors else "",
            clock_difference=self.clock_difference,
            now=self.clock(),
            at_once=at_once,
        )
        self._said = (report.sent, report.calls, len(report.failures))

    def _read_decisions(self, *, on_trial: int | None = None) -> None:
        now = self.clock()
        messages = list(
            Message.objects.under_way(self.channel).with_somebody_due(now, known_of=self._cursors)
        )
        snapshot = FactsSnapshot.load(messages, on_trial=on_trial)
        self._decisions = []
        for message in messages:
            try:
                self._decisions.append((message, snapshot.decide(message, now)))
            except Exception:  # an error inside the policy means no send (security bar, 13)
                logger.exception(
                    "the policy failed; nothing of the message is sent", extra={"message_id": message.pk}
                )
        self._decisions_read_at = monotonic()

    @property
    def clock_is_wrong(self) -> bool:
        """Whether this machine's clock and the database's differ so much that no hours can be trusted."""
        return abs(self.clock_difference) > TOLERANCE

    def _choose(self, dry: set[int]) -> tuple[Message, MessageDecision] | None:
        """The most urgent message that may go, taking turns among equals."""
        able = self._able(dry)
        if not able:
            return None
        urgent = min(message.priority for message, _gate in able)
        peers = sorted((pair for pair in able if pair[0].priority == urgent), key=lambda pair: pair[0].pk)
        chosen = next((pair for pair in peers if pair[0].pk > self._last_served), peers[0])
        self._last_served = chosen[0].pk
        return chosen

    def _able(self, dry: set[int]) -> list[tuple[Message, MessageDecision]]:
        """The messages of which something may go now."""
        return [
            (message, message_decision)
            for message, message_decision in self._decisions
            if message_decision.decision.verdict is Verdict.ALLOW
            and message.pk not in dry
            and not self._is_resting(message, message_decision)
            and not (self.clock_is_wrong and message.purpose == Purpose.PROMOTIONAL)
        ]

    def _is_resting(self, message: Message, message_decision: MessageDecision) -> bool:
        """Whether the provider held the message up a moment ago."""
        until = self._resting.get(message.pk)
        return until is not None and message_decision.facts.now < until

    def _serve(
        self,
        message: Message,
        message_decision: MessageDecision,
        report: PumpReport,
        *,
        trial: Outage | None = None,
    ) -> bool:
        """One claim and call for a message, of one recipient in a trial; False if nothing of it is due."""
        if not self._ensure_audio(message, report):
            return False
        full = 1 if trial else min(self._limits.get(message.pk, self.client.gateway.max_batch), self._ramp)
        limit = self._bucket.acquire(full)
        if not limit:
            time.sleep(self._bucket.pause)
            return True
        started = monotonic()
        claimed = self._claim(message, limit, message_decision.ends_at, trial)
        if claimed is None:
            self._bucket.release(limit)
            return False
        report.turned_away += claimed.turned_away
        if claimed.recipients:
            self._send(message, claimed, message_decision, started, report, is_trial=trial is not None)
        # Not before the call: a database that fails here must not leave a claim in doubt.
        self._bucket.release(limit - len(claimed.recipients))
        return True

    def _send(
        self,
        message: Message,
        claimed: Claim,
        message_decision: MessageDecision,
        started: float,
        report: PumpReport,
        *,
        is_trial: bool,
    ) -> None:
        report.calls += 1
        size = len(claimed.recipients)
        failure = send_claim(
            self.client,
            message,
            claimed,
            clock=self.clock,
            ends_at=message_decision.ends_at,
            started=started,
        )
        if failure is not None and size == 1 and not is_trial and failure.code == NOBODY_TOLD:
            failure = None  # an odd answer about one recipient says nothing of the next one
        if failure is None:
            report.sent += size
            known = self._limits.get(message.pk, self.client.gateway.max_batch)
            self._limits[message.pk] = min(known * 2, self.client.gateway.max_batch)
        else:
            self._take_failure(message, failure, size, report)

    def _claim(
        self, message: Message, limit: int, closes_at: datetime | None, trial: Outage | None
    ) -> Claim | None:
        """Claim from where the last claim of this turn ended; from the start if nothing is behind it."""
        on_trial = trial.pk if trial else None
        look = partial(
            claim, message, limit=limit, closes_at=closes_at, worker=self.worker, on_trial=on_trial
        )
        cursor = self._cursors.pop(message.pk, None)
        claimed = look(now=self.clock(), after=cursor)
        if claimed is None and cursor is not None:
            claimed = look(now=self.clock())
        if claimed is not None:
            self._cursors[message.pk] = claimed.cursor
        return claimed

    def _take_failure(self, message: Message, failure: GatewayError, size: int, report: PumpReport) -> None:
        report.failures.append(failure.code)
        logger.warning(
            "a gateway call failed",
            extra={"channel": self.channel.code, "code": failure.code, "trouble": str(failure.trouble)},
        )
        if open_outage(self.channel, failure, clock=self.clock):
            report.gateway_failure = failure
            self._decisions_read_at = float("-inf")
            if _may_lie_in_the_text(failure) and is_poison(message):
                self._pause(message, CHOKED, failure)
        elif is_batch_refusal(failure) and size > 1:
            self._limits[message.pk] = max(size // 2, 1)
        elif failure.trouble is Trouble.CONTENT:
            self._pause(message, failure.trouble, failure)
        elif until := hold_of(failure, self.clock()):
            # Each further batch of it would be refused as this one was.
            self._resting[message.pk] = until

    def _ensure_audio(self, message: Message, report: PumpReport) -> bool:
        """A voice message needs its audio first, made once a message; whether it may be sent now."""
        if not self.client.gateway.needs_audio or message.audio_id is not None:
            return True
        try:
            audio_id = self.client.make_audio(message.text, f"amoot-{message.pk}")
        except GatewayError as failure:
            self._take_failure(message, failure, 0, report)
            return False
        Message.objects.filter(pk=message.pk, audio_id__isnull=True).update(audio_id=audio_id)
        message.refresh_from_db(fields=["audio_id"])
        return True

    def _pause(self, message: Message, why: str, failure: GatewayError) -> None:
        message.refresh_from_db(fields=["status"])
        # A cancel or a pause of this very instant did what was wanted.
        with suppress(ValidationError):
            pause(message=message, by=None, now=self.clock(), reason=f"{why}: {failure.code}")
        self._decisions_read_at = float("-inf")

    def is_down(self) -> bool:
        """Whether an outage of the channel is open, declared or detected."""
        return Outage.objects.open().filter(channel=self.channel).exists()

    def probe(self, report: PumpReport | None = None) -> bool:
        """Ask a gateway in a detected outage whether it is back, and if it says so try one recipient;
        True if the outage is over. Of all workers one asks, the more rarely the longer it lasts."""
        outage = outage_to_probe(self.channel, self.clock())
        if outage is None:
            return False
        trial = PumpReport()
        failure = probe_gateway(self.client, outage)
        answers = failure is None
        if answers:
            self._try_one(outage, trial)
            failure = trial.gateway_failure
        if report is not None:
            report.add(trial)
        if failure is not None:
            extend_outage(outage, failure, now=self.clock(), after_a_trial=answers)
            return False
        end_outage(outage=outage, by=None, now=self.clock())
        return True

    def _try_one(self, outage: Outage, trial: PumpReport) -> None:
        """Half open: one recipient of whatever may go, past this outage. With nobody due there is
        nothing to try, and nothing to lose. Chosen by chance, not by urgency: a message that the gateway
        chokes on must not fail every trial and keep all the others waiting."""
        self.clock_difference = difference(self.clock, self.wall)
        self._read_decisions(on_trial=outage.pk)
        able = self._able(set())
        random.shuffle(able)
        while able and not trial.calls and trial.gateway_failure is None:
            if not self._serve(*able[-1], trial, trial=outage):
                able.pop()
        self._decisions_read_at = float("-inf")


def _may_lie_in_the_text(failure: GatewayError) -> bool:
    """Not what is proven not sent, and so unread, nor what is wrong with the account."""
    return isinstance(failure, OutcomeUnknown) and failure.trouble is not Trouble.ACCOUNT
