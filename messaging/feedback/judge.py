"""What customers' messages say about messages: a keyword restricts at once, by nobody (reading 16)."""

from __future__ import annotations

import logging
from typing import Final

from django.db import transaction

from channels.models import Channel
from common.monotonic import monotonic
from common.timeouts import ASKING_TURN
from contacts.consent.words import take_written_word
from messaging.dispatch.clock import Clock
from messaging.models import InboundMessage

logger = logging.getLogger(__name__)

# The customers' records hold by it which message said so.
REFERENCE: Final = "inbound:{}"


def judge_inbound(channel: Channel, *, clock: Clock) -> int:
    """Judge the stored messages of a channel that nobody has judged yet, the oldest first; how many.

    1. A message and what follows from it are one transaction: a crash leaves it to be judged again.
    2. Two workers never have the same one: its row is locked, and passed by where another has it.
    3. One that fails is logged, holds up no other, and is tried again in the next turn.
    """
    judged, last = 0, 0
    deadline = monotonic() + ASKING_TURN
    while monotonic() < deadline:
        with transaction.atomic():
            row = _next(channel, last)
            if row is None:
                break
            last = row.pk
            try:
                with transaction.atomic():
                    _judge(row, clock)
                judged += 1
            except Exception:
                logger.exception("a received message could not be judged", extra={"inbound": row.pk})
    return judged


def _next(channel: Channel, after: int) -> InboundMessage | None:
    waiting = InboundMessage.objects.filter(channel=channel, judged_at__isnull=True, pk__gt=after)
    found: InboundMessage | None = (
        waiting.order_by("pk").select_for_update(skip_locked=True, no_key=True).first()
    )
    return found


def _judge(row: InboundMessage, clock: Clock) -> None:
    now = clock()
    if row.number:
        take_written_word(
            number=row.number,
            text=row.text,
            reference=REFERENCE.format(row.pk),
            said_at=row.received_at or row.stored_at,
            now=now,
        )
    InboundMessage.objects.filter(pk=row.pk).update(judged_at=now)
