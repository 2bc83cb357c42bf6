"""What the outcome of one request means for the next ones."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from channels.models import Channel
from gateways.base import BatchRefused, Gateway, GatewayError, Trouble
from messaging.actions.stop import pause
from messaging.dispatch.breaker import open_outage
from messaging.dispatch.chooser import Chooser
from messaging.dispatch.claim import Claim
from messaging.dispatch.clock import Clock
from messaging.dispatch.poison import CHOKED, count_failure
from messaging.dispatch.pump_report import PumpReport
from messaging.dispatch.send import NOBODY_TOLD, hold_of
from messaging.models import Message

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class OutcomeHandler:
    """What a failure says about the next choice, `chooser` is told."""

    channel: Channel
    gateway: Gateway
    chooser: Chooser
    clock: Clock
    _limits: dict[int, int] = field(default_factory=dict)

    def limit_of(self, message: Message) -> int:
        """The most recipients of the message's next request."""
        return self._limits.get(message.pk, self.gateway.max_batch)

    def take(
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
            self._limits[message.pk] = min(self.limit_of(message) * 2, self.gateway.max_batch)
        else:
            self.take_failure(message, failure, size, report)
        if failure is not None and count_failure(
            message, failure, called_at=claimed.claimed_at, now=self.clock()
        ):
            self._pause(message, CHOKED, failure)

    def take_failure(self, message: Message, failure: GatewayError, size: int, report: PumpReport) -> None:
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
        elif isinstance(failure, BatchRefused) and size > 1:
            self._limits[message.pk] = max(size // 2, 1)
        elif failure.trouble is Trouble.CONTENT:
            self._pause(message, failure.trouble, failure)
        elif until := hold_of(failure, self.clock()):
            self.chooser.resting[message.pk] = until

    def _pause(self, message: Message, why: str, failure: GatewayError) -> None:
        message.refresh_from_db(fields=["status"])
        # A cancel or a pause of this very instant did what was wanted.
        with suppress(ValidationError):
            pause(message=message, by=None, now=self.clock(), reason=f"{why}: {failure.code}")
        self.chooser.expire()
