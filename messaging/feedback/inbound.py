"""Customers' messages: fetched, and stored before anything else, since the provider gives each once.

A crash between its answer and our commit would lose them, so the provider's whole list of the time
since the last comparison is compared every few minutes; what is stored already is not stored again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from channels.models import Channel
from common.failpoints import Point, failpoint
from common.monotonic import monotonic
from common.sanitise import sanitise
from gateways.base import GatewayError, Inbound, Trouble
from messaging.dispatch.clock import Clock
from messaging.dispatch.send import GatewayClient
from messaging.feedback.concurrency import with_timeout
from messaging.models import InboundCursor, InboundMessage
from persian.phones import InvalidNumber, normalise

logger = logging.getLogger(__name__)

COUNT: Final = 100
ROUNDS_A_TURN: Final = 10
EVERY: Final = timedelta(seconds=10)
COMPARE_EVERY: Final = timedelta(minutes=10)
AFTER_A_FAILURE: Final = timedelta(minutes=1)
# The comparison reaches back behind the last one, since a provider's list may lag and its clock differ.
OVERLAP: Final = timedelta(minutes=30)
FARTHEST: Final = timedelta(days=7)
FIRST: Final = timedelta(days=1)
SLICE: Final = timedelta(hours=1)
SLICES_A_TURN: Final = 48
SECOND: Final = timedelta(seconds=1)
# So long may a turn read: each broken second takes some forty questions, and reports wait behind them.
READ_SECONDS: Final = 20.0
# After so many answers in a turn that made no sense, the provider is asked about another time again.
UNREAD_BEFORE_A_DOUBT: Final = 20

TEXT_LIMIT: Final = 64 * 1024
ROW_LIMIT: Final = 64 * 1024
FIELD_LIMIT: Final = 40
ANSWER_SHOWN: Final = 500
TOO_LONG: Final = "answer_too_long"


def fetch_inbound(channel: Channel, client: GatewayClient, *, clock: Clock) -> int:
    """Fetch what came in, if it is time to; how many messages were stored that were not known."""
    if not client.gateway.can_receive:
        return 0
    stored = 0
    now = clock()
    start = {"due_at": now, "compare_due_at": now, "compared_until": now - FIRST}
    InboundCursor.objects.get_or_create(channel=channel, defaults=start)
    # Each for itself: what an answer that did not come in whole gave away is in the provider's list.
    for name, pause, fetch in (("due_at", EVERY, _fetch_new), ("compare_due_at", COMPARE_EVERY, _compare)):
        if not _is_mine(channel, name, now, pause):
            continue
        try:
            stored += fetch(channel, client, clock)
        except GatewayError as failure:
            logger.warning(
                "inbound messages could not be fetched",
                extra={
                    "channel": channel.code,
                    "what": name,
                    "code": failure.code,
                    "answer": failure.raw[:ANSWER_SHOWN],  # masked; it may have given away what is in it
                },
            )
            # What makes no sense will hardly make any in a minute.
            later = clock() + (max(pause, AFTER_A_FAILURE) if _makes_no_sense(failure) else AFTER_A_FAILURE)
            InboundCursor.objects.filter(channel=channel).update(**{name: later})
    return stored


def _is_mine(channel: Channel, name: str, now: datetime, pause: timedelta) -> bool:
    """Whether it is time, and no other worker does it."""
    due = InboundCursor.objects.filter(channel=channel, **{f"{name}__lte": now})
    return due.update(**{name: now + pause}) == 1


def _fetch_new(channel: Channel, client: GatewayClient, clock: Clock) -> int:
    stored = 0
    for _round in range(ROUNDS_A_TURN):
        messages = client.ask(with_timeout(client.gateway.new_inbound(COUNT)))
        failpoint(Point.INBOUND_FETCHED)
        stored += store(channel, messages, now=clock())
        if len(messages) < COUNT:
            break
    return stored


def _compare(channel: Channel, client: GatewayClient, clock: Clock) -> int:
    """Store what the provider's list holds and we do not, slice by slice."""
    stored = 0
    until = go_on_at = whole(clock())
    cursor = InboundCursor.objects.get(channel=channel)
    start = whole(max(cursor.compared_until - OVERLAP, until - FARTHEST))
    if start > cursor.compared_until:
        logger.error(
            "a period of the provider's list was never compared",
            extra={"channel": channel.code, "since": cursor.compared_until.isoformat()},
        )
    reading = _Reading(channel, client, clock, begun=start)
    for _slice in range(SLICES_A_TURN):
        end = min(start + SLICE, until)
        try:
            stored += reading.compare(start, end)
        except (_TimeIsUp, GatewayError) as stopped:
            # The next turn begins the overlap before it, and so at the edge.
            _reach(channel, min(reading.edge + OVERLAP, until))
            if isinstance(stopped, GatewayError):
                raise
            go_on_at = clock() + AFTER_A_FAILURE
            break
        _reach(channel, end)
        start = end
        if start >= until:
            return stored
    InboundCursor.objects.filter(channel=channel).update(compare_due_at=go_on_at)
    return stored


def _reach(channel: Channel, reached: datetime) -> None:
    """Everything before `compared_until` less the overlap was compared, always."""
    earlier = InboundCursor.objects.filter(channel=channel, compared_until__lt=reached)
    earlier.update(compared_until=reached)


