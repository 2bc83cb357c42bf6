"""The message that may go now: the policy's decisions, taken anew every moment, and turns among equals."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from channels.models import Channel
from common.media import Purpose
from common.monotonic import monotonic
from messaging.dispatch.clock import TOLERANCE, Clock, difference
from messaging.evaluation.facts import FactsSnapshot, MessageDecision
from messaging.models import Message
from messaging.policy.decide import Verdict

logger = logging.getLogger(__name__)

Candidate = tuple[Message, MessageDecision]


@dataclass(eq=False)
class Chooser:
    """One worker's choice among a channel's messages.

    1. `read` has the policy decide on each message under way of which somebody is due.
    2. `able` leaves out what the policy does not allow, what has nobody due any more (`dry`), what the
       provider held up (`resting`, until when), and what is promotional while this machine's clock is wrong.
    3. `choose` takes the most urgent; equals take turns in the order of their ids.

    `clock` gives the database's time, by which everything is decided; `wall` is this machine's own.
    """

    channel: Channel
    clock: Clock
    wall: Clock
    worker: str
    clock_difference: timedelta = timedelta(0)
    decisions: list[Candidate] = field(default_factory=list)
    dry: set[int] = field(default_factory=set)
    resting: dict[int, datetime] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _last_chosen: int = 0

    @property
    def is_stale(self) -> bool:
        """Stops, outages, opt-outs and overrides are read in every claim all the same: half a second bounds
        only how late a new message or new hours are noticed."""
        return monotonic() - self._read_at > 0.5

    def expire(self) -> None:
        """The decisions are to be read again before the next choice."""
        self._read_at = float("-inf")

    @property
    def clock_is_wrong(self) -> bool:
        """This machine's clock and the database's differ so much that no hours can be trusted."""
        return abs(self.clock_difference) > TOLERANCE

    def compare_clocks(self) -> None:
        was_wrong = self.clock_is_wrong
        self.clock_difference = difference(self.clock, self.wall)
        if self.clock_is_wrong and not was_wrong:
            logger.error(
                "clock_differs: nothing promotional is sent by this worker",
                extra={"worker": self.worker, "seconds": self.clock_difference.total_seconds()},
            )

    def read(self, *, known_due: Collection[int] = (), on_trial: int | None = None) -> None:
        """Decide on every message; `known_due` are not asked again whether somebody of them is due."""
        now = self.clock()
        messages = list(Message.objects.under_way(self.channel).with_somebody_due(now, known_of=known_due))
        snapshot = FactsSnapshot.load(messages, on_trial=on_trial)
        self.dry.clear()
        self.decisions = []
        for message in messages:
            try:
                self.decisions.append((message, snapshot.decide(message, now)))
            except Exception:  # an error inside the policy means no send (security bar, 13)
                logger.exception(
                    "the policy failed; nothing of the message is sent", extra={"message_id": message.pk}
                )
        self._read_at = monotonic()

    def choose(self) -> Candidate | None:
        able = self.able()
        if not able:
            return None
        urgent = min(message.priority for message, _decision in able)
        peers = sorted((one for one in able if one[0].priority == urgent), key=lambda one: one[0].pk)
        chosen = next((one for one in peers if one[0].pk > self._last_chosen), peers[0])
        self._last_chosen = chosen[0].pk
        return chosen

    def able(self) -> list[Candidate]:
        return [
            (message, decided)
            for message, decided in self.decisions
            if decided.decision.verdict is Verdict.ALLOW
            and message.pk not in self.dry
            and not (message.pk in self.resting and decided.facts.now < self.resting[message.pk])
            and not (self.clock_is_wrong and message.purpose == Purpose.PROMOTIONAL)
        ]
