"""One claim of a message and its request: how many at once, from where, and what a failure leads to."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.core.exceptions import ValidationError

from channels.models import Channel, Outage
from common.monotonic import monotonic
from gateways.base import GatewayError, Trouble
from messaging.actions.stop import pause
from messaging.dispatch.breaker import open_outage, ramp_up_limit
from messaging.dispatch.chooser import Chooser
from messaging.dispatch.claim import Claim, Cursor, claim
from messaging.dispatch.clock import Clock
from messaging.dispatch.poison import CHOKED, count_failure
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.rate import TokenBucket
from messaging.dispatch.send import NOBODY_TOLD, GatewayClient, hold_of, is_batch_refusal, send_claim
from messaging.evaluation.facts import MessageDecision
from messaging.models import Message

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Sender:
    """One worker's requests to a channel's gateway.

    `cursors` are the positions behind the last claim of each message. What a failure says about the next
    choice, `chooser` is told.
    """

    channel: Channel
    client: GatewayClient
    chooser: Chooser
    clock: Clock
    worker: str
    cursors: dict[int, Cursor] = field(default_factory=dict)
    _limits: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bucket = TokenBucket(self.channel, self.client.gateway.rate, self.clock)
        self._ramp = self.client.gateway.max_batch

    def ramp_up(self) -> None:
        """The largest request that is allowed so soon after an outage, read anew."""
        self._ramp = ramp_up_limit(self.channel, self.client.gateway.max_batch, clock=self.clock)

    def serve(
        self, message: Message, decided: MessageDecision, report: PumpReport, *, trial: Outage | None = None
    ) -> bool:
        """One claim and request, of one recipient in a trial; False if nothing of the message is due."""
        if not self._ensure_audio(message, report):
            return False
        limit = self._bucket.acquire(1 if trial else min(self._limit_of(message), self._ramp))
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
            self.take_outcome(message, claimed, failure, report, is_trial=trial is not None)
        # Not before the request: a database that fails here must not leave a claim unknown.
        self._bucket.release(limit - len(claimed.recipients))
        return True

    def _limit_of(self, message: Message) -> int:
        return self._limits.get(message.pk, self.client.gateway.max_batch)

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

    def take_outcome(
        self,
        message: Message,
        claimed: Claim,
        failure: GatewayError | None,
        report: PumpReport,
        *,
        is_trial: bool = False,
    ) -> None:
        """`failure` is None where some recipient was taken, or refused for a reason of their own."""
        size = len(claimed.recipients)
        # An odd answer about one recipient says nothing of the next one.
        is_odd = failure is not None and failure.code == NOBODY_TOLD and size == 1 and not is_trial
        if failure is None or is_odd:
            report.sent += size
            self._limits[message.pk] = min(self._limit_of(message) * 2, self.client.gateway.max_batch)
        else:
            self._take_failure(message, failure, size, report)
        if failure is not None and count_failure(
            message, failure, called_at=claimed.claimed_at, now=self.clock()
        ):
            self._pause(message, CHOKED, failure)

    def _take_failure(self, message: Message, failure: GatewayError, size: int, report: PumpReport) -> None:
        """1. The gateway's own failure opens an outage.
        2. A batch that one member spoils is tried in halves.
        3. A text that the provider refuses pauses the message.
        4. A message that the provider holds up rests until then: each further batch would be refused, too.
        """
        report.failures.append(failure.code)
        logger.warning(
            "a gateway call failed",
            extra={"channel": self.channel.code, "code": failure.code, "trouble": str(failure.trouble)},
        )
        if open_outage(self.channel, failure, clock=self.clock):
            report.gateway_failure = failure
            self.chooser.expire()
        elif is_batch_refusal(failure) and size > 1:
            self._limits[message.pk] = max(size // 2, 1)
        elif failure.trouble is Trouble.CONTENT:
            self._pause(message, failure.trouble, failure)
        elif until := hold_of(failure, self.clock()):
            self.chooser.resting[message.pk] = until

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
        self.chooser.expire()
