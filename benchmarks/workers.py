"""What the processes of the dispatch benchmarks do."""

from __future__ import annotations

import time
from typing import Any

from django.db import connection, transaction

from benchmarks.measure import peak_mebibytes
from benchmarks.word import say, wait_for_the_word
from channels.models import Channel
from common.timeouts import PUMP_TURN
from gateways.base import Batch, Result
from gateways.registry import gateway_for
from messaging.dispatch.client import GatewayClient
from messaging.dispatch.clock import database_clock
from messaging.dispatch.pump import Pump
from messaging.models import Message


class CountingClient(GatewayClient):
    sent = 0

    def send(self, batch: Batch) -> Any:
        answer = super().send(batch)
        self.sent += len(batch.addresses)
        return answer


def run_pump(most: int | None, seconds: float | None) -> None:
    """A worker: turns of the pump until nothing is left, `most` are sent or the `seconds` are over."""
    client = CountingClient(gateway_for("sms"))
    pump = Pump(Channel.objects.get(code="sms"), client, clock=database_clock)
    choose = pump.chooser.choose
    # It hands nothing more out after `most` recipients.
    pump.chooser.choose = lambda: None if most and client.sent >= most else choose()  # type: ignore[method-assign]
    say(ready=True)
    wait_for_the_word()
    until = time.time() + seconds if seconds is not None else float("inf")
    ended = time.time()
    while True:
        left = min(PUMP_TURN, until - time.time())
        if left <= 0 or not pump.run(seconds=left).moved:
            break
        ended = time.time()
        if most is not None and client.sent >= most:
            break
    client.close()
    say(sent=client.sent, ended=ended, peak=peak_mebibytes())


_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM messaging_delivery
         WHERE message_id = %(message)s AND state = 'queued' AND not_before <= now()
         ORDER BY not_before, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    UPDATE messaging_delivery d SET state = 'sending', updated_at = now() FROM due WHERE d.id = due.id
    RETURNING d.id, d.address
"""

_DONE = "UPDATE messaging_delivery SET state = 'accepted', updated_at = now() WHERE id = ANY(%s)"


def run_bare(message_id: int, batch: int) -> None:
    """What nobody could do less of: claim a batch, post it with the same client, mark it done."""
    client = GatewayClient(gateway_for("sms"))
    message = Message.objects.get(pk=message_id)
    now = database_clock()
    sent = 0
    say(ready=True)
    wait_for_the_word()
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_CLAIM, {"message": message_id, "limit": batch})
            rows = cursor.fetchall()
        if not rows:
            break
        answer = client.send(
            Batch(text=message.text, addresses=[row[1] for row in rows], reference="bare", now=now)
        )
        if any(outcome.result is not Result.ACCEPTED for outcome in answer.outcomes.values()):
            raise RuntimeError("the gateway refused somebody")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_DONE, [[row[0] for row in rows]])
        sent += len(rows)
    client.close()
    say(sent=sent, ended=time.time(), peak=peak_mebibytes())
