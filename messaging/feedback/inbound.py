"""Customers' messages: fetched, and stored before anything else, since the provider gives each once.

A crash between its answer and our commit would lose them. So every few minutes the provider's whole list
since the last comparison is read; what is stored already is not stored again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from channels.models import Channel
from common.failpoints import Point, failpoint
from common.monotonic import monotonic
from common.sanitise import sanitise
from common.timeouts import ASKING_TURN, CATCH_UP, QUESTION, UNANSWERED_PAUSE
from gateways.base import GatewayError, Inbound, Trouble
from gateways.http import TOO_LONG
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import Clock
from messaging.models import InboundCursor, InboundMessage, UnreadableInbound
from persian.phones import InvalidNumber, normalise

logger = logging.getLogger(__name__)

# The `Count` of one question for what is new.
COUNT: Final = 100
# The comparison reaches back behind the last one, since a provider's list may lag and its clock differ.
OVERLAP: Final = timedelta(minutes=30)
# An hour comes down to a second, about which is asked twice.
HALVINGS: Final = 14
# The widths of the table's columns.
TEXT_LIMIT: Final = 64 * 1024
FIELD_LIMIT: Final = 40

# First and last second, both part of it, and how often it may still be asked for in halves.
Period = tuple[datetime, datetime, int]


def fetch_inbound(channel: Channel, client: GatewayClient, *, clock: Clock) -> int:
    """Fetch new messages, and compare the list, each if it is due; how many unknown messages were stored."""
    if not client.gateway.can_receive:
        return 0
    stored = 0
    now = clock()
    start = {"due_at": now, "compare_due_at": now, "compared_until": now - timedelta(days=1)}
    InboundCursor.objects.get_or_create(channel=channel, defaults=start)
    # The list is read also where fetching fails: what a lost answer gave away is in it.
    for name, pause, fetch in (
        ("due_at", timedelta(seconds=10), _fetch_new),
        ("compare_due_at", timedelta(minutes=10), _compare),
    ):
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
                    "answer": failure.raw[:500],  # masked; it may have given away what is in it
                },
            )
            # What makes no sense will hardly make any in a minute.
            later = clock() + (max(pause, UNANSWERED_PAUSE) if _makes_no_sense(failure) else UNANSWERED_PAUSE)
            InboundCursor.objects.filter(channel=channel).update(**{name: later})
    return stored


def _is_mine(channel: Channel, name: str, now: datetime, pause: timedelta) -> bool:
    """Whether `name` is due; 0 rows updated: it is not, or another worker took it."""
    due = InboundCursor.objects.filter(channel=channel, **{f"{name}__lte": now})
    return due.update(**{name: now + pause}) == 1


def _fetch_new(channel: Channel, client: GatewayClient, clock: Clock) -> int:
    stored = 0
    for _round in range(10):
        messages = client.ask(client.gateway.new_inbound(COUNT), seconds=QUESTION)
        failpoint(Point.INBOUND_FETCHED)
        stored += store(channel, messages, now=clock())
        if len(messages) < COUNT:
            break
    return stored


def _compare(channel: Channel, client: GatewayClient, clock: Clock) -> int:
    """Store what the provider's list holds and we do not.

    1. Ask hour by hour, from `OVERLAP` before the end of the last comparison.
    2. A period of which the answer is too long, or makes no sense although the provider is well, is asked
       for again in halves; after `HALVINGS` its masked answer is kept, reported, and passed by.
    3. Any other failure ends the turn, and so does `ASKING_TURN`; the next one goes on where this one ended.
    """
    until = whole(clock())
    stored, begun = 0, _beginning(channel, until)
    edge, periods = begun, _slices(begun, until)
    deadline = monotonic() + ASKING_TURN
    try:
        # Not before something was read: the next turn would come no farther.
        while periods and (edge == begun or monotonic() < deadline):
            start, end, halvings = periods.pop()
            try:
                messages = _ask(client, start, end)
            except GatewayError as failure:
                if failure.code != TOO_LONG:
                    _require_provider(channel, client, clock, failure)
                if halvings and (start < end or failure.code != TOO_LONG):
                    periods += _halves(start, end, halvings - 1)
                    continue
                _keep_unreadable(channel, start, end, failure, now=clock())
                messages = []
            stored += store(channel, messages, now=clock())
            edge = end
    finally:
        # What lies before `compared_until` less the overlap was compared, always.
        reached = min(edge + OVERLAP, until)
        InboundCursor.objects.filter(channel=channel, compared_until__lt=reached).update(
            compared_until=reached
        )
    if periods:
        InboundCursor.objects.filter(channel=channel).update(compare_due_at=clock() + UNANSWERED_PAUSE)
    return stored


def _beginning(channel: Channel, until: datetime) -> datetime:
    compared_until = InboundCursor.objects.get(channel=channel).compared_until
    start = whole(max(compared_until - OVERLAP, until - CATCH_UP))
    if start > compared_until:
        logger.error(
            "a period of the provider's list was never compared",
            extra={"channel": channel.code, "since": compared_until.isoformat()},
        )
    return start


def _slices(start: datetime, until: datetime) -> list[Period]:
    """The hours from `start` on, the first one last."""
    hour = timedelta(hours=1)
    starts = [start + n * hour for n in range((until - start) // hour + 1)]
    return [(begin, min(begin + hour, until), HALVINGS) for begin in reversed(starts)]


def _halves(start: datetime, end: datetime, halvings: int) -> list[Period]:
    """The later half, then the earlier one; a second is not halved, but asked about again.

    They share a second, for a message of which the provider keeps the fraction.
    """
    seconds = int((end - start).total_seconds())
    middle = start + timedelta(seconds=seconds // 2)
    later = (middle if seconds > 1 else end, end, halvings)
    return [later, (start, middle, halvings)] if seconds else [later]


def _ask(client: GatewayClient, start: datetime, end: datetime) -> list[Inbound]:
    return client.ask(client.gateway.inbound_between(start, end), seconds=QUESTION)


def _require_provider(channel: Channel, client: GatewayClient, clock: Clock, failure: GatewayError) -> None:
    """Raises the failure of a provider that is away, or has no answer about another time either.

    The second of the last message that is stored: to list nothing is no proof that it can list.
    """
    if not _makes_no_sense(failure):
        raise failure
    stored = InboundMessage.objects.filter(channel=channel, received_at__isnull=False)
    last = stored.order_by("-pk").values_list("received_at", flat=True).first()
    second = whole(last or clock())
    _ask(client, second, second)


def _keep_unreadable(
    channel: Channel, start: datetime, end: datetime, failure: GatewayError, *, now: datetime
) -> None:
    """The masked answer is kept and counted by the operations page and `/metrics`, once a period."""
    _kept, is_new = UnreadableInbound.objects.get_or_create(
        channel=channel,
        since=start,
        until=end,
        defaults={"code": failure.code[:60], "raw": failure.raw, "found_at": now},
    )
    if is_new:
        logger.error(
            "a part of the received messages cannot be read",
            extra={
                "channel": channel.code,
                "since": start.isoformat(),
                "until": end.isoformat(),
                "code": failure.code,
            },
        )


def _makes_no_sense(failure: GatewayError) -> bool:
    """Whether the provider was reached, and gave no answer to the question."""
    return failure.trouble is Trouble.PROVIDER


def whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def store(channel: Channel, messages: Sequence[Inbound], *, now: datetime) -> int:
    """Store messages, each once; how many were unknown. No content of a row makes it fail."""
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
        raw=message.raw[:TEXT_LIMIT],
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
