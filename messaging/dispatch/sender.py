"""One claim of a message and its request: how many at once, and from where."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from channels.models import Channel, Outage
from common.monotonic import monotonic
from gateways.base import GatewayError
from messaging.dispatch.breaker import ramp_up_limit
from messaging.dispatch.chooser import Chooser
from messaging.dispatch.claim import Claim, Cursor, claim
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.dispatch.outcome import OutcomeHandler
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.rate import TokenBucket
from messaging.dispatch.send import send_claim
from messaging.evaluation.facts import MessageDecision
from messaging.models import Message


@dataclass(eq=False)
class Sender:
    """One worker's requests to a channel's gateway; what comes of them, `outcomes` takes.

    `cursors` are the positions behind the last claim of each message.
    """

    channel: Channel
    client: GatewayClient
    chooser: Chooser
    clock: Clock
    worker: str
    cursors: dict[int, Cursor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        gateway = self.client.gateway
        self.outcomes = OutcomeHandler(self.channel, gateway, self.chooser, self.clock)
        self._bucket = TokenBucket(self.channel, gateway.rate, self.clock)
        self._ramp = gateway.max_batch

    def ramp_up(self) -> None:
        """The largest request that is allowed so soon after an outage, read anew."""
        self._ramp = ramp_up_limit(self.channel, self.client.gateway.max_batch, clock=self.clock)

    def serve(
        self, message: Message, decided: MessageDecision, report: PumpReport, *, trial: Outage | None = None
    ) -> bool:
        """One claim and request, of one recipient in a trial; False if nothing of the message is due."""
        if not self._ensure_audio(message, report):
            return False
        limit = self._bucket.acquire(1 if trial else min(self.outcomes.limit_of(message), self._ramp))
        if not limit:
            time.sleep(self._bucket.pause)
            return True
        started = monotonic()
        claimed = self._claim(message, limit, decided.ends_at, trial)
        if claimed is None:
            self._bucket.release(limit)
            return False
        report.turned_away += claimed.turned_away
        if claimed.recipients:
            report.calls += 1
            failure = send_claim(
                self.client, message, claimed, clock=self.clock, ends_at=decided.ends_at, started=started
            )
            self.outcomes.take(message, claimed, failure, report, is_trial=trial is not None)
        # Not before the request: a database that fails here must not leave a claim unknown.
        self._bucket.release(limit - len(claimed.recipients))
        return True

    def _claim(
        self, message: Message, limit: int, closes_at: datetime | None, trial: Outage | None
    ) -> Claim | None:
        """Claim from where the last claim of this turn ended; from the start if nothing is behind it."""
        on_trial = trial.pk if trial else None
        look = partial(
            claim, message, limit=limit, closes_at=closes_at, worker=self.worker, on_trial=on_trial
        )
        cursor = self.cursors.pop(message.pk, None)
        claimed = look(now=self.clock(), after=cursor)
        if claimed is None and cursor is not None:
            claimed = look(now=self.clock())
        if claimed is not None:
            self.cursors[message.pk] = claimed.cursor
        return claimed

    def _ensure_audio(self, message: Message, report: PumpReport) -> bool:
        """A voice message needs its audio first, made once a message; whether it may be sent now."""
        if not self.client.gateway.needs_audio or message.audio_id is not None:
            return True
        made = self.client.gateway.make_audio(message.text, f"amoot-{message.pk}")
        try:
            audio_id = self.client.ask(made)
        except GatewayError as failure:
            self.outcomes.take_failure(message, failure, 0, report)
            return False
        Message.objects.filter(pk=message.pk, audio_id__isnull=True).update(audio_id=audio_id)
        message.refresh_from_db(fields=["audio_id"])
        return True