class _TimeIsUp(Exception):
    pass


@dataclass
class _Reading:
    """The provider's list, read in ever smaller pieces around what cannot be read.

    Instants are whole seconds, as the provider's own are, and both ends of a period belong to it. `edge` is
    the end of what was read so far.
    """

    channel: Channel
    client: GatewayClient
    clock: Clock
    begun: datetime
    edge: datetime = field(init=False)
    until: float = field(default_factory=lambda: monotonic() + READ_SECONDS)
    unread: int = 0

    def __post_init__(self) -> None:
        self.edge = self.begun

    def compare(self, start: datetime, end: datetime) -> int:
        """Store what the list holds of a period and we do not; how many messages.

        A period whose answer is too long or makes no sense is halved: one text that the provider writes
        wrongly must not hide the others of its hour, nor those after it. A second that cannot be read is told
        and passed by. Raises the failure where the provider, and not the period, is the matter; `_TimeIsUp`
        after `READ_SECONDS`.
        """
        # Not before something was read: the next turn would come no farther.
        if monotonic() >= self.until and self.edge > self.begun:
            raise _TimeIsUp
        try:
            messages = self._ask(start, end)
        except GatewayError as failure:
            if start >= end:
                messages = self._insist(start, failure)
            else:
                self._check(failure)
                return self._compare_halves(start, end)
        self.edge = max(self.edge, end)
        return store(self.channel, messages, now=self.clock())

    def _compare_halves(self, start: datetime, end: datetime) -> int:
        """They share a second, for a message of which the provider keeps the fraction."""
        seconds = (end - start) // SECOND
        middle = start + SECOND * (seconds // 2)
        return self.compare(start, middle) + self.compare(middle if seconds > 1 else end, end)

    def _ask(self, start: datetime, end: datetime) -> list[Inbound]:
        return self.client.ask(with_timeout(self.client.gateway.inbound_between(start, end)))

    def _ask_about_another_time(self) -> None:
        """Raises the failure of a provider that is not well: it has no answer to this either. Asked about the
        second of the last message that is stored, since to list nothing is no proof that it can list."""
        stored = InboundMessage.objects.filter(channel=self.channel, received_at__isnull=False)
        last = stored.order_by("-pk").values_list("received_at", flat=True).first()
        second = whole(last or self.clock())
        self._ask(second, second)

    def _check(self, failure: GatewayError) -> None:
        """Raises the failure if it is not of the period alone."""
        if failure.code == TOO_LONG:
            return
        if not _makes_no_sense(failure):
            raise failure
        if self.unread % UNREAD_BEFORE_A_DOUBT == 0:
            self._ask_about_another_time()
        self.unread += 1

    def _insist(self, second: datetime, failure: GatewayError) -> list[Inbound]:
        """A second that could not be read, once more; nothing if it cannot be had from a provider that is
        well before and behind."""
        if failure.code != TOO_LONG:
            if not _makes_no_sense(failure):
                raise failure
            self._ask_about_another_time()
            try:
                return self._ask(second, second)
            except GatewayError as again:
                if not _makes_no_sense(again):
                    raise
            self._ask_about_another_time()
        logger.error(
            "a second of what came in cannot be read",
            extra={"channel": self.channel.code, "at": second.isoformat(), "code": failure.code},
        )
        return []


def _makes_no_sense(failure: GatewayError) -> bool:
    """Whether the provider was reached, and gave no answer to the question."""
    return failure.trouble is Trouble.PROVIDER


def whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def store(channel: Channel, messages: Sequence[Inbound], *, now: datetime) -> int:
    """Store messages, each once; how many were not known. Nothing that is in them can make it fail."""
    rows = [_row(channel, message, now) for message in messages]
    if not rows:
        return 0
    known = _known(channel, rows)
    InboundMessage.objects.bulk_create(rows, ignore_conflicts=True, batch_size=COUNT)
    return len({row.provider_id or row.digest for row in rows} - known)


def _known(channel: Channel, rows: Sequence[InboundMessage]) -> set[str]:
    ids = {row.provider_id for row in rows if row.provider_id}
    digests = {row.digest for row in rows if not row.provider_id}
    stored = InboundMessage.objects.filter(channel=channel)
    by_id = stored.filter(provider_id__in=ids).exclude(provider_id="").values_list("provider_id", flat=True)
    by_digest = stored.filter(provider_id="", digest__in=digests).values_list("digest", flat=True)
    return {*by_id, *by_digest}


def _row(channel: Channel, message: Inbound, now: datetime) -> InboundMessage:
    text = sanitise(message.text, TEXT_LIMIT)
    return InboundMessage(
        channel=channel,
        provider_id=message.provider_id,
        digest=_digest(message),
        number=_number(message.mobile),
        mobile=sanitise(message.mobile, FIELD_LIMIT),
        line=sanitise(message.line, FIELD_LIMIT),
        text=text,
        truncated=len(text) < len(message.text),
        raw=message.raw[:ROW_LIMIT],
        received_at=message.received_at,
        stored_at=now,
    )


def _number(mobile: str) -> str:
    try:
        return normalise(mobile[:FIELD_LIMIT])
    except InvalidNumber:
        return ""


def _digest(message: Inbound) -> str:
    at = message.received_at.isoformat() if message.received_at else message.raw
    parts = "\x1f".join((message.mobile, message.line, message.text, at))
    return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
