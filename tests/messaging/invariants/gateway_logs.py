"""A gateway's log written by hand, and campaigns that went well, for the checker of promises."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from gateways.base import Answer, RecipientOutcome, Result
from messaging.dispatch.claim import claim
from messaging.dispatch.record import record_answer
from messaging.invariants.check import CheckResult, check
from messaging.models import Delivery, Message
from tests.factories import NOW
from tests.messaging.helpers import campaign

KEPT = {"lost": 0, "twice": 0, "opted_out": 0, "outside_window": 0, "unaccounted": 0, "consent": 0}


class Log:
    """A gateway's log, written by hand."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.calls = 0

    def accept(self, number: str, *, at: datetime = NOW, **fields: Any) -> None:
        self.calls += 1
        entry = {
            "at": at.isoformat(),
            "event": "accepted",
            "provider": "sms",
            "call": self.calls,
            "number": number,
            "id": 1000 + self.calls,
            "campaign": 7,
            "text": "سلام",
            "window_end": None,
            **fields,
        }
        self.lines.append(json.dumps(entry, ensure_ascii=False))

    def accept_all(self, message: Message, **fields: Any) -> None:
        """Every delivery that was sent, with the id that the portal keeps."""
        for row in Delivery.objects.filter(message=message).exclude(provider_id="").order_by("id"):
            given = {"text": message.text, "provider": message.channel.code, **fields}
            self.accept(row.address, **{"id": row.provider_id, **given})

    def judge(self) -> CheckResult:
        return check(self.lines)


def sent(count: int = 3, *, now: datetime = NOW, **fields: Any) -> Message:
    """A message whose people were all accepted by the gateway, in a call at `now`."""
    message = campaign(count, now=now, **fields)
    return deliver(message, now=now)


def deliver(message: Message, *, now: datetime = NOW, campaign_id: str = "7", limit: int = 1000) -> Message:
    claimed = claim(message, limit=limit, closes_at=None, worker="test", now=now)
    assert claimed is not None
    voice = message.channel.code == "avanak"
    outcomes = {
        address: RecipientOutcome(Result.ACCEPTED, campaign_id if voice else f"p{pk}")
        for pk, address in claimed.recipients
    }
    record_answer(claimed, Answer(outcomes, campaign_id), now=now)
    return message
